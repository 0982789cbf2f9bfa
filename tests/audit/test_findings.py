"""Every finding has a log that triggers it and a twin, as like it as can be, that does not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from lakeproof.__main__ import main
from lakeproof.audit.questions.text import questions
from tests.audit.bucket import folder
from tests.audit.records import ACCOUNT, OTHER_QUERY, QUERY, Record, access, changed, identity, start

PLAN = Path(__file__).with_name("plan.yaml")
PROFILE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:user-profile/d-1/alice"


def call(source: str, name: str, who: str, request: Record, at: str = "2026-11-24T12:00:00Z", **more: Any) -> Record:
    """Any other call, by a console user."""
    user = {
        "type": "IAMUser",
        "principalId": f"AIDA{who}",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{who}",
        "userName": who,
    }
    return {
        "eventVersion": "1.11",
        "userIdentity": user,
        "eventTime": at,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "requestParameters": request,
        "responseElements": None,
        "eventID": hashlib.sha256(f"{name} {who} {at} {request}".encode()).hexdigest()[:32],
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
        **more,
    }


def opened(profile: str, who: str, at: str = "2026-11-24T12:30:00Z", **more: Any) -> Record:
    """A profile opened from the console."""
    return call(
        "sagemaker", "CreatePresignedDomainUrl", who, {"domainId": "d-1", "userProfileName": profile}, at, **more
    )


def tagged(key: str, at: str = "2026-11-24T12:00:00Z", **more: Any) -> Record:
    """A tag put on Alice's profile."""
    return call(
        "sagemaker", "AddTags", "bob", {"resourceArn": PROFILE, "tags": [{"key": key, "value": "bob"}]}, at, **more
    )


def studio(name: str, person: str, request: Record) -> Record:
    """Another Athena call in a person's Studio session."""
    return {
        **start(person, event=f"{name}-{person}"),
        "eventName": name,
        "requestParameters": request,
        "responseElements": None,
    }


def read_file(person: str) -> Record:
    """A result file read from S3."""
    request = {"bucketName": "results", "key": f"queries/alice/{QUERY}.csv"}
    return {**studio("GetObject", person, request), "eventSource": "s3.amazonaws.com"}


REFUSED = {"errorCode": "AccessDenied", "errorMessage": "no"}
ADMIN = changed(start(), "userIdentity", identity("Admin"))
WHOLE = [start(), access()]
SERVED = "additionalEventData.lakeFormationPrincipal"
PERSON = "arn:aws:identitystore:::user/459e10f6-a3d0"
BEHALF = changed(access(), "userIdentity", identity("alice", onBehalfOf={"userId": "459e10f6-a3d0"}))

CASES: dict[str, tuple[list[Record], list[Record]]] = {
    "access-without-query": ([access()], WHOLE),
    "access-of-unknown-query": (
        [*WHOLE, changed(access(event="a2"), "requestParameters.auditContext", {"additionalAuditContext": "{}"})],
        [*WHOLE, changed(access(event="a2"), "additionalEventData.requesterService", "GLUE_JOB")],
    ),
    "query-without-access": ([start()], WHOLE),
    "identities-disagree": ([start(), changed(access(), SERVED, "arn:aws:iam::1:role/Other")], WHOLE),
    "served-another-person": (
        [start(), changed(access(), SERVED, PERSON)],
        [start(), changed(BEHALF, SERVED, PERSON)],
    ),
    "role-not-in-register": ([changed(start(), "userIdentity", identity("mallory"))], WHOLE),
    "name-convention": (
        [changed(start(), "userIdentity.sessionContext.sessionIssuer.userName", "MyRole")],
        [changed(start(), "userIdentity.principalId", "AROAEXAMPLE:batch-job")],
    ),
    "source-identity": ([changed(start(), "userIdentity.sessionContext.sourceIdentity", None)], WHOLE),
    "role-shared": (
        [opened("alice", "alice"), opened("alice", "bob")],
        [opened("alice", "alice"), opened("bob", "bob")],
    ),
    "retagged-then-opened": (
        [tagged("studiouserid"), opened("alice", "bob")],
        [tagged("studiouserid", "2026-11-24T13:00:00Z"), opened("alice", "bob")],
    ),
    "rights-changed": (
        [call("iam", "PutRolePolicy", "eve", {"roleName": "r", "policyName": "p", "policyDocument": "{}"})],
        [call("iam", "PutRolePolicy", "eve", {"roleName": "r"}, **REFUSED)],
    ),
    "trail-stopped": (
        [call("cloudtrail", "StopLogging", "eve", {"name": "trail"})],
        [call("cloudtrail", "StartLogging", "eve", {"name": "trail"})],
    ),
    "history-of-another": (
        [*WHOLE, studio("GetQueryResults", "bob", {"queryExecutionId": QUERY})],
        [*WHOLE, studio("GetQueryResults", "alice", {"queryExecutionId": QUERY})],
    ),
    "results-of-another": ([*WHOLE, read_file("bob")], [*WHOLE, read_file("alice")]),
}

MORE: dict[str, tuple[str, list[Record], list[Record]]] = {
    "a refused access is none": ("access-without-query", [access()], [{**access(), **REFUSED}]),
    "another engine's access has no Athena query": (
        "access-without-query",
        [access(query=OTHER_QUERY)],
        [changed(access(query=OTHER_QUERY), "additionalEventData.requesterService", "EMR")],
    ),
    "another session than the query's": (
        "identities-disagree",
        [start(), access("bob")],
        [start(), access(), start("bob", OTHER_QUERY, "s2"), access("bob", OTHER_QUERY, "a2")],
    ),
    "the session names another's profile": (
        "identities-disagree",
        [changed(start(), "userIdentity.sessionContext.sourceIdentity", "bob"), access()],
        WHOLE,
    ),
    "sourceIdentity is another's profile": (
        "source-identity",
        [changed(start(), "userIdentity.sessionContext.sourceIdentity", "bob")],
        [changed(access(), "userIdentity.sessionContext.sourceIdentity", None), start()],
    ),
    "another tag than the owner's": (
        "retagged-then-opened",
        [tagged("studiouserid"), opened("alice", "alice")],
        [tagged("team"), opened("alice", "alice")],
    ),
    "a tag taken away": (
        "retagged-then-opened",
        [
            call("sagemaker", "DeleteTags", "bob", {"resourceArn": PROFILE, "tagKeys": ["studiouserid"]}),
            opened("alice", "bob"),
        ],
        [
            call("sagemaker", "DeleteTags", "bob", {"resourceArn": PROFILE, "tagKeys": ["studiouserid"]}, **REFUSED),
            opened("alice", "bob"),
        ],
    ),
    "another profile opened after the retag": (
        "retagged-then-opened",
        [tagged("studiouserid"), opened("alice", "bob")],
        [tagged("studiouserid"), opened("bob", "bob")],
    ),
    "validation of logs switched off": (
        "trail-stopped",
        [call("cloudtrail", "UpdateTrail", "eve", {"name": "t", "enableLogFileValidation": False})],
        [call("cloudtrail", "UpdateTrail", "eve", {"name": "t", "enableLogFileValidation": True})],
    ),
    "an opening that was refused": (
        "role-shared",
        [opened("alice", "alice"), opened("alice", "bob")],
        [opened("alice", "alice"), opened("alice", "bob", **REFUSED)],
    ),
}

QUERIES = {
    "QueryExecutionId": QUERY,
    "Query": "SELECT id FROM lake.reviews",
    "Status": {"State": "SUCCEEDED"},
    "Statistics": {"DataScannedInBytes": 10},
}


def audit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], records: list[Record], **execution: Any
) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of ``lakeproof audit`` on a folder with these records."""
    logs = folder(tmp_path / f"logs{len(list(tmp_path.iterdir()))}", records)
    queries = tmp_path / "queries.json"
    queries.write_text(json.dumps({"QueryExecution": {**QUERIES, **execution}}))
    inputs = ["--plan", str(PLAN), "--queries", str(queries), "--cache", str(tmp_path / "cache")]
    code = main(["audit", str(logs), *inputs, "--format", "json", "--workers", "1"])
    return code, json.loads(capsys.readouterr().out)


def ids(told: dict[str, Any]) -> set[str]:
    """Which findings there are."""
    return {each["id"] for each in told["found"]}


def test_every_question_has_its_case() -> None:
    """A finding without a trigger and a twin is not proved."""
    assert set(CASES) == {question.id for question in questions().values() if question.sql}


@pytest.mark.parametrize("finding", CASES)
def test_a_finding_has_a_trigger_and_a_twin(finding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The trigger is found, and ends with exit code 1; the twin is not."""
    trigger, twin = CASES[finding]
    code, told = audit(tmp_path, capsys, trigger)
    assert finding in ids(told)
    assert code == 1
    [found] = [each for each in told["found"] if each["id"] == finding]
    assert found["at"] and found["said"] and set(found["events"]) <= {each["eventID"] for each in trigger}
    _, told = audit(tmp_path, capsys, twin)
    assert finding not in ids(told)


@pytest.mark.parametrize("case", MORE)
def test_more_triggers_and_twins(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What else must be told apart."""
    finding, trigger, twin = MORE[case]
    assert finding in ids(audit(tmp_path, capsys, trigger)[1])
    assert finding not in ids(audit(tmp_path, capsys, twin)[1])


def test_a_whole_trail_has_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A query, its data access, its profile's opening: exit code 0, and the table says who read what."""
    code, told = audit(tmp_path, capsys, [*WHOLE, opened("alice", "alice")])
    assert (code, told["found"]) == (0, [])
    assert told["use"] == [{"person": "alice", "table": "lake.reviews", "queries": 1, "columns": ["id"]}]


@pytest.mark.parametrize(
    "execution",
    [
        {"Status": {"State": "FAILED"}},
        {"Statistics": {"DataScannedInBytes": 0}},
        {"Statistics": {"DataScannedInBytes": 10, "ResultReuseInformation": {"ReusedPreviousResult": True}}},
        {"Query": "SELECT 1 FROM elsewhere.other"},
    ],
)
def test_a_query_that_need_not_have_read_the_lake(
    execution: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failed, nothing scanned, an earlier result reused, another table: no data access is no finding."""
    assert "query-without-access" not in ids(audit(tmp_path, capsys, [start()], **execution)[1])


def test_a_change_says_who_when_from_what_and_to_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The request before it on the same thing, where the trail has one."""
    first = call("iam", "PutRolePolicy", "eve", {"roleName": "r", "policyDocument": "old"})
    second = call("iam", "PutRolePolicy", "mallory", {"roleName": "r", "policyDocument": "new"}, "2026-11-24T13:00:00Z")
    _, told = audit(tmp_path, capsys, [first, second])
    said = [each["said"] for each in told["found"]]
    assert "from what is not on this trail" in said[0]
    assert said[1].startswith(f"PutRolePolicy by arn:aws:iam::{ACCOUNT}:user/mallory; from ")
    assert said[1].index('"old"') < said[1].index('"new"')


def test_what_could_not_be_asked_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a plan and without the queries' statistics, the questions that need them are named, not passed."""
    logs = folder(tmp_path / "logs", WHOLE)
    assert main(["audit", str(logs), "--format", "json", "--cache", str(tmp_path / "cache")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["unasked"]) == {"query-without-access", "role-not-in-register", "name-convention"}
    assert told["notes"] == ["integrity is not claimed: there are no digest files here"]
