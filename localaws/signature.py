"""Signature Version 4: from an HTTP request to the caller who signed it, or the refusal that AWS would send.

Source: IAM User Guide, "Signature Version 4 for API requests" and "Troubleshoot Signature Version 4"; S3 API
Reference, "Authenticating Requests (AWS Signature Version 4)". Signatures follow real time; sessions expire by the
account's clock.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from localaws import canonical, chunked
from localaws.caller import Caller
from localaws.claims import Claim, by_name, read_claim
from localaws.refusals import refuse
from localaws.services import Service
from localaws.wire import HttpRequest

if TYPE_CHECKING:
    from localaws.account import Account

MAX_SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"
HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature holds, who made it, and when by the signer's clock. Its body has no coding left."""

    caller: Caller
    request: HttpRequest
    at: datetime


def verify(account: Account, request: HttpRequest, service: Service) -> Signed:
    """The caller of ``request`` to ``service``, which is the one that its claim names.

    Raises AwsError, in the protocol's own codes, for every way in which a signature can fail.
    """
    claim = read_claim(request, service)
    _check_scope(account, claim, service)
    signed_at = _check_time(claim, service)
    secret, caller = _identify(account, claim, service)
    payload_hash = _payload_hash(request, claim, service)
    expected = canonical.sign(
        canonical.signing_key(secret, claim.date, claim.region, claim.signing_name),
        canonical.string_to_sign(claim.amz_date, claim.scope, _canonical_request(request, claim, payload_hash)),
    )
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise refuse(service.protocol, "wrong_signature", AWSAccessKeyId=claim.access_key_id)
    return Signed(caller, _decoded(request, claim, service, secret, payload_hash), signed_at)


def _check_scope(account: Account, claim: Claim, service: Service) -> None:
    """The scope must name this service, this account's region, the day of the signature, and how it ends."""
    if by_name(claim.signing_name) is not service:
        raise refuse(service.protocol, "wrong_scope", f"Credential should be scoped to service '{service.name}'.")
    regions = {account.region, service.global_region}
    if claim.terminator != "aws4_request":
        raise refuse(
            service.protocol, "wrong_scope", "Credential should be scoped with a valid terminator: 'aws4_request'."
        )
    if claim.date != claim.amz_date[:8]:
        raise refuse(
            service.protocol,
            "wrong_scope",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
            f"version of date from HTTP: '{claim.date}' != '{claim.amz_date[:8]}'.",
        )
    if claim.region not in regions:
        if service.protocol == "rest-xml":
            raise refuse(
                service.protocol,
                "wrong_scope",
                f"the region '{claim.region}' is wrong; expecting '{account.region}'",
                Region=account.region,
            )
        raise refuse(service.protocol, "wrong_scope", "Credential should be scoped to a valid region.")


def _check_time(claim: Claim, service: Service) -> datetime:
    """When the request was signed, which must be neither too long ago nor in the future."""
    try:
        signed_at = datetime.strptime(claim.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise refuse(service.protocol, "incomplete", f"'{claim.amz_date}' is not a date.") from None
    now = datetime.now(UTC)
    if claim.expires is not None and now > signed_at + timedelta(seconds=claim.expires):
        raise refuse(
            service.protocol,
            "presigned_expired",
            f"{claim.amz_date} is now earlier than {now:%Y%m%dT%H%M%SZ} ({claim.expires} s).",
            Expires=f"{signed_at + timedelta(seconds=claim.expires):%Y-%m-%dT%H:%M:%SZ}",
            ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        )
    too_old = claim.expires is None and now - signed_at > MAX_SKEW
    if too_old or signed_at - now > MAX_SKEW:
        raise refuse(
            service.protocol,
            "skewed",
            f"{claim.amz_date} is not within 15 min. of {now:%Y%m%dT%H%M%SZ}.",
            RequestTime=claim.amz_date,
            ServerTime=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            MaxAllowedSkewMilliseconds=int(MAX_SKEW.total_seconds() * 1000),
        )
    return signed_at


def _identify(account: Account, claim: Claim, service: Service) -> tuple[str, Caller]:
    """The secret of the claimed key and whose it is. A session's token must be the one that was issued with its key."""
    session = account.sts.session(claim.access_key_id)
    if session is not None:
        if claim.token is None:
            raise refuse(service.protocol, "unknown_key", AWSAccessKeyId=claim.access_key_id)
        if not hmac.compare_digest(session.token.encode(), claim.token.encode()):
            raise refuse(service.protocol, "invalid_token", **{"Token-0": claim.token})
        if session.expires_at <= account.clock.now():
            raise refuse(service.protocol, "expired_token", **{"Token-0": claim.token})
        return session.secret, session.caller
    key = account.store.access_key(claim.access_key_id)
    user = account.store.user(key.user_name) if key is not None else None
    if key is None or user is None or not key.active:
        raise refuse(service.protocol, "unknown_key", AWSAccessKeyId=claim.access_key_id)
    if claim.token is not None:
        raise refuse(service.protocol, "invalid_token", **{"Token-0": claim.token})
    return key.secret, Caller(
        "user", account.account_id, user.arn, user.user_id, access_key_id=claim.access_key_id, user_name=user.name
    )


def _payload_hash(request: HttpRequest, claim: Claim, service: Service) -> str:
    """The last line of the canonical request. Only S3 lets the client declare it; elsewhere the body speaks."""
    if service.name != "s3":
        return hashlib.sha256(request.body).hexdigest()
    declared = request.headers.get("x-amz-content-sha256")
    if claim.presigned:
        return declared or UNSIGNED
    if declared is None:
        raise refuse(service.protocol, "missing_payload_hash")
    return declared


def _canonical_request(request: HttpRequest, claim: Claim, payload_hash: str) -> str:
    service_name = "s3" if claim.signing_name == "s3" else ""
    return canonical.canonical_request(
        request.method,
        canonical.canonical_path(request.raw_path, service_name),
        canonical.canonical_query(request.raw_query, without="X-Amz-Signature" if claim.presigned else None),
        request.headers,
        claim.signed_headers,
        payload_hash,
    )


def _decoded(request: HttpRequest, claim: Claim, service: Service, secret: str, payload_hash: str) -> HttpRequest:
    """The request without payload coding, once what was signed about its body holds. Raises AwsError otherwise."""
    unsigned = _unsigned_header(request, claim)
    if unsigned is not None:
        raise refuse(service.protocol, "unsigned_header", f"'{unsigned}'", HeadersNotSigned=unsigned)
    if service.name != "s3" or payload_hash == UNSIGNED:
        return request
    if payload_hash in chunked.CODINGS:
        key = canonical.signing_key(secret, claim.date, claim.region, claim.signing_name)
        return chunked.decoded(request, payload_hash, chunked.Seed(key, claim.amz_date, claim.scope, claim.signature))
    computed = hashlib.sha256(request.body).hexdigest()
    if not HEX_DIGEST.fullmatch(payload_hash) or computed != payload_hash:
        raise refuse(
            service.protocol,
            "payload_mismatch",
            ClientComputedContentSHA256=payload_hash,
            S3ComputedContentSHA256=computed,
        )
    return request


def _unsigned_header(request: HttpRequest, claim: Claim) -> str | None:
    """A header that must be signed and is not: Host, and every ``x-amz-`` one (IAM User Guide, "Canonical headers")."""
    if "host" not in claim.signed_headers:
        return "host"
    return next(
        (name for name in request.headers if name.startswith("x-amz-") and name not in claim.signed_headers), None
    )
