"""A small data lake in an embedded account: its administrator, its people, its tables, through boto3 alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

BUCKET = "lake"
ENGINE = "trusted-engine"
COLUMNS = (("a", "string"), ("b", "string"), ("c", "string"), ("n", "int"))
KEYS = (("p", "string"),)
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
IAM_ALLOWED = "IAM_ALLOWED_PRINCIPALS"


@dataclass
class Lake:
    """``embedded`` is the process; the account's ``administrator`` is made a data lake administrator."""

    embedded: Any
    people: dict[str, str] = field(default_factory=dict)
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def start(self) -> Lake:
        """Bucket, administrator, a trusted engine, a registered location."""
        self.s3.create_bucket(Bucket=BUCKET)
        self.put_settings(
            DataLakeAdmins=[{"DataLakePrincipalIdentifier": self.administrator}],
            AllowExternalDataFiltering=True,
            AuthorizedSessionTagValueList=[ENGINE],
        )
        self.lf.register_resource(ResourceArn=f"arn:aws:s3:::{BUCKET}/governed", UseServiceLinkedRole=True)
        self.lf.register_resource(
            ResourceArn=f"arn:aws:s3:::{BUCKET}/hybrid", UseServiceLinkedRole=True, HybridAccessEnabled=True
        )
        return self

    @cached_property
    def lf(self) -> Any:
        return self.embedded.client("lakeformation")

    @cached_property
    def glue(self) -> Any:
        return self.embedded.client("glue")

    @cached_property
    def s3(self) -> Any:
        return self.embedded.client("s3")

    @cached_property
    def iam(self) -> Any:
        return self.embedded.client("iam")

    @property
    def administrator(self) -> str:
        return f"arn:aws:iam::{self.embedded.account_id}:user/administrator"

    def put_settings(self, **changed: Any) -> None:
        """Change some data lake settings, keep the others."""
        settings = self.lf.get_data_lake_settings()["DataLakeSettings"]
        self.lf.put_data_lake_settings(DataLakeSettings={**settings, **changed})

    def person(self, name: str) -> str:
        """The ARN of a role that IAM lets do everything; made at the first use."""
        if name == IAM_ALLOWED:
            return name
        if name not in self.people:
            trust = {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": self.embedded.account_id},
                        "Action": ["sts:AssumeRole", "sts:TagSession"],
                    }
                ],
            }
            created = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
            self.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
            self.people[name] = created["Role"]["Arn"]
        return self.people[name]

    def identifier(self, who: str) -> str:
        """What a grant must name: a person's ARN, or ``who`` itself if it is an ARN, a group or an account."""
        return who if ":" in who or who.isdigit() else self.person(who)

    def as_person(self, name: str, service: str) -> Any:
        """A client of the person (kept), whose session is that of an engine trusted to filter."""
        if (name, service) not in self.clients:
            tag = {"Key": "LakeFormationAuthorizedCaller", "Value": ENGINE}
            credentials = self.embedded.as_role(self.person(name), "session", Tags=[tag])
            self.clients[name, service] = self.embedded.client(service, credentials)
        return self.clients[name, service]

    def database(self, name: str, iam_only: bool = False) -> None:
        """A database made by the administrator; not open to IAM_ALLOWED_PRINCIPALS unless asked for."""
        self.glue.create_database(DatabaseInput={"Name": name})
        if not iam_only:
            self.revoke(IAM_ALLOWED, {"Database": {"Name": name}}, ["ALL"])
            self.glue.update_database(Name=name, DatabaseInput={"Name": name, "CreateTableDefaultPermissions": []})

    def table(self, database: str, name: str = "t", where: str = "governed", columns: Any = COLUMNS) -> None:
        """A table with columns a, b, c, n and the partition key p."""
        self.glue.create_table(DatabaseName=database, TableInput=self.table_input(database, name, where, columns))

    def table_input(self, database: str, name: str, where: str = "governed", columns: Any = COLUMNS) -> dict[str, Any]:
        """Glue's TableInput of ``table``."""
        shaped = [{"Name": column, "Type": kind} for column, kind in columns]
        return {
            "Name": name,
            "StorageDescriptor": {"Columns": shaped, "Location": f"s3://{BUCKET}/{where}/{database}/{name}/"},
            "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in KEYS],
        }

    def grant(self, who: str, on: dict[str, Any], permissions: Any, option: Any = (), client: Any = None) -> None:
        """Grant to a person (by name) as the administrator, or with another client."""
        (client or self.lf).grant_permissions(
            Principal={"DataLakePrincipalIdentifier": self.identifier(who)},
            Resource=on,
            Permissions=list(permissions),
            PermissionsWithGrantOption=list(option),
        )

    def revoke(self, who: str, on: dict[str, Any], permissions: Any, option: Any = (), client: Any = None) -> None:
        """Revoke from a person (by name)."""
        (client or self.lf).revoke_permissions(
            Principal={"DataLakePrincipalIdentifier": self.identifier(who)},
            Resource=on,
            Permissions=list(permissions),
            PermissionsWithGrantOption=list(option),
        )

    def listed(self, size: int = 1000, client: Any = None, **parameters: Any) -> list[dict[str, Any]]:
        """All rows of ListPermissions, in pages of ``size``."""
        rows: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            answer = (client or self.lf).list_permissions(MaxResults=size, **parameters, **token)
            rows += answer["PrincipalResourcePermissions"]
            if not answer.get("NextToken"):
                return rows
            token = {"NextToken": answer["NextToken"]}


def code_of(call: Any, *arguments: Any, **parameters: Any) -> str:
    """The error code with which a call is refused, "" if it is not."""
    return refusal_of(call, *arguments, **parameters)[0]


def refusal_of(call: Any, *arguments: Any, **parameters: Any) -> tuple[str, str]:
    """The error code and message with which a call is refused, empty if it is not."""
    try:
        call(*arguments, **parameters)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "", ""
