"""The canonical request and the keys of Signature Version 4.

Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests: Using the
Authorization Header" (S3 neither normalises nor double-encodes the path).
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
UNRESERVED = "-_.~"


@functools.lru_cache(maxsize=512)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that signs for one day (``YYYYMMDD``), region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    """The hex signature of ``text``."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def string_to_sign(amz_date: str, scope: str, canonical_request: str) -> str:
    """What a request's signature is made over."""
    digest = hashlib.sha256(canonical_request.encode("latin-1", "replace")).hexdigest()
    return f"{ALGORITHM}\n{amz_date}\n{scope}\n{digest}"


def canonical_request(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    signed_headers: Iterable[str],
    payload_hash: str,
) -> str:
    """``path`` and ``query`` are canonical already; ``signed_headers`` are lower-case names in the signer's order."""
    names = list(signed_headers)
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names)
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload_hash}"


def canonical_path(raw_path: str, service: str) -> str:
    """The path as signed: for S3 each segment encoded once, for other services normalised and encoded twice.

    An encoded slash (``%2F``) stays encoded: it is part of a segment.
    """
    once = "/".join(_encode(unquote_to_bytes(segment)) for segment in raw_path.split("/"))
    if service == "s3":
        return once or "/"
    return "/".join(quote(segment, safe=UNRESERVED) for segment in _normalized(raw_path).split("/"))


def canonical_query(raw_query: str, without: str | None = None) -> str:
    """The query sorted by encoded name, then value; a name without ``=`` gets an empty value; ``+`` is a space.

    ``without`` names a parameter to leave out: a presigned URL's own signature.
    """
    pairs = []
    for item in raw_query.split("&"):
        if item:
            name, _, value = item.partition("=")
            pairs.append((_encode(_decoded(name)), _encode(_decoded(value))))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != without)


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _encode(content: bytes) -> str:
    return quote(content, safe=UNRESERVED)


def _normalized(path: str) -> str:
    """RFC 3986's dot segments and empty segments removed, as services other than S3 do."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")
