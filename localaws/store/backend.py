"""The door to moto: runs one operation through moto's own Response class, in process.

moto 5.2.5 is pinned; what is private to it stays in this package. Nothing here decides about access: moto's own
authorisation is never switched on (``corrections`` closes the one place where it evaluates a policy unasked).
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
from moto.core.base_backend import BackendDict
from moto.core.model import OperationModel
from moto.core.request import Request
from moto.glue.models import glue_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from localaws import services
from localaws.environ import moto_request
from localaws.errors import AwsError, not_implemented
from localaws.store import corrections
from localaws.wire import Headers

RESPONSES: dict[str, str] = {
    "s3": "moto.s3.responses:S3Response",
    "iam": "moto.iam.responses:IamResponse",
    "glue": "moto.glue.responses:GlueResponse",
    "secretsmanager": "moto.secretsmanager.responses:SecretsManagerResponse",
    "sso-admin": "moto.ssoadmin.responses:SSOAdminResponse",
    "identitystore": "moto.identitystore.responses:IdentityStoreResponse",
}

Backends = dict[tuple[str, str], Any]
"""moto's backends by service name and region (or partition, for a global service)."""

corrections.apply()


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as moto put it on the wire. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def prepare(account_id: str, region: str) -> None:
    """Make the backends of this account and region now, IAM's with AWS's managed policies. Raises ValueError.

    What takes some tenths of a second is then over before the first request.
    """
    try:
        for backends, place in ((iam_backends, "aws"), (s3_backends, "aws"), (glue_backends, region)):
            backends[account_id][place]
    except KeyError:
        raise ValueError(f"{region} is not a region that moto knows") from None


def all_of(account_id: str) -> Backends:
    """Every backend that holds state of the account."""
    return {
        (backends.service_name, place): found
        for backends in _in_use()
        for owner, place, found in backends.iter_backends()
        if owner == account_id
    }


def replace_all(account_id: str, replacement: Backends) -> None:
    """Put ``replacement`` in the place of every backend of the account."""
    for backends in _in_use():
        held = backends[account_id]
        for place in list(held):
            del held[place]
        for (service_name, place), found in replacement.items():
            if service_name == backends.service_name:
                held[place] = found
    buckets = s3_backends[account_id]["aws"].buckets
    owners = s3_backends.bucket_accounts
    for name in [name for name, (_, owner) in owners.items() if owner == account_id]:
        del owners[name]
    owners.update(dict.fromkeys(buckets, ("aws", account_id)))


def _in_use() -> list[Any]:
    return list(BackendDict._instances)  # type: ignore[misc]


def run(account_id: str, region: str, service: str, operation: str, params: Mapping[str, Any]) -> Raw:
    """Run ``operation`` with exactly ``params``. Raises AwsError 501 where moto does not implement it.

    An error answer of the operation itself is returned, not raised: see ``parsed``.
    """
    request = _request(account_id, region, service, _operation_model(service, operation), params)
    response = _response_class(service)()
    try:
        if service == "s3":
            respond = response.key_response if params.get("Key") else response.bucket_response
            status, headers, body = respond(request, request.raw_url, request.headers)
        else:
            status, headers, body = response._dispatch(request)
    except NotImplementedError as error:
        raise not_implemented(service, operation, f"is not implemented ({error})") from error
    content = body.encode() if isinstance(body, str) else bytes(body)
    if services.model(service).protocol == "json" and 400 < int(status) < 500:
        status = 400  # whatever moto says: a JSON service answers a client's error with 400 (AWS JSON 1.1 protocol)
    return Raw(int(status), {name.lower(): str(value) for name, value in headers.items()}, content)


def parsed(service: str, operation: str, raw: Raw) -> dict[str, Any]:
    """The output of ``operation``, named as in the service model. Raises AwsError if ``raw`` is an error answer."""
    model = _operation_model(service, operation)
    parser = _parser(services.model(service).protocol)
    content = _blob_payload(model) if raw.status < 300 else None
    response = {"status_code": raw.status, "headers": Headers(raw.headers), "body": b"" if content else raw.body}
    output: dict[str, Any] = parser.parse(response, model.output_shape)
    output.pop("ResponseMetadata", None)
    if content:
        output[content] = raw.body
    if raw.status >= 300:
        error = output.pop("Error", {})
        raise AwsError(str(error.get("Code", raw.status)), error.get("Message", ""), raw.status, output)
    return output


def _blob_payload(model: OperationModel) -> str | None:
    """The member that is the whole body of an answer, as bytes; None where the body is a document."""
    shape = model.output_shape
    member = shape.serialization.get("payload") if shape is not None else None
    if shape is None or member is None or shape.members[member].type_name != "blob":
        return None
    return str(member)


def _operation_model(service: str, operation: str) -> OperationModel:
    model: OperationModel = services.model(service).operation_model(operation)
    return model


@functools.cache
def _response_class(service: str) -> Any:
    if service not in RESPONSES:
        raise not_implemented(service, "*")
    module, _, name = RESPONSES[service].partition(":")
    return getattr(importlib.import_module(module), name)


@functools.cache
def _serializer(protocol: str) -> Any:
    return botocore.serialize.create_serializer(protocol, include_validation=False)


@functools.cache
def _parser(protocol: str) -> Any:
    return botocore.parsers.create_parser(protocol)


def _request(account_id: str, region: str, service: str, model: OperationModel, params: Mapping[str, Any]) -> Request:
    """The request as an SDK would send it to ``service`` in ``region``: what was parsed and authorised, and no more."""
    host = f"{services.model(service).endpoint_prefix}.{region}.amazonaws.com"
    serialized = _serializer(services.model(service).protocol).serialize_to_request(params, model)
    botocore.awsrequest.prepare_request_dict(serialized, endpoint_url=f"http://{host}")
    url = urlsplit(serialized["url"])
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    signing_name = services.model(service).signing_name
    headers = {
        **serialized["headers"],
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20000101/{region}/{signing_name}/aws4_request",
        "x-moto-account-id": account_id,
    }
    return moto_request(serialized["method"], url.path, url.query, host, headers, content, service != "s3")
