"""Against a running account: what is neither a success nor a refusal is never taken for one, by either way to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakeproof.probes.athena import run_boto3, run_pyathena
from lakeproof.probes.classify import Known
from lakeproof.probes.identity import Identity
from lakeproof.probes.ledger import Attempt, Ledger
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained
from lakeproof.probes.probe import Prober, Runner
from lakeproof.probes.sessions import assume
from lakeproof.target import Credentials, Target, local_target
from tests.conftest import Embedded

FIELDS = ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
BUCKET = "probe-results"
RUNNERS = pytest.mark.parametrize("run", [run_boto3, run_pyathena], ids=["boto3", "PyAthena"])


@pytest.fixture(scope="module")
def target(embedded: Embedded) -> Target:
    """The module's account, with a bucket for results."""
    found = local_target({name: getattr(embedded, name) for name in FIELDS})
    found.client("s3").create_bucket(Bucket=BUCKET)
    return found


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One ledger for all probes of the module."""
    path: Path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    return Ledger(path, seed="s", redact=lambda value: value)


@pytest.fixture
def prober(target: Target, ledger: Ledger) -> Prober:
    """A prober that knows of nothing."""
    return Prober(target, ledger, Known())


@pytest.fixture
def administrator(target: Target) -> Identity:
    """Who may do everything."""
    arn = f"arn:aws:iam::{target.account_id}:user/administrator"
    return Identity("administrator", "harness", arn, arn, target.credentials, output=f"s3://{BUCKET}/q/")


@pytest.fixture(scope="module")
def nobody(target: Target) -> Iterator[Identity]:
    """A role without rights, in a session of its own."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{target.account_id}:root"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = target.client("iam").create_role(RoleName="nobody", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    session = assume(target, role)
    yield Identity("nobody", "execution", role, session.arn, session.credentials, output=f"s3://{BUCKET}/q/")


@pytest.fixture(scope="module")
def blind(target: Target, nobody: Identity) -> Identity:
    """A role that may run queries, but not read their results."""
    iam, role = target.client("iam"), nobody.principal_arn.rpartition("/")[2]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    arn = iam.create_role(RoleName="blind", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    statements = [
        {"Effect": "Allow", "Action": ["athena:*", "glue:*", "s3:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "athena:GetQueryResults", "Resource": "*"},
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="blind", PolicyName="blind", PolicyDocument=document)
    session = assume(target, arn)
    return replace(nobody, name="blind", principal_arn=arn, session_arn=session.arn, credentials=session.credentials)


def not_obtained(attempt: Attempt, why: str) -> None:
    """The attempt must have proved nothing, for that reason."""
    assert isinstance(attempt.outcome, NotObtained), attempt
    assert why in attempt.outcome.error
    assert attempt.outcome.remedy


@RUNNERS
def test_a_missing_result_bucket(run: Runner, prober: Prober, administrator: Identity) -> None:
    """Athena cannot reach the result bucket: nobody refused the data."""
    lost = replace(administrator, output="s3://no-such-bucket-anywhere/q/")
    not_obtained(prober.query(lost, "SHOW DATABASES", run), "the result bucket cannot be reached")


@RUNNERS
def test_a_database_that_does_not_exist(run: Runner, prober: Prober, administrator: Identity) -> None:
    """SCHEMA_NOT_FOUND: the query was started and failed, and says nothing about a grant."""
    attempt = prober.query(administrator, "SELECT * FROM nowhere.reviews", run)
    not_obtained(attempt, "the database or catalog does not exist")
    assert attempt.query_id and attempt.request_id and attempt.state == "FAILED"


@RUNNERS
def test_a_target_that_is_gone(run: Runner, target: Target, ledger: Ledger, administrator: Identity) -> None:
    """No answer: nothing is proved, and nothing is raised."""
    gone = Prober(replace(target, endpoint_url="http://127.0.0.1:9"), ledger, Known())
    not_obtained(gone.query(administrator, "SHOW DATABASES", run), "no answer came")


@RUNNERS
def test_keys_for_another_region(run: Runner, target: Target, ledger: Ledger, administrator: Identity) -> None:
    """A request signed for another Region is not a refusal of the person."""
    abroad = Prober(replace(target, region="eu-west-1"), ledger, Known())
    not_obtained(abroad.query(administrator, "SHOW DATABASES", run), "the request was signed for another Region")


@pytest.mark.parametrize("operation", ["ListObjectsV2", "HeadBucket"])
def test_a_missing_bucket(operation: str, prober: Prober, administrator: Identity) -> None:
    """S3 has no such bucket: with a text or, for HEAD, without one."""
    attempt = prober.call(administrator, "s3", operation, Bucket="no-such-bucket-anywhere")
    not_obtained(attempt, "the bucket or object does not exist")


@pytest.mark.parametrize(("service", "operation"), [("sts", "GetCallerIdentity"), ("s3", "ListBuckets")])
def test_keys_that_nobody_has(service: str, operation: str, prober: Prober) -> None:
    """Unknown keys are refused for what they are, whatever they would have been used for."""
    stranger = Identity("stranger", "harness", "-", "-", Credentials("AKIAXXXXXXXXXXXXXXXX", "x" * 40))
    not_obtained(prober.call(stranger, service, operation), "the credentials were not accepted at all")


@RUNNERS
def test_the_twin_of_all_these(run: Runner, prober: Prober, administrator: Identity) -> None:
    """With bucket, Region and keys in order the same query is allowed, and has both its ids."""
    attempt = prober.query(administrator, "SHOW DATABASES", run)
    assert isinstance(attempt.outcome, Allowed), attempt
    assert attempt.query_id and attempt.request_id and attempt.state == "SUCCEEDED"


@RUNNERS
def test_a_refusal_is_told_apart(run: Runner, prober: Prober, nobody: Identity) -> None:
    """A role without rights is refused by IAM, by name."""
    attempt = prober.query(nobody, "SHOW DATABASES", run)
    assert isinstance(attempt.outcome, Denied), attempt
    assert attempt.outcome.cause is Cause.IAM_IMPLICIT
    assert attempt.query_id is None and attempt.request_id


@RUNNERS
def test_a_result_that_may_not_be_read_leaves_its_query_known(run: Runner, prober: Prober, blind: Identity) -> None:
    """The query ran, reading its result was refused: the refusal has its cause, and the query id is not lost."""
    attempt = prober.query(blind, "SHOW DATABASES", run)
    assert isinstance(attempt.outcome, Denied), attempt
    assert attempt.outcome.cause is Cause.IAM_EXPLICIT
    assert attempt.query_id and attempt.request_id and attempt.state == "SUCCEEDED"


@RUNNERS
def test_an_expired_session(run: Runner, embedded: Embedded, prober: Prober, nobody: Identity) -> None:
    """The role that was refused a moment ago is refused no longer when its session has ended: it was not asked.

    Last in its module: the account's clock only moves forward.
    """
    embedded.control("clock", {"advance": 7200})
    not_obtained(prober.query(nobody, "SHOW DATABASES", run), "the session had expired")
    not_obtained(prober.call(nobody, "s3", "ListBuckets"), "the session had expired")
