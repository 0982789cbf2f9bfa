"""Where each scenario was last seen to pass, on the embedded account and on AWS: a table that bundles bring up to date.

A sentence counts as passed in a run if every scenario of it passed or did not apply, and one passed. A run against
whatever answers at an endpoint (``NOT AWS``) is neither.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import EvidenceError, write_whole
from lakeproof.evidence.verdicts import Verdict
from lakeproof.evidence.verify import RUN, VERDICTS, load, verify
from lakeproof.target import LOCAL_BANNER

TABLE, PAGE = "parity.csv", "parity.md"
BEGIN, END = "<!-- written by lakeproof parity: begin -->", "<!-- written by lakeproof parity: end -->"
NEVER = "never"
HEAD = ("feature", "sentence", "embedded", "aws")
SCENARIO = re.compile(r"^\s*Scenario(?: Outline)?:\s*(.+?)\s*$", re.M)


@dataclass(frozen=True, order=True)
class Row:
    """One sentence of a feature file, and the days (UTC) on which all of it was last seen to pass."""

    feature: str
    sentence: str
    embedded: str = NEVER
    aws: str = NEVER


def rows(root: Path) -> list[Row]:
    """A row for every sentence under ``root/features``, with what ``root/docs/parity.csv`` knows of it."""
    path = root / "docs" / TABLE
    known = {}
    if path.exists():
        for line in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            row = Row(*(line[name] for name in HEAD))
            known[row.feature, row.sentence] = row
    there = [
        (file.relative_to(root).as_posix(), sentence)
        for file in sorted((root / "features").rglob("*.feature"))
        for sentence in SCENARIO.findall(file.read_text(encoding="utf-8"))
    ]
    return sorted(known.get(each, Row(*each)) for each in there)


def seen(found: Iterable[Row], bundle: Path) -> list[Row]:
    """The rows as a bundle brings them up to date: a later day replaces an earlier one, and nothing else.

    Raises EvidenceError for a bundle that is none, is not as it was written, or is of neither kind of account.
    """
    if problems := verify(bundle).problems:
        raise EvidenceError(f"{bundle} is not as it was written: {problems[0]}")
    run, column = load(bundle, RUN), ""
    if run["target"]["banner"] == LOCAL_BANNER:
        column = "embedded"
    elif run["target"]["name"] == "aws" and not run["target"]["banner"]:
        column = "aws"
    if not column:
        raise EvidenceError(f"{bundle} is of neither the embedded account nor AWS: {run['target']['banner']}")
    passed, day = _passed(load(bundle, VERDICTS)), str(run["ended"])[:10]
    return [
        replace(row, **{column: _later(getattr(row, column), day)}) if (row.feature, row.sentence) in passed else row
        for row in found
    ]


def write(found: list[Row], root: Path) -> None:
    """Write table and page. Raises EvidenceError if the page has no place for it."""
    page = root / "docs" / PAGE
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, marked, after = rest.partition(END)
    if not marked:
        raise EvidenceError(f"{page} has no lines {BEGIN} and {END}")
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((row.feature, row.sentence, row.embedded, row.aws) for row in found)
    write_whole(root / "docs" / TABLE, lines.getvalue().encode())
    write_whole(page, f"{before}{BEGIN}\n{as_markdown(found)}{END}{after}".encode())


def as_markdown(found: Iterable[Row]) -> str:
    """The table as it stands in the page."""
    head = "| scenario | embedded account | AWS |\n|---|---|---|\n"
    body = "".join(
        f"| {row.sentence.replace('<', '&lt;')} ({Path(row.feature).name}) | {row.embedded} | "
        f"{'never validated on AWS' if row.aws == NEVER else row.aws} |\n"
        for row in found
    )
    return head + body


def _passed(verdicts: Mapping[str, Any]) -> set[tuple[str, str]]:
    those: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in verdicts["scenarios"]:
        those[each["id"].partition("::")[0], each["outline"] or each["title"]].add(each["verdict"])
    fine = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    return {key for key, seen_of in those.items() if Verdict.PASS in seen_of and seen_of <= fine}


def _later(known: str, day: str) -> str:
    return day if known == NEVER else max(known, day)
