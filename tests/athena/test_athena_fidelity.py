"""Every statement of the case files gets the answer that Trino documents, or is refused by name."""

from __future__ import annotations

import pytest

from tests.athena.fidelity import PAGE, SUBJECTS, Case, cases, page
from tests.athena.lake import Lake


@pytest.mark.parametrize("subject", SUBJECTS)
def test_answers_are_trinos_or_refused_by_name(subject: str, lake: Lake) -> None:
    """All cases of one file; what is wrong is listed together."""
    wrong = [f"{case.sql}\n  {said}" for case in cases(subject) if (said := _difference(case, lake)) is not None]
    assert not wrong, "\n".join(wrong)


def _difference(case: Case, lake: Lake) -> str | None:
    if case.rows is not None:
        status = lake.run(case.sql)["Status"]
        if status["State"] != "SUCCEEDED":
            return str(status.get("StateChangeReason"))
        found = lake.rows(case.sql)
        return None if found == case.rows else f"{found} instead of {case.rows}"
    reason = lake.failure(case.sql)
    expected = f"{case.fails}: " if case.fails is not None else "NOT_SUPPORTED: "
    named = case.refused is None or case.refused in reason
    return None if reason.startswith(expected) and named else f"{reason} instead of {case.answer}"


def test_the_page_says_what_the_cases_say() -> None:
    """docs/athena-fidelity.md is written from the case files."""
    assert PAGE.read_text("utf-8") == page()


def test_each_case_has_one_outcome() -> None:
    """Rows, an error of Trino's, or a refusal: exactly one of them."""
    for case in (case for subject in SUBJECTS for case in cases(subject)):
        assert [case.rows, case.fails, case.refused].count(None) == 2, case.sql
