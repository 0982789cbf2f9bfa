"""The embedded account's faults, as any client meets them: each goes wrong as AWS does, and by its seed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from localaws.faults import profiles
from tests.conftest import REPOSITORY, Embedded

TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
READ = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "glue:*", "Resource": "*"}]})
CALLS = 200


@pytest.fixture
def switch(embedded: Embedded) -> Iterator[Callable[[str | None], dict[str, Any]]]:
    """Switch the account's faults; none are left behind."""

    def faults(profile: str | None) -> dict[str, Any]:
        status, answer = embedded.control("faults", {"switch": profile})
        assert status == 200, answer
        return answer

    yield faults
    faults(None)


def struck(account: Embedded) -> list[dict[str, Any]]:
    """What has gone wrong since the profile was switched on."""
    found: list[dict[str, Any]] = account.control("faults")[1]["struck"]
    return found


def outcome(call: Callable[[], object]) -> str:
    """What came of a call: nothing wrong, an error code, or the exception of a broken connection."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return type(error).__name__
    return ""


def play(account: Embedded) -> list[str]:
    """The same many calls, one after the other."""
    glue = account.client("glue")
    return [outcome(glue.get_databases) for _ in range(CALLS)]


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("throttled", {"ThrottlingException"}),
        ("flaky", {"ServiceUnavailable", "ConnectionClosedError"}),
    ],
)
def test_calls_fail_as_aws_fails_them(embedded: Embedded, switch: Any, profile: str, expected: set[str]) -> None:
    """A fault looks to a client like the trouble that it imitates, and most calls are served all the same."""
    switch(f"{profile}:3")
    seen = Counter(play(embedded))
    assert set(seen) == expected | {""}
    assert seen[""] > CALLS * 0.8


def test_the_seed_alone_decides(embedded: Embedded, switch: Any) -> None:
    """The same seed strikes the same calls again, another one strikes others."""
    runs = []
    for profile in ("flaky:3", "flaky:3", "flaky:4"):
        switch(profile)
        runs.append(play(embedded))
    assert runs[0] == runs[1] != runs[2]


def test_every_fault_is_written_down(embedded: Embedded, switch: Any) -> None:
    """Each fault is listed with profile, seed, what it struck and at the how-many-th call."""
    switch("throttled:5")
    throttled = [number for number, code in enumerate(play(embedded), start=1) if code]
    found = struck(embedded)
    assert [one["number"] for one in found] == throttled
    assert {(one["profile"], one["kind"], one["what"]) for one in found} == {
        ("throttled:5", "throttle", "glue:GetDatabases")
    }


def test_nothing_goes_wrong_unasked(embedded: Embedded) -> None:
    """Without a profile there are no faults."""
    assert set(play(embedded)) == {""}
    assert embedded.control("faults")[1] == {"profile": None, "struck": []}


def test_what_is_throttled_has_no_effect_and_is_recorded(embedded: Embedded, switch: Any) -> None:
    """A throttled call does nothing, and CloudTrail has it with its error code."""
    glue = embedded.client("glue")
    switch("throttled:1")
    made = [name for name in (f"t{n}" for n in range(60)) if not outcome(_creation(glue, name))]
    switch(None)
    assert {each["Name"] for each in glue.get_databases()["DatabaseList"]} >= set(made)
    assert len(made) < 60
    assert len(glue.get_databases()["DatabaseList"]) == len(made)
    embedded.control("clock", {"advance": 1})
    lookup = [{"AttributeKey": "EventName", "AttributeValue": "CreateDatabase"}]
    pages = embedded.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=lookup)
    events = [json.loads(row["CloudTrailEvent"]) for page in pages for row in page["Events"]]
    codes = Counter(event.get("errorCode") for event in events)
    assert codes == {None: len(made), "ThrottlingException": 60 - len(made)}


def _creation(glue: Any, name: str) -> Callable[[], object]:
    return lambda: glue.create_database(DatabaseInput={"Name": name})


def test_a_lost_answer_leaves_its_effect(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> None:
    """What was served and not answered has happened all the same."""
    with start_embedded("--fault", "flaky:2") as account:
        glue = account.client("glue")
        for number in range(300):
            outcome(_creation(glue, f"lost{number}"))
        kinds = Counter(one["kind"] for one in struck(account))
        assert kinds["lost"], "no answer was lost among 300: choose another seed"
        account.control("faults", {"switch": None})
        pages = glue.get_paginator("get_databases").paginate()
        there = sum(len(page["DatabaseList"]) for page in pages)
        assert there == 300 - kinds["reset"] - kinds["unavailable"]


def test_new_rights_are_not_known_at_once(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> None:
    """A role can be assumed, used, and is refused again, only a while after each change, by the account's clock."""
    with start_embedded("--fault", "eventual:1") as account:
        iam = account.client("iam")
        trust = TRUST % f"arn:aws:iam::{account.account_id}:root"
        arn = iam.create_role(RoleName="late", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        assert outcome(lambda: account.as_role(arn, "me")) == "AccessDenied"
        account.control("clock", {"advance": 5})
        keys = account.as_role(arn, "me")
        databases = account.client("glue", keys).get_databases
        iam.put_role_policy(RoleName="late", PolicyName="read", PolicyDocument=READ)
        assert outcome(databases) == "AccessDeniedException"
        account.control("clock", {"advance": 5})
        assert outcome(databases) == ""
        iam.delete_role_policy(RoleName="late", PolicyName="read")
        assert outcome(databases) == ""
        account.control("clock", {"advance": 5})
        assert outcome(databases) == "AccessDeniedException"


def test_old_rights_are_not_forgotten_by_others_changes(
    start_embedded: Callable[..., AbstractContextManager[Embedded]],
) -> None:
    """A change of one role takes nothing from another, although that was never used before."""
    with start_embedded() as account:
        iam = account.client("iam")
        trust = TRUST % f"arn:aws:iam::{account.account_id}:root"
        for name in ("old", "new"):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
            iam.put_role_policy(RoleName=name, PolicyName="read", PolicyDocument=READ)
        account.control("faults", {"switch": "eventual:1"})
        iam.delete_role_policy(RoleName="new", PolicyName="read")
        old = account.as_role(f"arn:aws:iam::{account.account_id}:role/old", "me")
        assert outcome(account.client("glue", old).get_databases) == ""


def test_events_come_late_and_twice(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> None:
    """Under late-trail every event comes in the end, some of them twice with one id, and not in the order of calls."""
    with start_embedded("--fault", "late-trail:1", "--trail-delay", "0") as account:
        sts = account.client("sts")
        asked = [sts.get_caller_identity()["ResponseMetadata"]["RequestId"] for _ in range(150)]
        account.control("faults", {"switch": None})
        account.control("clock", {"advance": 60})
        lookup = [{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]
        pages = account.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=lookup)
        events = [json.loads(row["CloudTrailEvent"]) for page in pages for row in page["Events"]]
        times = Counter(event["requestID"] for event in events)
        assert set(times) == set(asked)
        assert set(times.values()) == {1, 2}
        assert len({event["eventID"] for event in events}) == len(asked)


def test_sessions_end_early_and_for_good(embedded: Embedded, switch: Any) -> None:
    """Under short-sessions a session's keys are refused as expired after some calls, and never accepted again."""
    iam = embedded.client("iam")
    trust = TRUST % f"arn:aws:iam::{embedded.account_id}:root"
    arn = iam.create_role(RoleName="brief", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    switch("short-sessions:1")
    sts = embedded.client("sts", embedded.as_role(arn, "me"))
    codes = [outcome(sts.get_caller_identity) for _ in range(80)]
    served = codes.index("ExpiredToken")
    assert 20 <= served <= 60
    assert set(codes[:served]) == {""}
    assert set(codes[served:]) == {"ExpiredToken"}
    assert outcome(embedded.client("sts", embedded.as_role(arn, "me")).get_caller_identity) == ""


def test_queries_queue(embedded: Embedded, switch: Any) -> None:
    """Under queueing a query can be seen in the queue, and ends all the same."""
    embedded.client("s3").create_bucket(Bucket="queue-results")
    athena = embedded.client("athena")
    switch("queueing:1")
    seen: set[str] = set()
    for _ in range(12):
        where = {"OutputLocation": "s3://queue-results/"}
        try:
            query = athena.start_query_execution(QueryString="SHOW DATABASES", ResultConfiguration=where)
        except ClientError as error:
            seen.add(error.response["Error"]["Code"])
            continue
        state = ""
        while state not in ("SUCCEEDED", "FAILED"):
            execution = athena.get_query_execution(QueryExecutionId=query["QueryExecutionId"])
            state = execution["QueryExecution"]["Status"]["State"]
            seen.add(state)
    assert {"QUEUED", "SUCCEEDED", "TooManyRequestsException"} <= seen
    assert "FAILED" not in seen


def test_studio_takes_its_time(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> None:
    """Under eventual a new domain is Pending, and in service when its time has come."""
    with start_embedded("--fault", "eventual:1") as account:
        sagemaker = account.client("sagemaker")
        domain = sagemaker.create_domain(
            DomainName="d",
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": f"arn:aws:iam::{account.account_id}:role/none"},
            SubnetIds=["subnet-0a1b2c3d"],
            VpcId="vpc-0a1b2c3d",
        )["DomainId"]
        assert sagemaker.describe_domain(DomainId=domain)["Status"] == "Pending"
        account.control("clock", {"advance": 5})
        assert sagemaker.describe_domain(DomainId=domain)["Status"] == "InService"


def test_entries_of_batches_fail_by_themselves(embedded: Embedded, switch: Any) -> None:
    """Under partial some entries of a batch are in ``Failures``, and exactly the others have been granted."""
    lakeformation = embedded.client("lakeformation")
    embedded.client("glue").create_database(DatabaseInput={"Name": "batch"})
    admin = f"arn:aws:iam::{embedded.account_id}:user/administrator"
    settings = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": admin}]}
    lakeformation.put_data_lake_settings(DataLakeSettings=settings)
    trust = TRUST % f"arn:aws:iam::{embedded.account_id}:root"
    for number in range(60):
        embedded.client("iam").create_role(RoleName=f"batch{number}", AssumeRolePolicyDocument=trust)
    switch("partial:1")
    role = "arn:aws:iam::{}:role/batch{}"
    entries = [
        {
            "Id": str(number),
            "Principal": {"DataLakePrincipalIdentifier": role.format(embedded.account_id, number)},
            "Resource": {"Database": {"Name": "batch"}},
            "Permissions": ["DESCRIBE"],
        }
        for number in range(60)
    ]
    failures = lakeformation.batch_grant_permissions(Entries=entries)["Failures"]
    failed = {failure["RequestEntry"]["Id"] for failure in failures}
    assert 0 < len(failed) < 30
    assert {failure["Error"]["ErrorCode"] for failure in failures} == {"ConcurrentModificationException"}
    listed = lakeformation.list_permissions(Resource={"Database": {"Name": "batch"}}, MaxResults=200)
    granted = {
        row["Principal"]["DataLakePrincipalIdentifier"].rpartition("batch")[2]
        for row in listed["PrincipalResourcePermissions"]
        if ":role/batch" in row["Principal"]["DataLakePrincipalIdentifier"]
    }
    assert granted == {entry["Id"] for entry in entries} - failed


@pytest.mark.parametrize("text", ["", "unheard-of", "hostile:", "hostile:-1", "hostile:x", "hostile:4294967296"])
def test_a_profile_that_does_not_exist_is_refused(embedded: Embedded, text: str) -> None:
    """An unknown profile or a seed that is none is refused, with the profiles that there are."""
    status, answer = embedded.control("faults", {"switch": text or "?"})
    assert status == 400
    assert "hostile" in str(answer)


def test_only_the_administrator_switches_faults(embedded: Embedded) -> None:
    """A role may not, whatever its policies say."""
    trust = TRUST % f"arn:aws:iam::{embedded.account_id}:root"
    arn = embedded.client("iam").create_role(RoleName="meddler", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    status, _ = embedded.control("faults", {"switch": "hostile"}, embedded.as_role(arn, "me"))
    assert status == 403
    assert embedded.control("faults")[1]["profile"] is None


def test_every_profile_is_documented() -> None:
    """docs/faults.md has a row for each profile, with what it imitates, and no other."""
    text = (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert rows == {name: imitates for name, (imitates, _) in profiles().items()}
