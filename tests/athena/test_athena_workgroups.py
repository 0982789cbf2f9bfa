"""Workgroups: who decides where results go, tags, managed results, deletion."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.athena.lake import Lake

SPARK = "PySpark engine version 3"


def test_a_fresh_account_has_primary_alone(start_embedded: Any) -> None:
    """``primary`` is there, enabled, without a result location, and cannot be deleted."""
    with start_embedded() as embedded:
        athena = embedded.client("athena")
        assert [w["Name"] for w in athena.list_work_groups()["WorkGroups"]] == ["primary"]
        primary = athena.get_work_group(WorkGroup="primary")["WorkGroup"]
        assert primary["State"] == "ENABLED"
        assert primary["Configuration"]["ResultConfiguration"] == {}
        with pytest.raises(ClientError, match="cannot be deleted"):
            athena.delete_work_group(WorkGroup="primary")


@pytest.mark.parametrize(
    ("name", "configuration", "words"),
    [
        ("bad name", {}, "Invalid workgroup name|failed to satisfy"),
        ("bad-location", {"ResultConfiguration": {"OutputLocation": "results"}}, "not a valid S3 path"),
        ("bad-cutoff", {"BytesScannedCutoffPerQuery": 1}, "BytesScannedCutoffPerQuery|less than"),
        ("sql", {"ExecutionRole": "arn:aws:iam::123456789012:role/spark"}, "CreateWorkGroup.ExecutionRole"),
        ("spark", {"EngineVersion": {"SelectedEngineVersion": SPARK}}, "executionRole is null or empty"),
    ],
)
def test_a_workgroup_that_cannot_be_is_refused(name: str, configuration: Any, words: str, lake: Lake) -> None:
    """By its name, its location, its cutoff; and by name where the account does not serve a member."""
    with pytest.raises(Exception, match=words):
        lake.athena().create_work_group(Name=name, Configuration=configuration)


def test_a_workgroup_for_spark_keeps_its_role_and_answers_no_sql(lake: Lake) -> None:
    """It is made with an execution role; SQL and sessions are not served there, nor is a change of its engine."""
    athena, role = lake.athena(), "arn:aws:iam::123456789012:role/spark"
    athena.create_work_group(
        Name="spark", Configuration={"ExecutionRole": role, "EngineVersion": {"SelectedEngineVersion": SPARK}}
    )
    made = athena.get_work_group(WorkGroup="spark")["WorkGroup"]["Configuration"]
    assert (made["ExecutionRole"], made["EngineVersion"]["EffectiveEngineVersion"]) == (role, SPARK)
    with pytest.raises(ClientError, match=r"NotImplemented.*Spark"):
        lake.start("SELECT 1", WorkGroup="spark")
    with pytest.raises(ClientError, match=r"NotImplemented.*StartSession"):
        athena.start_session(WorkGroup="spark", EngineConfiguration={"MaxConcurrentDpus": 2})
    with pytest.raises(ClientError, match=r"NotImplemented.*between SQL and Spark"):
        athena.update_work_group(
            WorkGroup="primary",
            ConfigurationUpdates={"ExecutionRole": role, "EngineVersion": {"SelectedEngineVersion": SPARK}},
        )


def test_an_enforced_location_overrides_the_clients(lake: Lake) -> None:
    """With EnforceWorkGroupConfiguration the workgroup's location wins; without it the client's."""
    athena = lake.athena()
    own = {"ResultConfiguration": {"OutputLocation": "s3://results/own/"}}
    athena.create_work_group(Name="team", Configuration={**own, "EnforceWorkGroupConfiguration": True})
    enforced = lake.run("SELECT 1", WorkGroup="team")
    assert enforced["ResultConfiguration"]["OutputLocation"].startswith("s3://results/own/")
    athena.update_work_group(WorkGroup="team", ConfigurationUpdates={"EnforceWorkGroupConfiguration": False})
    assert lake.run("SELECT 1", WorkGroup="team")["ResultConfiguration"]["OutputLocation"].startswith("s3://results/q/")
    without = lake.run("SELECT 1", WorkGroup="team", ResultConfiguration=None)
    assert without["ResultConfiguration"]["OutputLocation"].startswith("s3://results/own/")


def test_a_disabled_workgroup_starts_nothing(lake: Lake) -> None:
    """State DISABLED refuses queries at once."""
    lake.athena().create_work_group(Name="off")
    lake.athena().update_work_group(WorkGroup="off", State="DISABLED")
    with pytest.raises(ClientError, match="is disabled"):
        lake.start("SELECT 1", WorkGroup="off")


def test_a_workgroup_with_a_history_is_deleted_only_recursively(lake: Lake) -> None:
    """RecursiveDeleteOption; afterwards the name is unknown."""
    athena = lake.athena()
    athena.create_work_group(Name="used", Configuration={"EnforceWorkGroupConfiguration": False})
    lake.run("SELECT 1", WorkGroup="used")
    with pytest.raises(ClientError, match="is not empty"):
        athena.delete_work_group(WorkGroup="used")
    athena.delete_work_group(WorkGroup="used", RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match="is not found"):
        athena.get_work_group(WorkGroup="used")


def test_tags_are_kept_with_the_workgroup(lake: Lake) -> None:
    """CreateWorkGroup, TagResource and UntagResource change what ListTagsForResource shows."""
    athena = lake.athena()
    arn = f"arn:aws:athena:{lake.embedded.region}:{lake.account}:workgroup/tagged"
    athena.create_work_group(Name="tagged", Tags=[{"Key": "a", "Value": "1"}])
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_managed_workgroup_keeps_results_itself(lake: Lake) -> None:
    """No OutputLocation is shown, and GetQueryResults answers."""
    configuration = {"ManagedQueryResultsConfiguration": {"Enabled": True}}
    lake.athena().create_work_group(Name="managed", Configuration=configuration)
    execution = lake.run("SELECT 1 AS n", WorkGroup="managed", ResultConfiguration=None)
    assert "OutputLocation" not in execution.get("ResultConfiguration", {})
    assert lake.rows("SELECT 1 AS n", WorkGroup="managed", ResultConfiguration=None) == [["1"]]


def test_per_query_rights_are_those_on_the_querys_workgroup(lake: Lake) -> None:
    """Who may use one workgroup cannot look at, read or stop a query of another."""
    athena = lake.athena()
    for name in ("mine", "theirs"):
        athena.create_work_group(Name=name, Configuration={"EnforceWorkGroupConfiguration": False})
    lake.role("one-workgroup", without="athena")
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"athena:*",'
        f'"Resource":"arn:aws:athena:{lake.embedded.region}:{lake.account}:workgroup/mine"}}]}}'
    )
    iam = lake.embedded.client("iam")
    iam.put_role_policy(RoleName="one-workgroup", PolicyName="mine", PolicyDocument=document)
    credentials = lake.embedded.as_role(f"arn:aws:iam::{lake.account}:role/one-workgroup", "tester")
    foreign = lake.start("SELECT 1", WorkGroup="theirs")
    own = lake.athena(credentials)
    for call in (own.get_query_execution, own.get_query_results, own.stop_query_execution):
        with pytest.raises(ClientError, match="workgroup/theirs"):
            call(QueryExecutionId=foreign)
    assert lake.rows("SELECT 1", credentials, database="loose", WorkGroup="mine") == [["1"]]


def test_named_queries_are_kept_by_workgroup(lake: Lake) -> None:
    """Create, get, list, delete."""
    athena = lake.athena()
    created = athena.create_named_query(Name="n", Database="db", QueryString="SELECT 1")["NamedQueryId"]
    assert athena.get_named_query(NamedQueryId=created)["NamedQuery"]["QueryString"] == "SELECT 1"
    assert athena.list_named_queries()["NamedQueryIds"] == [created]
    athena.delete_named_query(NamedQueryId=created)
    with pytest.raises(ClientError, match="was not found"):
        athena.get_named_query(NamedQueryId=created)
