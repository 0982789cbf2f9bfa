"""docs/parity.md says of every sentence of the features where it was last seen to pass."""

from __future__ import annotations

from lakeproof.evidence import parity
from tests.signoff.runs import REPOSITORY


def test_page_and_table_hold_every_sentence_and_no_other() -> None:
    """Run ``lakeproof parity build/evidence/RUN`` after adding, changing or taking out a sentence."""
    found = parity.rows(REPOSITORY)
    page = (REPOSITORY / "docs" / parity.PAGE).read_text(encoding="utf-8")
    written = page.partition(parity.BEGIN)[2].partition(parity.END)[0].lstrip("\n")
    assert written == parity.as_markdown(found)
    lines = (REPOSITORY / "docs" / parity.TABLE).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(found) + 1
