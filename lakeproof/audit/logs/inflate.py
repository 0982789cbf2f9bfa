"""A gzip file whole, or not at all: exactly one member, its end reached, nothing behind it.

``gzip``, ``zcat`` and DuckDB read on into a second member that somebody appended; the digest's hash is over the first
one alone (awscli's validate-logs). So bytes behind the stream's end are a finding here, and never read.
"""

from __future__ import annotations

from typing import cast

from isal import isal_zlib

_ERROR = cast(type[Exception], isal_zlib.error)  # its types call it an instance

LARGEST = 1 << 30
"""Bytes that one file may inflate to. CloudTrail's own files stay under some 50 MB; a bomb would fill the memory."""
GZIP = b"\x1f\x8b"


class DamagedFile(ValueError):
    """A file that is not one whole gzip member. ``problem`` is the finding's id; the message says what is wrong."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def inflate(data: bytes, largest: int = LARGEST) -> tuple[bytes, int]:
    """The bytes of the first gzip member, and how many bytes follow it. What is no gzip is returned as it is.

    Raises DamagedFile for a stream that is cut short, corrupt, or larger than ``largest`` bytes.
    """
    if data[:2] != GZIP:
        if data and data[:1] in b"{[ \n":
            return data, 0
        raise DamagedFile("log-damaged", "neither gzip nor JSON")
    stream = isal_zlib.decompressobj(31)
    try:
        raw: bytes = stream.decompress(data, largest)
    except _ERROR as error:
        raise DamagedFile("log-damaged", f"the gzip stream is corrupt: {error}") from error
    if not stream.eof:
        if len(raw) >= largest:
            raise DamagedFile("log-damaged", f"inflates to more than {largest} bytes")
        raise DamagedFile("log-truncated", f"the gzip stream ends in the middle, after {len(raw)} bytes")
    return raw, len(stream.unused_data)
