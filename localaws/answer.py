"""From an operation's output, or an AwsError, to the HTTP response of the service's protocol.

Outputs go through moto.core's serialisers, but for the query protocol's (``query_xml``). Errors are written here, since
their status and code are AwsError's: JSON's ``__type``, the query protocol's ``ErrorResponse``, S3's bare ``Error``
(botocore's parsers read them back).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from moto.core.model import OperationModel, StructureShape
from moto.core.serialize import SerializationContext, get_serializer_class

from localaws import query_xml, services
from localaws.errors import AwsError
from localaws.services import Protocol, Service
from localaws.wire import HttpResponse

REQUEST_ID_HEADER = {
    "query": "x-amzn-RequestId",
    "json": "x-amzn-RequestId",
    "rest-json": "x-amzn-RequestId",
    "rest-xml": "x-amz-request-id",
}
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""

REQUEST_ID_ELEMENT = re.compile(rb"<(RequestI[dD])>[^<]*</\1>")
"""Where the query protocol, and an error of S3, name the request: SDKs read it there, not in a header."""

HOP_HEADERS = frozenset({"server", "date", "status", "connection", "transfer-encoding", "x-amzn-requestid"})
"""Headers of an answer from the store that are not the service's to send on."""


def success(service: Service, operation: OperationModel, output: Mapping[str, Any], request_id: str) -> HttpResponse:
    """``output``, named as in the service model, as the answer of ``operation``."""
    if service.protocol == "query":
        named = {REQUEST_ID_HEADER["query"]: request_id, "Content-Type": "text/xml"}
        return HttpResponse(200, named, query_xml.written(operation, output, request_id).encode())
    serializer = get_serializer_class(service.name, service.protocol)(operation, SerializationContext(request_id))
    answer = serializer.serialize(output)
    body = answer["body"]
    headers = {**answer["headers"], REQUEST_ID_HEADER[service.protocol]: request_id}
    return HttpResponse(answer["status_code"], headers, body.encode() if isinstance(body, str) else body)


def stored(service: Service, status: int, headers: Mapping[str, str], body: bytes, request_id: str) -> HttpResponse:
    """An answer of the store's as this account gives it: under the request's own id, by which the trail names it."""
    sent = {name: value for name, value in headers.items() if name not in HOP_HEADERS}
    if service.protocol == "query" or (service.protocol == "rest-xml" and status >= 400):
        sent.pop("content-length", None)
        body = REQUEST_ID_ELEMENT.sub(rf"<\1>{request_id}</\1>".encode(), body)
    return HttpResponse(status, sent | {REQUEST_ID_HEADER[service.protocol]: request_id}, body)


def refusal(protocol: Protocol, error: AwsError, request_id: str, service: str | None = None) -> HttpResponse:
    """``error`` as a service that speaks ``protocol`` answers it. ``service`` is botocore's name, if one is known."""
    headers = {REQUEST_ID_HEADER[protocol]: request_id}
    if protocol in ("json", "rest-json"):
        document: dict[str, Any] = {"__type": error.code, _message_member(service, error.code): error.message}
        document.update({name: value for name, value in error.members.items() if value is not None})
        headers["x-amzn-ErrorType"] = error.code
        headers["Content-Type"] = "application/x-amz-json-1.1" if protocol == "json" else "application/json"
        return HttpResponse(error.status, headers, json.dumps(document, default=str).encode())
    fields = {"Code": error.code, "Message": error.message, **error.members}
    inner = "".join(f"<{name}>{escape(NOT_XML.sub('?', str(value)))}</{name}>" for name, value in fields.items())
    if protocol == "query":
        fault = "Sender" if error.status < 500 else "Receiver"
        document_text = (
            f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        headers["Content-Type"] = "text/xml"
    else:
        document_text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error>{inner}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
        )
        headers["Content-Type"] = "application/xml"
    return HttpResponse(error.status, headers, document_text.encode())


def _message_member(service: str | None, code: str) -> str:
    """What the service's model calls the message of this error; ``message`` for an error that it does not model."""
    if service is not None:
        for shape in services.model(service).error_shapes:
            if shape.name == code and isinstance(shape, StructureShape):
                return next((name for name in shape.members if name.lower() == "message"), "message")
    return "message"
