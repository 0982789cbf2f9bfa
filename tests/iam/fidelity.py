"""Writes the table of documented sentences in docs/iam-fidelity.md from the case files:

    .venv/bin/python -m tests.iam.fidelity

A test (tests/iam/test_fidelity.py) holds the page against the files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "iam-fidelity.md"
CASES = Path(__file__).parent / "cases"
BEGIN, END = "<!-- written by tests/iam/fidelity.py: begin -->", "<!-- end -->"
GUIDES = {
    "UG": "https://docs.aws.amazon.com/IAM/latest/UserGuide/",
    "ORG": "https://docs.aws.amazon.com/organizations/latest/userguide/",
    "S3": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/",
    "S3API": "https://docs.aws.amazon.com/AmazonS3/latest/API/",
    "GLUE": "https://docs.aws.amazon.com/glue/latest/dg/",
}
FILES = ("documented", "documented_calls")


def sentences() -> list[dict[str, Any]]:
    """Every sentence, with the file it stands in; those of one page together."""
    found = [
        {**row, "file": name} for name in FILES for row in yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    ]
    return sorted(found, key=lambda row: str(row["page"]))


def address(page: str) -> str:
    """The address of a page written ``GUIDE/name``. Raises KeyError for an unknown guide."""
    guide, _, name = page.partition("/")
    return f"{GUIDES[guide]}{name}.html"


def requests(row: dict[str, Any]) -> int:
    """How many requests a sentence decides."""
    return len(row.get("cases", row.get("calls", ())))


def table() -> str:
    """The table, with its counts above it."""
    rows = sentences()
    by_file = [[row for row in rows if row["file"] == name] for name in FILES]
    counts = ", ".join(
        f"{len(found)} sentences with {sum(map(requests, found))} requests in `{name}`"
        for name, found in zip(FILES, by_file, strict=True)
    )
    lines = [f"{counts}.", "", "| what AWS says, shortened | page | requests | file |", "|---|---|---:|---|"]
    lines += [
        f"| {row['says'].replace('*', chr(92) + '*')} | [{row['page'].partition('/')[2]}]({address(row['page'])}) "
        f"| {requests(row)} | `{row['file']}` |"
        for row in rows
    ]
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with the table as the files have it now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), encoding="utf-8")
