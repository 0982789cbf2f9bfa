"""What becomes of a resource policy when a user or role that it names is deleted or renamed.

AWS stores a principal's unique id and shows its ARN. Who is deleted and made again has another id: the policy names the
old one, and shows its id ("AWS can no longer map it back to a valid ARN"). Here the ARN is stored, and gives way to the
id, or to the new ARN, when the principal goes. Source: IAM User Guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from localaws.store.directory import Directory
from localaws.store.objects import Objects
from localaws.store.records import UserRecord

LEAVING = frozenset({"DeleteRole", "DeleteServiceLinkedRole", "DeleteUser", "UpdateUser"})
"""IAM's operations after which an ARN may stand for nobody, or for somebody else."""


class NamedPrincipals(Directory, Objects):
    """Trust policies of roles, policies of buckets and of secrets."""

    @contextmanager
    def followed(self, service: str, operation: str, params: Mapping[str, Any]) -> Iterator[None]:
        """Run an operation inside: afterwards every stored policy still names whom it named."""
        if service != "iam" or operation not in LEAVING:
            yield
            return
        user, role = params.get("UserName", ""), params.get("RoleName", "")
        record = self.user(user) or self._read_role(role)
        yield
        if isinstance(record, UserRecord):
            now = self.user(params.get("NewUserName", user))
            self._renamed(record.arn, now.arn if now else record.user_id)
        elif record is not None and self._read_role(role) is None:
            self._renamed(record.arn, record.role_id)

    def _renamed(self, before: str, after: str) -> None:
        for holder, attribute in list(self._policy_holders()):
            stored = getattr(holder, attribute)
            changed = renamed(stored, before, after)
            if changed is not None:
                setattr(holder, attribute, changed.encode() if isinstance(stored, bytes) else changed)

    def _policy_holders(self) -> Iterator[tuple[Any, str]]:
        """Whatever has a resource policy, with the name of the attribute that holds its JSON text."""
        yield from ((role, "assume_role_policy_document") for role in self._iam.roles.values())
        yield from ((bucket, "policy") for bucket in self._s3.buckets.values() if bucket.policy is not None)
        secrets = self._secrets.secrets.values()
        yield from ((secret, "policy") for secret in secrets if getattr(secret, "policy", None) is not None)


def renamed(text: str | bytes, before: str, after: str) -> str | None:
    """A policy document with another name for one of its principals; None when it does not name it."""
    document = json.loads(text)
    statements = document["Statement"]
    found = False
    for statement in statements if isinstance(statements, list) else [statements]:
        for principals in (statement.get("Principal"), statement.get("NotPrincipal")):
            named = principals.get("AWS") if isinstance(principals, dict) else None
            if named == before:
                principals["AWS"], found = after, True
            elif isinstance(named, list) and before in named:
                principals["AWS"], found = [after if each == before else each for each in named], True
    return json.dumps(document) if found else None
