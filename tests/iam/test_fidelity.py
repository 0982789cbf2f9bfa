"""docs/iam-fidelity.md says what the case files say, and each sentence in them has a refusal beside what is allowed."""

from __future__ import annotations

import pytest

from tests.iam.fidelity import PAGE, address, sentences, written

SENTENCES = sentences()


def test_the_page_has_every_sentence() -> None:
    """The page is as ``python -m tests.iam.fidelity`` writes it."""
    page = PAGE.read_text("utf-8")
    assert page == written(page), "run: .venv/bin/python -m tests.iam.fidelity"


@pytest.mark.parametrize("row", SENTENCES, ids=[f"{row['page']}: {row['says'][:60]}" for row in SENTENCES])
def test_a_sentence_has_two_sides(row: dict[str, object]) -> None:
    """Every sentence names its page and decides a request that is refused; in the evaluator's cases, an allowed one."""
    assert address(str(row["page"])).startswith("https://docs.aws.amazon.com/")
    if row["file"] == "documented":
        cases = row["cases"]
        assert isinstance(cases, list)
        verdicts = {case["expect"] for case in cases}
        assert "allow" in verdicts and len(verdicts) > 1
    else:
        calls = row["calls"]
        assert isinstance(calls, list)
        assert {call[-1] for call in calls} - {"allowed"}
