"""What a resource type's functions work with: the resource, and calls with the rights of the stack's deployer.

A call goes the way of every call (``localaws.dispatch``): IAM decides, CloudTrail records it with ``invokedBy``
cloudformation.amazonaws.com. Source: IAM User Guide, "Forward access sessions"; CloudFormation User Guide, "Service
role": with a role, all calls are that role's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localaws.call import Call, Handler
from localaws.cloudformation.problems import Failed, handler_code, reason
from localaws.cloudformation.schema import Schema
from localaws.cloudformation.state import Held, Stack
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

SERVICE = "cloudformation.amazonaws.com"
NAMES = {"iam": "Iam", "s3": "S3", "lakeformation": "LakeFormation", "secretsmanager": "SecretsManager",
         "sagemaker": "SageMaker", "cloudtrail": "CloudTrail", "sso-admin": "SsoAdmin",
         "cloudformation": "CloudFormation"}  # fmt: skip
"""Services as the SDK of the resource handlers names them in an error's text; others with a capital."""
SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Work:
    """One resource in the works. ``actor`` is a call of whoever deploys: the caller, or the stack's role."""

    account: Account
    actor: Call
    stack: Stack
    held: Held
    schema: Schema
    done: list[str] = field(default_factory=list)
    """The operations that were answered, reads left out."""

    def call(self, service: str, operation: str, params: Mapping[str, Any], handler: Handler | None = None) -> Any:
        """Make a call. Raises Failed with the event's reason where it is refused."""
        from localaws.dispatch import perform  # every service is behind it, this one too

        acting = self.actor.acting(service, operation, {k: v for k, v in params.items() if v is not None}, SERVICE)
        try:
            output = perform(self.account, acting, handler)
        except AwsError as error:
            name = NAMES.get(service, service.capitalize())
            raise Refused(reason(error, name, acting.request_id), error) from error
        if not operation.startswith(("Get", "List", "Describe")):
            self.done.append(operation)
        return output

    def find(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        """As ``call``, but None where the service does not have what the call is about."""
        try:
            return self.call(service, operation, params)
        except Refused as refused:
            if not refused.gone:
                raise
            return None

    def remove(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Make a call that takes something away; that it is gone already is as good."""
        self.find(service, operation, params)

    def born(self, physical_id: str, **attributes: Any) -> None:
        """The service has made the resource: from now on a rollback deletes it. Attributes are added."""
        self.held.physical_id = physical_id
        self.held.attributes.update(attributes)

    def named(self, wanted: Mapping[str, Any], most: int, lower: bool = False) -> str:
        """The name that the template gives, or one made of stack, resource and chance, of ``most`` characters.

        Source: CloudFormation User Guide, "Name type".
        """
        given = wanted.get(self.schema.named_by or "")
        if given:
            return str(given)
        return made_up(self.stack.name, self.held.logical_id, most, lower)


class Refused(Failed):
    """A service refused a call. ``gone`` when it does not have what the call is about."""

    def __init__(self, text: str, error: AwsError) -> None:
        super().__init__(text)
        self.gone = handler_code(error) == "NotFound"


def made_up(stack: str, logical_id: str, most: int, lower: bool = False) -> str:
    """``stack-LogicalId-0123456789AB``, shortened to ``most`` characters before its random end."""
    end = "".join(secrets.choice(SUFFIX) for _ in range(12))
    name = f"{f'{stack}-{logical_id}'[: most - 13]}-{end}"
    return name.lower() if lower else name


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How resources of one type are made, changed in place, and deleted.

    ``create`` gets the properties, calls ``work.born`` as soon as the service has made the resource, and may go on.
    ``update`` gets the new properties; the former are ``work.held.properties``. ``delete`` gets only the work.
    Each raises Failed.
    """

    create: Callable[[Work, Mapping[str, Any]], None]
    update: Callable[[Work, Mapping[str, Any]], None]
    delete: Callable[[Work], None]
