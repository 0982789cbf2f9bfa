"""Nobody of the plan stops or redirects a trail, or gets at its files. What is destroyed is a decoy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_bdd import given, then, when

from fixtures import trail_calls
from fixtures.people import People
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.probe import Prober
from provision.estate import Estate, TrailEstate
from provision.site import gone_is_fine
from provision.trail import DECOY_FILE
from steps import judge
from steps.simulation import allowed_to_an_administrator
from steps.words import words

ROOM_FOR_A_TRAIL_S = 60.0
"""So long a decoy waits for the decoys of other processes to go."""
TOO_MANY = "MaximumNumberOfTrailsExceededException"


@pytest.fixture(scope="session")
def kept(estate: Estate) -> TrailEstate:
    """The trail that the plan speaks of, and where its decoys go."""
    assert estate.trail is not None, "scenarios about a trail have rows only where the plan has one"
    return estate.trail


@given("a decoy trail that the run made", target_fixture="decoy_trail")
def decoy_trail(kept: TrailEstate, people: People, prober: Prober) -> Iterator[str]:
    """It never logs, and goes with the scenario: a Region holds five trails, and other processes need theirs."""
    name = f"{kept.decoy_prefix}{secrets.token_hex(4)}"
    request = {"Name": name, "S3BucketName": kept.decoy_bucket, "EnableLogFileValidation": True}
    end = time.monotonic() + ROOM_FOR_A_TRAIL_S
    while True:
        made = prober.call(people.harness(), "cloudtrail", "CreateTrail", **request)
        if TOO_MANY not in str(made.outcome) or time.monotonic() > end:
            break
        time.sleep(ROOM_FOR_A_TRAIL_S / 100)
    judge.allowed(made, "the harness makes its decoy")
    yield name
    gone_is_fine(prober.target.client("cloudtrail").delete_trail, Name=name)


@when(words("{person} calls {change} on the decoy trail at the console"), target_fixture="attempt")
def changes_at_console(person: str, change: str, decoy_trail: str, people: People, prober: Prober) -> Attempt:
    return prober.call(people.at_console(person), "cloudtrail", change, **trail_calls.change(change, decoy_trail))


@when(words("{person} calls {change} on the decoy trail in Studio"), target_fixture="attempt")
def changes_in_studio(person: str, change: str, decoy_trail: str, people: People, prober: Prober) -> Attempt:
    return prober.call(people.in_studio(person), "cloudtrail", change, **trail_calls.change(change, decoy_trail))


@when(words("{person} calls {call} on the log bucket at the console"), target_fixture="attempt")
def touches_at_console(person: str, call: str, people: People, prober: Prober, kept: TrailEstate) -> Attempt:
    return _touch(people.at_console(person), call, prober, kept)


@when(words("{person} calls {call} on the log bucket in Studio"), target_fixture="attempt")
def touches_in_studio(person: str, call: str, people: People, prober: Prober, kept: TrailEstate) -> Attempt:
    return _touch(people.in_studio(person), call, prober, kept)


@then(words("by simulation of policies, these are denied to {person} on the log bucket, allowed to an administrator"))
def simulated(person: str, datatable: list[list[str]], people: People, prober: Prober, kept: TrailEstate) -> None:
    actions = [row[0] for row in datatable[1:]]
    allowed = {
        identity.name: _allowed(prober, people, identity, actions, kept.log_bucket)
        for identity in (people.at_console(person), people.in_studio(person))
    }
    judge.show("Simulated, not tried: the log bucket is no decoy", "\n".join(f"{k}: {v}" for k, v in allowed.items()))
    allowed_to_an_administrator(actions, people, prober)
    escaped = [f"{name}: {action}" for name, actions in allowed.items() for action in actions]
    if escaped:
        raise NotMet(
            f"nothing of this allowed to {person}",
            "; ".join(escaped),
            decided="policy simulation",
            remedy="deny s3:* on the log bucket to every identity of the plan",
        )


def _touch(identity: Identity, call: str, prober: Prober, kept: TrailEstate) -> Attempt:
    places = {"bucket": kept.log_bucket, "file": _some_file(prober, kept), "decoy": DECOY_FILE}
    return prober.call(identity, "s3", call, **trail_calls.call(call, **places))


def _some_file(prober: Prober, kept: TrailEstate) -> str:
    """Any file in the log bucket: a log of an adopted trail, the first that lies there of the run's own."""
    found: list[dict[str, Any]] = (
        prober.target.client("s3").list_objects_v2(Bucket=kept.log_bucket, MaxKeys=1).get("Contents", [])
    )
    if not found:
        raise EvidenceNotObtained(f"a file in {kept.log_bucket}", "it is empty", likely="nothing was delivered yet")
    return str(found[0]["Key"])


def _allowed(prober: Prober, people: People, identity: Identity, actions: list[str], bucket: str) -> list[str]:
    """Which of the actions the identity's policies allow on the bucket or its objects."""
    request = {
        "PolicySourceArn": identity.principal_arn,
        "ActionNames": actions,
        "ResourceArns": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{DECOY_FILE}"],
    }
    attempt = prober.call(people.harness(), "iam", "SimulatePrincipalPolicy", **request)
    answer = judge.allowed(attempt, "the harness may simulate policies").response
    may = {each["EvalActionName"] for each in answer["EvaluationResults"] if each["EvalDecision"] == "allowed"}
    return [action for action in actions if action in may]
