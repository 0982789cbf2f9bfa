"""Saving and restoring the whole account: a restored state is the saved one, in everything that can be read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Embedded

TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'


class World:
    """An account with something of everything, and a way to read all of it."""

    def __init__(self, account: Embedded) -> None:
        self.account = account
        self.admin = f"arn:aws:iam::{account.account_id}:user/administrator"
        names = ("s3", "iam", "glue", "lakeformation", "athena", "sagemaker", "cloudtrail", "secretsmanager")
        self.of = {name: account.client(name) for name in names}
        of = self.of
        of["s3"].create_bucket(Bucket="kept")
        of["s3"].put_object(Bucket="kept", Key="t/data.csv", Body=b"1,one\n2,two\n", Metadata={"a": "b"}, Tagging="k=v")
        of["s3"].create_bucket(Bucket="results")
        trust = TRUST % f"arn:aws:iam::{account.account_id}:root"
        self.role_arn = of["iam"].create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        of["iam"].attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        self.session = account.as_role(self.role_arn, "kept")
        of["lakeformation"].put_data_lake_settings(
            DataLakeSettings={"DataLakeAdmins": [{"DataLakePrincipalIdentifier": self.admin}]}
        )
        of["glue"].create_database(DatabaseInput={"Name": "d"})
        of["lakeformation"].grant_permissions(
            Principal={"DataLakePrincipalIdentifier": self.role_arn},
            Resource={"Database": {"Name": "d"}},
            Permissions=["DESCRIBE"],
        )
        of["secretsmanager"].create_secret(Name="secret", SecretString="value")
        of["sagemaker"].create_domain(
            DomainName="domain",
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": self.role_arn},
            SubnetIds=["subnet-0a1b2c3d"],
            VpcId="vpc-0a1b2c3d",
        )
        self.query = of["athena"].start_query_execution(
            QueryString="SHOW DATABASES", ResultConfiguration={"OutputLocation": "s3://results/"}
        )["QueryExecutionId"]
        self.ended()

    def ended(self) -> str:
        """The state of the query once it has ended."""
        while True:
            status = self.of["athena"].get_query_execution(QueryExecutionId=self.query)["QueryExecution"]["Status"]
            if status["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return str(status["State"])

    def everything(self) -> dict[str, Any]:
        """What the account holds, as its own API tells it."""
        of = self.of
        object_ = of["s3"].get_object(Bucket="kept", Key="t/data.csv")
        return without_metadata(
            {
                "buckets": of["s3"].list_buckets()["Buckets"],
                "objects": of["s3"].list_objects_v2(Bucket="kept")["Contents"],
                "results": of["s3"].list_objects_v2(Bucket="results")["Contents"],
                "object": (object_["Body"].read(), object_["Metadata"], object_["ETag"]),
                "object tags": of["s3"].get_object_tagging(Bucket="kept", Key="t/data.csv")["TagSet"],
                "users": of["iam"].list_users()["Users"],
                "roles": of["iam"].list_roles()["Roles"],
                "attached": of["iam"].list_attached_role_policies(RoleName="reader")["AttachedPolicies"],
                "databases": of["glue"].get_databases()["DatabaseList"],
                "settings": of["lakeformation"].get_data_lake_settings()["DataLakeSettings"],
                "grants": of["lakeformation"].list_permissions()["PrincipalResourcePermissions"],
                "secret": of["secretsmanager"].get_secret_value(SecretId="secret")["SecretString"],
                "domains": of["sagemaker"].list_domains()["Domains"],
                "query": of["athena"].get_query_execution(QueryExecutionId=self.query)["QueryExecution"],
                "rows": of["athena"].get_query_results(QueryExecutionId=self.query)["ResultSet"],
                "session": self.account.client("sts", self.session).get_caller_identity()["Arn"],
            }
        )

    def spoil(self) -> None:
        """Change something of everything."""
        of = self.of
        of["s3"].put_object(Bucket="kept", Key="t/data.csv", Body=b"spoilt")
        of["s3"].create_bucket(Bucket="new-bucket")
        for found in of["s3"].list_objects_v2(Bucket="results")["Contents"]:
            of["s3"].delete_object(Bucket="results", Key=found["Key"])
        of["iam"].detach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        of["iam"].delete_role(RoleName="reader")
        of["iam"].create_user(UserName="new")
        of["lakeformation"].revoke_permissions(
            Principal={"DataLakePrincipalIdentifier": self.role_arn},
            Resource={"Database": {"Name": "d"}},
            Permissions=["DESCRIBE"],
        )
        of["glue"].delete_database(Name="d")
        of["glue"].create_database(DatabaseInput={"Name": "e"})
        of["secretsmanager"].put_secret_value(SecretId="secret", SecretString="spoilt")
        domain = of["sagemaker"].list_domains()["Domains"][0]["DomainId"]
        of["sagemaker"].delete_domain(DomainId=domain)


def without_metadata(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_metadata(each) for key, each in value.items() if key != "ResponseMetadata"}
    return [without_metadata(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def world(embedded: Embedded) -> World:
    return World(embedded)


def test_a_state_that_was_not_saved_cannot_be_restored(world: World) -> None:
    """An unknown name is 404, a nameless or doubled order 400, and nothing changes."""
    before = world.everything()
    assert world.account.control("state", {"restore": "absent"})[0] == 404
    for body in ({"save": ""}, {"save": 5}, {"save": "a", "restore": "a"}, {"delete": "a"}):
        assert world.account.control("state", body)[0] == 400
    assert world.everything() == before


def test_only_the_administrator_saves_and_restores(world: World) -> None:
    """A session, however mighty, may not."""
    assert world.account.control("state", {"save": "mine"}, credentials=world.session)[0] == 403
    assert "mine" not in world.account.control("state")[1]["saved"]


def test_everything_comes_back(world: World) -> None:
    """After a restore every read answers as before the save, twice in a row, and sessions are valid again."""
    assert world.account.control("state", {"save": "good"}) == (200, {"saved": ["good"]})
    before = world.everything()
    for _ in range(2):
        world.spoil()
        world.account.control("clock", {"advance": 4000})
        with pytest.raises(ClientError, match="ExpiredToken"):
            world.account.client("sts", world.session).get_caller_identity()
        assert world.account.control("state", {"restore": "good"})[0] == 200
        assert world.everything() == before


def test_the_trail_comes_back(world: World) -> None:
    """Events recorded after a save are gone after the restore; those before it are there."""

    def names() -> set[str]:
        world.account.control("clock", {"advance": 1})
        found = world.of["cloudtrail"].get_paginator("lookup_events").paginate()
        return {event["EventName"] for page in found for event in page["Events"]}

    world.account.control("state", {"save": "trail"})
    world.of["iam"].create_group(GroupName="noticed")
    assert {"CreateGroup", "CreateBucket"} <= names()
    world.account.control("state", {"restore": "trail"})
    assert "CreateGroup" not in names()
    assert "CreateBucket" in names()


def test_a_saved_state_is_a_whole_moment(start_embedded: Callable[..., Any]) -> None:
    """A state saved while eight clients write holds each one's objects without a gap, and a later one no fewer."""
    with start_embedded() as account:
        account.client("s3").create_bucket(Bucket="crowd")
        stop = threading.Event()

        def write(number: int) -> None:
            s3 = account.client("s3")
            turn = 0
            while not stop.is_set():
                s3.put_object(Bucket="crowd", Key=f"{number}/{turn}", Body=b"x")
                turn += 1

        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        answers = [account.control("state", {"save": f"s{number}"})[0] for number in range(5)]
        stop.set()
        for writer in writers:
            writer.join()
        assert answers == [200] * 5
        sizes = []
        for number in range(5):
            assert account.control("state", {"restore": f"s{number}"})[0] == 200
            keys = account.client("s3").list_objects_v2(Bucket="crowd").get("Contents", [])
            turns: dict[str, list[int]] = {}
            for found in keys:
                writer_name, _, turn = found["Key"].partition("/")
                turns.setdefault(writer_name, []).append(int(turn))
            assert all(sorted(seen) == list(range(len(seen))) for seen in turns.values()), json.dumps(turns)
            sizes.append(len(keys))
        assert sizes == sorted(sizes)
