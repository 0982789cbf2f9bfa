"""The checksums by which an S3 client vouches for a body: compared before anything is stored.

Source: S3 User Guide, "Checking object integrity"; S3 API Reference, "Error responses" (BadDigest, InvalidDigest).
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import zlib
from collections.abc import Callable

from localaws.errors import AwsError
from localaws.wire import HttpRequest

NOT_OF_THE_BODY = frozenset({"CompleteMultipartUpload"})
"""Operations whose checksum headers speak of an object, not of the request's body."""


def mismatch(operation: str, request: HttpRequest) -> AwsError | None:
    """What is wrong with the checksums of a request whose body is decoded; None when they all hold."""
    if operation in NOT_OF_THE_BODY:
        return None
    for name, digest in DIGESTS.items():
        declared = request.headers.get(name)
        if declared is None:
            continue
        label = "Content-MD5" if name == "content-md5" else name.removeprefix("x-amz-checksum-").upper()
        try:
            expected = base64.b64decode(declared, validate=True)
        except binascii.Error:
            expected = b""
        computed = digest(request.body)
        if len(expected) != len(computed):
            if label == "Content-MD5":
                return AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.", 400)
            return AwsError("InvalidRequest", f"Value for {name} header is invalid.", 400)
        if expected != computed:
            return AwsError("BadDigest", f"The {label} you specified did not match the calculated checksum.", 400)
    return None


@functools.cache
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _reflected(polynomial: int, bits: int, content: bytes) -> bytes:
    """A reflected CRC whose initial value and final XOR are all ones."""
    table, ones = _table(polynomial), (1 << bits) - 1
    value = ones
    for byte in content:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return (value ^ ones).to_bytes(bits // 8, "big")


def _crc32(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")


def _crc32c(content: bytes) -> bytes:
    return _reflected(0x82F63B78, 32, content)


def _crc64nvme(content: bytes) -> bytes:
    return _reflected(0x9A6C9329AC4BC9B5, 64, content)


DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "content-md5": lambda content: hashlib.md5(content, usedforsecurity=False).digest(),
    "x-amz-checksum-crc32": _crc32,
    "x-amz-checksum-crc32c": _crc32c,
    "x-amz-checksum-crc64nvme": _crc64nvme,
    "x-amz-checksum-sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda content: hashlib.sha256(content).digest(),
}
"""Header name to digest; also every trailer that an ``aws-chunked`` body may end with."""
