"""How each protocol refuses a request whose signature does not hold.

S3: Amazon S3 API Reference, "Error responses". query: IAM and STS API references, "Common errors" and the messages
that botocore's own tests and public reports quote. json: "Common errors" of the JSON services (UnrecognizedClient-
Exception, InvalidSignatureException, ...), statuses as Athena and Glue send them (400). rest-json: the same codes with
status 403, as Lake Formation sends them (inferred from API Gateway's rest-json front end).
"""

from __future__ import annotations

from typing import Any, Literal

from localaws.errors import AwsError
from localaws.services import Protocol

Reason = Literal[
    "anonymous",
    "incomplete",
    "unknown_key",
    "wrong_signature",
    "skewed",
    "presigned_expired",
    "expired_token",
    "invalid_token",
    "wrong_scope",
    "unsigned_header",
    "payload_mismatch",
    "missing_payload_hash",
    "malformed_presigned",
    "unknown_algorithm",
]

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_NO_TOKEN = "Missing Authentication Token"

S3: dict[Reason, tuple[str, int, str]] = {
    "anonymous": ("AccessDenied", 403, "Access Denied"),
    "incomplete": ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed; {detail}"),
    "unknown_key": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    "wrong_signature": (
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
    ),
    "skewed": (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    "presigned_expired": ("AccessDenied", 403, "Request has expired"),
    "expired_token": ("ExpiredToken", 400, "The provided token has expired."),
    "invalid_token": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    "wrong_scope": ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed; {detail}"),
    "unsigned_header": ("AccessDenied", 403, "There were headers present in the request which were not signed"),
    "payload_mismatch": (
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    "missing_payload_hash": (
        "InvalidRequest",
        400,
        "Missing required header for this request: x-amz-content-sha256",
    ),
    "malformed_presigned": ("AuthorizationQueryParametersError", 400, "{detail}"),
    "unknown_algorithm": (
        "InvalidRequest",
        400,
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    ),
}

QUERY: dict[Reason, tuple[str, int, str]] = {
    "anonymous": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    "incomplete": ("IncompleteSignature", 403, "{detail}"),
    "unknown_key": ("InvalidClientTokenId", 403, _INVALID),
    "wrong_signature": ("SignatureDoesNotMatch", 403, _MISMATCH),
    "skewed": ("SignatureDoesNotMatch", 403, "Signature not yet current or expired: {detail}"),
    "presigned_expired": ("SignatureDoesNotMatch", 403, "Signature expired: {detail}"),
    "expired_token": ("ExpiredToken", 403, _EXPIRED),
    "invalid_token": ("InvalidClientTokenId", 403, _INVALID),
    "wrong_scope": ("SignatureDoesNotMatch", 403, "{detail}"),
    "unsigned_header": ("SignatureDoesNotMatch", 403, "{detail} must be a 'SignedHeader' in the AWS Authorization."),
    "payload_mismatch": ("SignatureDoesNotMatch", 403, _MISMATCH),
    "missing_payload_hash": ("SignatureDoesNotMatch", 403, _MISMATCH),
    "malformed_presigned": ("IncompleteSignature", 403, "{detail}"),
    "unknown_algorithm": ("IncompleteSignature", 403, "Unsupported AWS 'algorithm': '{detail}'."),
}

JSON: dict[Reason, tuple[str, int, str]] = {
    "anonymous": ("MissingAuthenticationTokenException", 400, _NO_TOKEN),
    "incomplete": ("IncompleteSignatureException", 400, "{detail}"),
    "unknown_key": ("UnrecognizedClientException", 400, _INVALID),
    "wrong_signature": ("InvalidSignatureException", 400, _MISMATCH),
    "skewed": ("InvalidSignatureException", 400, "Signature not yet current or expired: {detail}"),
    "presigned_expired": ("InvalidSignatureException", 400, "Signature expired: {detail}"),
    "expired_token": ("ExpiredTokenException", 400, _EXPIRED),
    "invalid_token": ("UnrecognizedClientException", 400, _INVALID),
    "wrong_scope": ("InvalidSignatureException", 400, "{detail}"),
    "unsigned_header": (
        "InvalidSignatureException",
        400,
        "{detail} must be a 'SignedHeader' in the AWS Authorization.",
    ),
    "payload_mismatch": ("InvalidSignatureException", 400, _MISMATCH),
    "missing_payload_hash": ("InvalidSignatureException", 400, _MISMATCH),
    "malformed_presigned": ("IncompleteSignatureException", 400, "{detail}"),
    "unknown_algorithm": ("IncompleteSignatureException", 400, "Unsupported AWS 'algorithm': '{detail}'."),
}


def refuse(protocol: Protocol, reason: Reason, detail: str = "", **members: Any) -> AwsError:
    """The error of ``protocol`` for ``reason``. ``members`` are further members of S3's error document."""
    table = {"rest-xml": S3, "query": QUERY}.get(protocol, JSON)
    code, status, message = table[reason]
    if protocol == "rest-json":
        status = 403
    return AwsError(code, message.format(detail=detail), status, members if protocol == "rest-xml" else {})
