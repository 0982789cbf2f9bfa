"""S3's ``aws-chunked`` uploads: signed chunks, signed or unsigned trailers.

Source: S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
Chunks" and "... Including trailing headers".
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from localaws import canonical
from localaws.errors import AwsError
from localaws.wire import HttpRequest

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CODINGS = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Seed:
    """What the first chunk's signature is chained to: the request's own signature."""

    key: bytes
    amz_date: str
    scope: str
    signature: str


def decode(request: HttpRequest, coding: str, seed: Seed) -> bytes:
    """The object's bytes. Raises AwsError for a wrong chunk or trailer signature, a wrong length or a broken coding."""
    declared = request.headers.get("x-amz-decoded-content-length", "")
    if not declared.isdecimal():
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    content = bytearray()
    previous = seed.signature
    position = 0
    while True:
        size, signature, position = _chunk_header(request.body, position)
        chunk = request.body[position : position + size]
        if len(chunk) != size:
            raise _incomplete()
        if coding != UNSIGNED_TRAILER:
            text = "\n".join(
                (
                    "AWS4-HMAC-SHA256-PAYLOAD",
                    seed.amz_date,
                    seed.scope,
                    previous,
                    EMPTY_HASH,
                    hashlib.sha256(chunk).hexdigest(),
                )
            )
            previous = _expect(seed.key, text, signature)
        position += size
        if size == 0:
            break
        if request.body[position : position + 2] != b"\r\n":
            raise _incomplete()
        position += 2
        content += chunk
    _check_trailer(request, coding, seed, previous, request.body[position:])
    if len(content) != int(declared):
        raise _incomplete()
    return bytes(content)


def trailer(request: HttpRequest) -> dict[str, str]:
    """The trailing headers of an ``aws-chunked`` body, by lower-case name; empty without a trailer."""
    _, _, after = request.body.rpartition(b"\r\n0")
    lines = after.split(b"\r\n")[1:]
    pairs = (line.decode("latin-1").partition(":") for line in lines if b":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


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


def _check_trailer(request: HttpRequest, coding: str, seed: Seed, previous: str, rest: bytes) -> None:
    if coding == SIGNED:
        return
    lines = [line for line in rest.decode("latin-1").split("\r\n") if line]
    headers = [line for line in lines if not line.lower().startswith("x-amz-trailer-signature:")]
    declared = {name.strip().lower() for name in request.headers.get("x-amz-trailer", "").split(",") if name.strip()}
    if {line.partition(":")[0].strip().lower() for line in headers} != declared:
        raise AwsError("MalformedTrailerError", "The request contained trailing data that was not well-formed.", 400)
    if coding == SIGNED_TRAILER:
        signature = next((line.partition(":")[2].strip() for line in lines if line not in headers), "")
        canonical_trailer = "".join(
            f"{name.strip().lower()}:{value.strip()}\n" for name, _, value in (line.partition(":") for line in headers)
        )
        digest = hashlib.sha256(canonical_trailer.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256-TRAILER", seed.amz_date, seed.scope, previous, digest))
        _expect(seed.key, text, signature)


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
