"""Ledger and trail held against each other, both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytest_bdd import given, then

from fixtures.trail import Audit
from lakeproof.audit.entries import Entry
from lakeproof.audit.lookup import State
from lakeproof.audit.reconcile import Account, Wanted, missing, wanted
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from steps import judge
from steps.words import words

FEW = 5
"""So many records are told in the message; all of them are in the attachment."""


def answered(audit: Audit, person: str | None) -> list[Entry]:
    """The entries that must have records, of which there must be some. Raises EvidenceNotObtained."""
    entries = [entry for entry in audit.entries if entry.person == person and wanted([entry])]
    if not entries:
        raise EvidenceNotObtained(f"probes of {person or 'everybody else'}", "none in the ledger of this run")
    return entries


def not_found(audit: Audit, gone: Sequence[Wanted]) -> None:
    """Records that must be there and are not. Raises NotMet if they are MISSING, else EvidenceNotObtained."""
    state = audit.state(False)
    told = [f"{state}: {each}, {each.entry.ended:%Y-%m-%dT%H:%M:%SZ}" for each in gone]
    judge.show("Not on the trail", "\n".join(told))
    expected, seen = "each probe has its records", f"{len(gone)} have not come: {'; '.join(told[:FEW])}"
    if state is State.MISSING:
        raise NotMet(
            expected, seen, decided="the audit trail", likely="the call was not recorded, or by another identity"
        )
    raise EvidenceNotObtained(expected, seen, likely="CloudTrail has not delivered them yet", remedy="wait longer")


@given(words("the probes of {person} that AWS answered"), target_fixture="entries")
def probes_of(person: str, audit: Audit) -> Sequence[Entry]:
    return answered(audit, person)


@given("the probes of everybody else that AWS answered", target_fixture="entries")
def probes_of_others(audit: Audit) -> Sequence[Entry]:
    return answered(audit, None)


@given(words("the records of the identities of {person} in the time of this run"), target_fixture="accounts")
def records_of(person: str, audit: Audit) -> Sequence[Account]:
    found = audit.accounts(audit.identities[person])
    if not found:
        raise EvidenceNotObtained(f"records by {', '.join(audit.identities[person])}", "none on the trail")
    return found


@given("the records of the other identities of the plan in the time of this run", target_fixture="accounts")
def records_of_others(audit: Audit) -> Sequence[Account]:
    if not audit.everything:
        raise EvidenceNotObtained("records in the time of this run", "none on the trail, of anybody")
    return audit.accounts(audit.identities[""])


@then("each has its records, by the identity that probed")
def recorded(entries: Sequence[Entry], audit: Audit) -> None:
    judge.show("What was polled", audit.seen)
    gone = missing(entries, audit.trail)
    judge.show("Records", f"{len(wanted(entries))} wanted for {len(entries)} probes, {len(gone)} not there")
    if gone:
        not_found(audit, gone)


@then("each has its entry in the ledger, or a stated explanation")
def explained(accounts: Sequence[Account], audit: Audit) -> None:
    kinds = Counter(each.by.partition(":")[0] or "NOTHING" for each in accounts)
    judge.show(
        "Accounted for by", "\n".join(f"{count:6}  {kind}" for kind, count in kinds.most_common()) or "no record"
    )
    strange = [str(each) for each in accounts if not each.by]
    if strange:
        judge.show("Unexplained", "\n".join(strange))
        raise NotMet(
            "each record has its entry in the ledger, or a stated explanation",
            f"{len(strange)} of {len(accounts)} have neither: {'; '.join(strange[:FEW])}",
            decided="the audit trail",
            likely="somebody else holds a session of this identity, and used it while the run was on",
            remedy="find who assumed the role or holds the keys; nobody may use them during a run",
        )
