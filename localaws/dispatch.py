"""Which service answers an operation, and how a service makes a call of another one for its caller."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws import (
    athena,
    cloudformation,
    cloudtrail,
    glue,
    iam,
    lakeformation,
    protocol,
    sagemaker,
    services,
    sso,
    sts,
)
from localaws.call import Call, Handler
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account

NATIVE: dict[str, Mapping[str, Handler]] = {
    "athena": athena.HANDLERS,
    "cloudformation": cloudformation.HANDLERS,
    "cloudtrail": cloudtrail.HANDLERS,
    "glue": glue.HANDLERS,
    "iam": iam.HANDLERS,
    "identitystore": sso.IDENTITYSTORE_HANDLERS,
    "lakeformation": lakeformation.HANDLERS,
    "sagemaker": sagemaker.HANDLERS,
    "sso-admin": sso.HANDLERS,
    "sts": sts.HANDLERS,
}
"""Operations of ours. The rest of the services in ``STORED`` is the store's."""

STORED = frozenset({"s3", "iam", "glue", "secretsmanager", "sso-admin"})


def perform(account: Account, call: Call, handler: Handler | None = None) -> Mapping[str, Any]:
    """Make a call that did not come over the wire (``Call.acting``): its output. Raises AwsError where it is refused.

    It goes the way of every call: allow-list, the service model's validation, IAM with the caller's rights, the
    service, CloudTrail. Idempotency tokens are filled in as every SDK does. ``handler`` answers in the place of the
    service's own.
    """
    call.request_id = str(uuid.uuid4())
    call.time = account.clock.now()
    service = services.named(call.service)
    call.region = service.global_region or account.region
    output: Mapping[str, Any] | None = None
    refused: AwsError | None = None
    try:
        if not iam.served(call.service, call.operation):
            raise not_implemented(call.service, call.operation)
        operation = services.model(call.service).operation_model(call.operation)
        call.params = {**{name: str(uuid.uuid4()) for name in operation.idempotent_members}, **call.params}
        if (problem := protocol.invalid(service, operation, call.params)) is not None:
            raise problem
        account.authorizer.authorize(call)
        output = (handler or _answered)(account, call)
    except AwsError as error:
        refused = error
        raise
    finally:
        if output is not None or refused is not None:
            account.cloudtrail.record(call, output, refused)
    return output


def _answered(account: Account, call: Call) -> Mapping[str, Any]:
    handler = NATIVE.get(call.service, {}).get(call.operation)
    if handler is not None:
        return handler(account, call)
    if call.service not in STORED:
        raise not_implemented(call.service, call.operation)
    if call.service == "s3" and "Key" not in call.params:
        account.cloudtrail.look(call.params.get("Bucket"))
    return account.store.invoke(call.service, call.operation, call.params)
