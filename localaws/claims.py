"""What a request says about its signature: read, and not yet believed.

Source: S3 API Reference, "Authenticating Requests: Using the Authorization Header" and "... Using Query Parameters".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from localaws.canonical import ALGORITHM
from localaws.refusals import Reason, refuse
from localaws.services import BY_SIGNING_NAME, Service
from localaws.wire import HttpRequest

MAX_PRESIGNED_SECONDS = 7 * 24 * 3600
AMZ_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
S3_CONTROL, ACCOUNT = "/v20180820/", "x-amz-account-id"
"""How the requests of S3 Control (access grants, access points ...) begin, and the header that each of them has."""
CONTROL = Service("localaws", "json")
"""The pseudo-service of the administrator's own requests to ``/_localaws/``."""


@dataclass(frozen=True, slots=True)
class Claim:
    """``expires`` is in seconds, and None when the signature stands in the Authorization header."""

    access_key_id: str
    date: str
    region: str
    signing_name: str
    terminator: str
    amz_date: str
    signed_headers: tuple[str, ...]
    signature: str
    token: str | None
    expires: int | None = None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.signing_name}/{self.terminator}"

    @property
    def presigned(self) -> bool:
        return self.expires is not None


def named_service(request: HttpRequest) -> str | None:
    """The signing name in the credential scope, as claimed. S3 Control shares S3's; its path and header tell it."""
    source = request.headers.get("authorization", "") or dict(parse_qsl(request.raw_query)).get("X-Amz-Credential", "")
    match = re.search(r"(?:Credential=|^)[^/\s,]+/[^/]*/[^/]*/([^/,]+)/", source)
    if match and match.group(1) == "s3" and request.raw_path.startswith(S3_CONTROL) and ACCOUNT in request.headers:
        return "s3control"
    return match.group(1) if match else None


def claimed_service(request: HttpRequest) -> Service | None:
    """The service that the credential scope names, None for one that this account does not have."""
    return by_name(named_service(request) or "")


def signed_by_version_2(request: HttpRequest) -> bool:
    """Whether S3's former signature is used: botocore still presigns with it where it is not told otherwise."""
    return request.headers.get("authorization", "").startswith("AWS ") or "AWSAccessKeyId=" in request.raw_query


def by_name(signing_name: str) -> Service | None:
    """The service that a signature names so."""
    return CONTROL if signing_name == CONTROL.name else BY_SIGNING_NAME.get(signing_name)


def read_claim(request: HttpRequest, service: Service) -> Claim:
    """What the Authorization header says, or else the query. Raises AwsError when it is absent or incomplete."""
    authorization = request.headers.get("authorization")
    query = dict(parse_qsl(request.raw_query, keep_blank_values=True))
    if authorization is None and "X-Amz-Algorithm" not in query:
        raise refuse(service.protocol, "anonymous")
    if authorization is not None and "X-Amz-Algorithm" in query:
        raise refuse(service.protocol, "malformed_presigned", "Only one auth mechanism allowed")
    if authorization is None:
        return _presigned_claim(query, service)
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise refuse(service.protocol, "unknown_algorithm", algorithm)
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise refuse(service.protocol, "incomplete", f"Authorization header requires '{name}' parameter.")
    amz_date = request.headers.get("x-amz-date", "")
    if not AMZ_DATE.fullmatch(amz_date):
        raise refuse(service.protocol, "incomplete", "Date must be in ISO-8601 'basic format' in 'X-Amz-Date'.")
    return _scoped_claim(
        fields["Credential"],
        service,
        amz_date,
        fields["SignedHeaders"],
        fields["Signature"],
        request.headers.get("x-amz-security-token"),
        None,
        "incomplete",
    )


def _presigned_claim(query: dict[str, str], service: Service) -> Claim:
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise refuse(service.protocol, "malformed_presigned", 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    needed = ("X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")
    if any(not query.get(name) for name in needed):
        raise refuse(
            service.protocol,
            "malformed_presigned",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    if not AMZ_DATE.fullmatch(query["X-Amz-Date"]):
        raise refuse(service.protocol, "malformed_presigned", "X-Amz-Date must be formatted via ISO8601 Long format")
    expires = query["X-Amz-Expires"]
    if not re.fullmatch(r"\d{1,9}", expires):
        raise refuse(service.protocol, "malformed_presigned", "X-Amz-Expires should be a number")
    if not 0 < int(expires) <= MAX_PRESIGNED_SECONDS:
        raise refuse(
            service.protocol, "malformed_presigned", "X-Amz-Expires must be less than a week (in seconds) and positive"
        )
    return _scoped_claim(
        query["X-Amz-Credential"],
        service,
        query["X-Amz-Date"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Signature"],
        query.get("X-Amz-Security-Token"),
        int(expires),
        "malformed_presigned",
    )


def _scoped_claim(
    credential: str,
    service: Service,
    amz_date: str,
    signed_headers: str,
    signature: str,
    token: str | None,
    expires: int | None,
    reason: Reason,
) -> Claim:
    parts = credential.split("/")
    if len(parts) != 5:
        raise refuse(
            service.protocol,
            reason,
            'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        )
    access_key_id, date, region, signing_name, terminator = parts
    return Claim(
        access_key_id,
        date,
        region,
        signing_name,
        terminator,
        amz_date,
        tuple(signed_headers.split(";")),
        signature,
        token,
        expires,
    )
