"""The kinds of red that a reader of the report looks for, each with what it means. ``allurerc.mjs`` lists the same."""

from __future__ import annotations

from enum import StrEnum

from lakeproof.evidence.verdicts import Verdict


class Category(StrEnum):
    """In the order in which somebody has to act."""

    CONTROL_FAILED = "Control failed"
    ATTRIBUTION_MISSING = "Attribution missing"
    EXPIRED_WAIVER = "Expired waiver"
    WAIVED = "Waived"
    NOT_OBTAINED = "Evidence not obtained"
    NOT_RUN = "Planned, but not run"
    RESIDUE = "Left behind by the tear-down"
    NOT_APPLICABLE = "Not applicable to this plan"


OF_VERDICT = {
    Verdict.WAIVED: Category.WAIVED,
    Verdict.NOT_OBTAINED: Category.NOT_OBTAINED,
    Verdict.NOT_RUN: Category.NOT_RUN,
    Verdict.NOT_APPLICABLE: Category.NOT_APPLICABLE,
}


def category(verdict: Verdict, *, audit: bool = False, lapsed: bool = False) -> Category | None:
    """The category of a scenario, None for a PASS.

    ``audit``: it is about the trail. ``lapsed``: a waiver covered the failure until its last day.
    """
    if verdict is not Verdict.FAIL:
        return OF_VERDICT.get(verdict)
    if lapsed:
        return Category.EXPIRED_WAIVER
    return Category.ATTRIBUTION_MISSING if audit else Category.CONTROL_FAILED
