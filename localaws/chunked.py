"""S3's ``aws-chunked`` uploads: signed chunks, signed or unsigned trailers.

Source: S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
Chunks" and "... Including trailing headers".
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from localaws import canonical
from localaws.checksums import DIGESTS
from localaws.errors import AwsError
from localaws.wire import HttpRequest

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CODINGS = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})
TRAILER_SIGNATURE = "x-amz-trailer-signature"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Seed:
    """What the first chunk's signature is chained to: the request's own signature."""

    key: bytes
    amz_date: str
    scope: str
    signature: str


def decoded(request: HttpRequest, coding: str, seed: Seed) -> HttpRequest:
    """The request with its plain body; trailing headers have become headers, and the coding is gone from them.

    Raises AwsError for a wrong chunk or trailer signature, a wrong length or a broken coding.
    """
    declared = request.headers.get("x-amz-decoded-content-length", "")
    if not (declared.isascii() and declared.isdecimal()):
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    content, signature, position = _content(request.body, coding, seed)
    if len(content) != int(declared):
        raise _incomplete()
    headers = {**request.headers, **_trailer(request, coding, seed, signature, request.body[position:])}
    codings = [name.strip() for name in headers.pop("content-encoding", "").split(",")]
    kept = ",".join(name for name in codings if name and name != "aws-chunked")
    if kept:
        headers["content-encoding"] = kept
    return replace(request, headers=headers, body=content)


def _content(body: bytes, coding: str, seed: Seed) -> tuple[bytes, str, int]:
    """The bytes of all chunks, the last chunk's signature, and where the chunks end."""
    content = bytearray()
    previous = seed.signature
    position = 0
    while True:
        size, signature, position = _chunk_header(body, position)
        chunk = body[position : position + size]
        if len(chunk) != size:
            raise _incomplete()
        if coding != UNSIGNED_TRAILER:
            digest = hashlib.sha256(chunk).hexdigest()
            text = f"AWS4-HMAC-SHA256-PAYLOAD\n{seed.amz_date}\n{seed.scope}\n{previous}\n{EMPTY_HASH}\n{digest}"
            previous = _expect(seed.key, text, signature)
        position += size
        if size == 0:
            return bytes(content), previous, position
        if body[position : position + 2] != b"\r\n":
            raise _incomplete()
        position += 2
        content += chunk


def _chunk_header(body: bytes, position: int) -> tuple[int, str, int]:
    end = body.find(b"\r\n", position)
    if end < 0:
        raise _incomplete()
    length, _, extension = body[position:end].partition(b";")
    try:
        size = int(length, 16)
    except ValueError:
        raise _incomplete() from None
    if size < 0:
        raise _incomplete()
    return size, extension.removeprefix(b"chunk-signature=").decode("latin-1"), end + 2


def _trailer(request: HttpRequest, coding: str, seed: Seed, previous: str, rest: bytes) -> dict[str, str]:
    """The trailing headers: those that X-Amz-Trailer announces and no others, by lower-case name."""
    lines = [line.partition(":")[::2] for line in rest.decode("latin-1").split("\r\n") if line]
    fields = {name.strip().lower(): value.strip() for name, value in lines}
    signature = fields.pop(TRAILER_SIGNATURE, "")
    announced = {name.strip().lower() for name in request.headers.get("x-amz-trailer", "").split(",") if name.strip()}
    if set(fields) != announced or not announced <= set(DIGESTS) or (coding == SIGNED and announced):
        raise AwsError("MalformedTrailerError", "The request contained trailing data that was not well-formed.", 400)
    if coding == SIGNED_TRAILER:
        canonical_trailer = "".join(f"{name}:{value}\n" for name, value in fields.items())
        digest = hashlib.sha256(canonical_trailer.encode("latin-1")).hexdigest()
        _expect(seed.key, f"AWS4-HMAC-SHA256-TRAILER\n{seed.amz_date}\n{seed.scope}\n{previous}\n{digest}", signature)
    return fields


def _expect(key: bytes, text: str, signature: str) -> str:
    expected = canonical.sign(key, text)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            403,
        )
    return expected


def _incomplete() -> AwsError:
    return AwsError("IncompleteBody", "The request body terminated unexpectedly", 400)
