"""An HTTP request and response as they cross the wire: nothing decoded, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """``raw_path`` and ``raw_query`` are as the client sent them (percent-encoded, without the ``?``).

    ``headers`` maps lower-case names to values; a header sent twice has its values joined by a comma (RFC 9110, 5.3).
    ``body`` has no transfer coding left, but may still be ``aws-chunked``.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes = b""
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """``headers`` need not name Content-Length, Date or Server: the server adds them."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


CUT = HttpResponse(0)
"""No answer at all: the connection is cut."""


class Headers(dict[str, str]):
    """Headers by lower-case name; lookups ignore case, as botocore's and moto's parsers expect."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.lower())


def header_mapping(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header lines as ``HttpRequest.headers`` holds them."""
    headers: dict[str, str] = {}
    for name, value in items:
        lower = name.lower()
        headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
    return headers
