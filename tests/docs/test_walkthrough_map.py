"""The map of the walkthrough leads to proofs that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (DOCS / "walkthrough-map.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| of the walkthrough")
]
PROOF = re.compile(r'\[[\w.]+\]\(([^)]+)\) (?:"([^"]+)"|`(test_\w+)`)')
DOCUMENTS = ("01", "02", "03", "04", "05", "06")
STACKS = (
    "SageMakerStudioAuditControlStack",
    "AmazonReviewsDatasetStack",
    "DataScientistUsersStack",
    "SageMakerStudioStack",
)
HANDLERS = [
    f"sagemaker_studio_{kind}, {verb}" for kind in ("domain", "profile") for verb in ("create", "update", "delete")
]
CELLS = ("1, 2", "3, 4", "5, 6", "7", "8", "9", "10")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_names_what_proves_it(row: list[str]) -> None:
    """Three cells; the last is nothing but proofs, each a scenario's title or a test that its file really has."""
    _, _, proofs = row
    found = [PROOF.fullmatch(proof) for proof in proofs.split("; ")]
    assert all(found), f"no proof, but {proofs!r}"
    for match in found:
        assert match is not None
        path, title, test = match.groups()
        text = (DOCS / path).resolve().read_text(encoding="utf-8")
        expected = rf"^def {test}\(" if test else rf"^\s*Scenario(?: Outline)?: {re.escape(title)}$"
        assert re.search(expected, text, re.M), f"{path} has no {test or title!r}"


@pytest.mark.parametrize("piece", [*DOCUMENTS, *STACKS, *HANDLERS, *CELLS])
def test_every_piece_of_the_walkthrough_has_a_row(piece: str) -> None:
    """Each document, stack, event of a handler and code cell begins a row."""
    assert [row for row in ROWS if re.match(rf"{re.escape(piece)}[,:]", row[0])]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_function_that_a_row_names_is_there(row: list[str]) -> None:
    """Names in the middle cell without a link are functions of provision/studio.py."""
    text = (DOCS.parent / "provision" / "studio.py").read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z_]+)`", row[1]):
        assert f"def {name}(" in text
