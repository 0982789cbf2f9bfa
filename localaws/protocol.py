"""From an HTTP request to an operation and its parameters, by the service's own model.

Routing and parsing are moto.core's, driven by botocore's service models. What a client got wrong is answered as the
service answers it, never with a 500. Codes: "Common errors" of the services' API references; S3's "Error responses".
"""

from __future__ import annotations

import binascii
import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_timestamp
from botocore.validate import ParamValidator
from moto.core.model import OperationModel
from moto.core.parse import JSONParser, QueryParser, RequestParserError, RestJSONParser, RestXMLParser
from moto.core.request import Request
from moto.core.routing import PROTOCOL_ROUTERS, ProtocolRouter
from werkzeug.exceptions import HTTPException

from localaws import checksums, services
from localaws.environ import moto_request
from localaws.errors import AwsError
from localaws.services import Service
from localaws.wire import Headers, HttpRequest

UNKNOWN_OPERATION = {
    "query": ("InvalidAction", 400),
    "json": ("UnknownOperationException", 400),
    "rest-json": ("UnknownOperationException", 404),
    "rest-xml": ("MethodNotAllowed", 405),
}
MALFORMED_BODY = {
    "query": "MalformedInput",
    "json": "SerializationException",
    "rest-json": "SerializationException",
    "rest-xml": "MalformedXML",
}
INVALID_PARAMETERS = {
    "query": "ValidationError",
    "json": "ValidationException",
    "rest-json": "ValidationException",
    "rest-xml": "InvalidRequest",
}
MODELLED_INVALID = ("ValidationException", "InvalidRequestException", "InvalidInputException")
"""What a service that models its own validation error calls it: an operation's first one wins (inferred)."""

MAX_DOCUMENT = 8 * 1024 * 1024
"""Bytes of a body that is read as a document (inferred: each service has a limit of its own, none has a larger one)."""

VIRTUAL_HOST = ".localhost"
UNREADABLE = (RequestParserError, ValueError, TypeError, AttributeError, KeyError, RecursionError, binascii.Error)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An operation with its parameters, named as in the service model; timestamps are aware, blobs are bytes.

    ``problem`` says why the body could not be read or does not fit the model; None when all is well.
    """

    operation: OperationModel
    params: dict[str, Any]
    problem: AwsError | None = None


def parse(service: Service, request: HttpRequest) -> Parsed:
    """The operation that ``request`` asks ``service`` for. Its body has no coding left.

    Raises AwsError when the request names no operation of the service. A body that cannot be read, or parameters
    that do not fit the model, are reported in ``problem``, so that the refused call can still be recorded.
    """
    body = request.body
    if service.protocol != "rest-xml" and len(body) > MAX_DOCUMENT:
        raise _too_large(service)
    routed = _routable(service, request)
    try:
        operation, uri_params = _router(service).match(routed)
    except HTTPException:
        code, status = UNKNOWN_OPERATION[service.protocol]
        raise AwsError(code, _unknown(service, request, routed), status) from None
    if len(body) > MAX_DOCUMENT and not operation.has_streaming_input:
        return Parsed(operation, {}, _too_large(service))
    parser = PARSERS[service.protocol](operation, timestamp_parser=_aware_timestamp)
    try:
        params = parser.parse(
            {
                "method": request.method,
                "values": routed.values if service.protocol == "query" else routed.args,
                "headers": Headers(request.headers),
                "body": body or (b"{}" if service.protocol == "json" else b""),
                "url_path": routed.path,
                "url_params": uri_params,
            }
        )
        given = {name: value for name, value in params.items() if value is not None and not _unsent(value, service)}
    except UNREADABLE:
        return Parsed(operation, {}, AwsError(MALFORMED_BODY[service.protocol], _malformed(service)))
    problem = invalid(service, operation, given)
    if problem is None and service.name == "s3":
        problem = checksums.mismatch(operation.name, request)
    return Parsed(operation, given, problem)


def _unsent(value: Any, service: Service) -> bool:
    """moto's parser answers a map in headers (S3's metadata) with an empty one when no such header was sent."""
    return service.protocol == "rest-xml" and value == {}


class _StrictJSON(JSONParser):
    """moto's parser takes a body that is not JSON for a message; AWS refuses it."""

    def _parse_body_as_json(self, body_contents: bytes) -> Any:
        return json.loads(body_contents) if body_contents else {}


class _StrictRestJSON(RestJSONParser):
    _parse_body_as_json = _StrictJSON._parse_body_as_json


PARSERS: dict[str, Any] = {
    "query": QueryParser,
    "json": _StrictJSON,
    "rest-json": _StrictRestJSON,
    "rest-xml": RestXMLParser,
}


def _routable(service: Service, request: HttpRequest) -> Request:
    """The request as moto's router reads it: path-style for S3; only a query service's body is read as a form."""
    path = request.raw_path
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    if service.name == "s3" and host.endswith(VIRTUAL_HOST):
        path = f"/{host.removesuffix(VIRTUAL_HOST)}{path}"
    names = ("content-type",) if service.protocol == "query" else ()
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-amz-") or name in names}
    form = request.body if service.protocol == "query" else b""
    return moto_request(request.method, path, request.raw_query, "localhost", headers, form, form=True)


@functools.cache
def _router(service: Service) -> ProtocolRouter:
    return PROTOCOL_ROUTERS[service.protocol](services.model(service.name))


@functools.cache
def _validator() -> ParamValidator:
    return ParamValidator()


def _aware_timestamp(value: Any) -> datetime:
    parsed: datetime = parse_timestamp(value)
    return parsed.astimezone(UTC)


def _unknown(service: Service, request: HttpRequest, routed: Request) -> str:
    if service.protocol == "query":
        action, version = routed.values.get("Action", ""), routed.values.get("Version", "")
        return f"Could not find operation {action} for version {version}"
    if service.protocol == "rest-xml":
        return "The specified method is not allowed against this resource."
    target = request.headers.get("x-amz-target") or f"{request.method} {request.raw_path}"
    return f"{service.name} has no operation {target}"


def _malformed(service: Service) -> str:
    if service.protocol == "rest-xml":
        return "The XML you provided was not well-formed or did not validate against our published schema"
    return "The request body could not be read"


def _too_large(service: Service) -> AwsError:
    if service.protocol == "rest-xml":
        return AwsError("MaxMessageLengthExceeded", "Your request was too big.", 400)
    code = "RequestEntityTooLarge" if service.protocol == "query" else "RequestEntityTooLargeException"
    return AwsError(code, f"The request body is larger than {MAX_DOCUMENT} bytes", 413)


def invalid(service: Service, operation: OperationModel, params: dict[str, Any]) -> AwsError | None:
    """What is wrong with ``params``, in the words of AWS's validation ("1 validation error detected: ...")."""
    if operation.input_shape is None:
        return None
    report = _validator().validate(params, operation.input_shape)
    if not report.has_errors():
        return None
    errors = report._errors
    if service.protocol != "query" and any(kind == "invalid type" for kind, _, _ in errors):
        return AwsError(MALFORMED_BODY[service.protocol], _malformed(service))
    modelled = {shape.name for shape in operation.error_shapes}
    code = next((code for code in MODELLED_INVALID if code in modelled), INVALID_PARAMETERS[service.protocol])
    problems = list(_problems(errors))
    count = len(problems)
    return AwsError(code, f"{count} validation error{'s'[: count > 1]} detected: {'; '.join(problems)}")


def _problems(errors: Iterable[tuple[str, str, dict[str, Any]]]) -> Iterable[str]:
    for kind, path, details in errors:
        if kind == "missing required field":
            where = f"{path}.{details['required_name']}"
            yield f"Value null at '{_lower_first(where)}' failed to satisfy constraint: Member must not be null"
        elif kind == "invalid range" or kind == "invalid length":
            least = "value" if kind == "invalid range" else "length"
            value = f" '{details['param']}'" if kind == "invalid range" else ""
            yield (
                f"Value{value} at '{_lower_first(path)}' failed to satisfy constraint: "
                f"Member must have {least} greater than or equal to {details['min_allowed']}"
            )
        else:
            yield f"Value at '{_lower_first(path)}' failed to satisfy constraint: {kind}"


def _lower_first(path: str) -> str:
    return ".".join(part[:1].lower() + part[1:] for part in path.split(".") if part)
