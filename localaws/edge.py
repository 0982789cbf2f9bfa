"""The one way of a request: signature, protocol, IAM, service, CloudTrail, response.

Whatever passes the signature check and names an operation is recorded exactly once, allowed or refused.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError

from localaws import answer, claims, control, iam, protocol, services, signature, sts
from localaws.call import Call
from localaws.dispatch import NATIVE, STORED
from localaws.errors import AwsError, internal_failure, not_implemented
from localaws.faults import misfortune
from localaws.iam.missing import check_missing
from localaws.refusals import refuse
from localaws.services import Protocol, Service
from localaws.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from moto.core.model import OperationModel

    from localaws.account import Account

LOG = logging.getLogger(__name__)

READING = ("Get", "List", "Describe", "Head", "Search", "BatchGet")
"""Operations whose names begin so change nothing; CloudTrail writes no response elements for them."""


def respond(account: Account, request: HttpRequest) -> HttpResponse:
    """Answer one request. Never raises: what goes wrong inside is AWS's InternalFailure, with a traceback on stderr."""
    request_id = str(uuid.uuid4())
    service = claims.claimed_service(request)
    spoken = service.protocol if service else _likely_protocol(request)
    try:
        if request.raw_path.startswith(control.PREFIX):
            return control.respond(account, request, request_id)
        if service is None or service is claims.CONTROL:
            raise _no_such_service(request)
        with account.gate:
            return _serve(account, request, service, request_id)
    except AwsError as error:
        return answer.refusal(spoken, error, request_id)
    except Exception:
        LOG.exception("%s %s", request.method, request.raw_path)
        return answer.refusal(spoken, internal_failure(spoken), request_id)


def _serve(account: Account, request: HttpRequest, service: Service, request_id: str) -> HttpResponse:
    signed = signature.verify(account, request, service)
    parsed = protocol.parse(service, signed.request)
    call = Call(
        caller=signed.caller,
        service=service.name,
        operation=parsed.operation.name,
        params=parsed.params,
        region=service.global_region or account.region,
        time=account.clock.now(),
        request_id=request_id,
        source_ip=request.source_ip,
        user_agent=request.headers.get("user-agent", ""),
        host=request.headers.get("host", ""),
        headers=request.headers,
        signed_at=signed.at,
    )
    if (instead := misfortune.before(account, call, service.protocol)) is not None:
        return instead
    try:
        if not iam.served(call.service, call.operation):
            raise not_implemented(call.service, call.operation)
        if parsed.problem is not None:
            raise parsed.problem
        account.faults.refuse(call.service, call.operation)
        account.authorizer.authorize(call)
        with misfortune.noted(account, call):
            output, error, response = _run(account, call, service, parsed.operation)
    except AwsError as refused:
        output, error = None, refused
        response = answer.refusal(service.protocol, refused, request_id, call.service)
    except Exception:
        LOG.exception("%s:%s", call.service, call.operation)
        output, error = None, internal_failure(service.protocol)
        response = answer.refusal(service.protocol, error, request_id)
    call.transferred = (len(signed.request.body), len(response.body))
    account.cloudtrail.record(call, output, error)
    return misfortune.after(account, call, response)


def _run(
    account: Account, call: Call, service: Service, operation: OperationModel
) -> tuple[Mapping[str, Any] | None, AwsError | None, HttpResponse]:
    """Run an authorised call: its output and error for the record, and the response."""
    handler = NATIVE.get(call.service, {}).get(call.operation)
    if handler is not None:
        output = misfortune.shown(account, call, handler(account, call))
        return output, None, answer.success(service, operation, output, call.request_id)
    if call.service not in STORED:
        raise not_implemented(call.service, call.operation)
    if call.service == "s3" and "Key" not in call.params:
        account.cloudtrail.look(call.params.get("Bucket"))
    raw = account.store.forward(call.service, call.operation, call.params)
    check_missing(account, call, raw)
    response = answer.stored(service, raw.status, raw.headers, raw.body, call.request_id)
    if raw.status < 400 and (call.service == "s3" or call.operation.startswith(READING)):
        return {}, None, response
    try:
        return account.store.parsed(call.service, call.operation, raw), None, response
    except AwsError as refused:
        return None, refused, response


def _likely_protocol(request: HttpRequest) -> Protocol:
    """The protocol to refuse in when no known service is named, so that the client can read the refusal."""
    if "x-amz-target" in request.headers:
        return "json"
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    named = claims.named_service(request)
    if named is None:
        return "rest-json" if "json" in request.headers.get("content-type", "") else "rest-xml"
    try:
        return "rest-json" if services.model(named).protocol == "rest-json" else "rest-xml"
    except UnknownServiceError:
        return "rest-xml"


def _no_such_service(request: HttpRequest) -> AwsError:
    """An unsigned request, or one for a service that this account does not have."""
    named = claims.named_service(request)
    action = re.search(rb"(?:^|&)Action=(\w+)", request.body)
    operation = action.group(1).decode() if action else request.headers.get("x-amz-target", "").rpartition(".")[2]
    if named is None and operation in sts.UNSIGNED:
        return not_implemented("sts", operation)
    if named is None and claims.signed_by_version_2(request):
        return refuse("rest-xml", "unknown_algorithm")
    if named is None:
        return refuse(_likely_protocol(request), "anonymous")
    return not_implemented(named, operation or f"{request.method} {request.raw_path}")
