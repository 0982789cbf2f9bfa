"""The one place through which all evidence passes before it is written: no secret leaves it.

Two nets: the values that this process was given as secrets (``protect``), wherever they stand, and the shapes of AWS's
secrets (access key ids, secret keys and session tokens beside their names, signed URLs). Either alone would miss some.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

REDACTED = "«redacted»"
WORD = 200
"""Names, ARNs and other texts up to this length are redacted once: evidence repeats them a hundred thousand times."""
MINIMUM = 8
"""A shorter secret is not replaced by value: it would tear holes into innocent words."""

NAMES = r"(?:aws_?)?(?:secret_?access_?key|session_?token|security_?token|password|secret_?string|x-amz-security-token)"

SHAPES = (
    # Access key ids: four letters that say the kind, then 16 (AWS, "Understanding unique ID prefixes").
    re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"),
    # Signed URLs, whatever signed them: the query parameters that carry the right to use them.
    re.compile(
        r"(?i)((?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|token)(?:=|%3D))[^&\s\"'<>\\]+"
    ),
    # name: value, name=value, "name": "value", in any of the spellings that AWS, boto3 and the shell use; JSON in JSON
    # escapes the quotes. A quoted value ends at its quote, or, if that is cut off, with the line.
    re.compile(
        rf"(?i)({NAMES}\\*[\"']?\s*(?:[:=]|=>)\s*)"
        r"(?:(?P<quote>\\*[\"']).*?(?<!\\)(?P=quote)|\\*[\"'].*|[^\s\"',;}&<\\]{4,})"
    ),
    # <name>value</name>, as the answers of IAM and STS have it.
    re.compile(rf"(?i)(<{NAMES}>)[^<]+"),
    # A session token by itself: base64 that starts as AWS's do.
    re.compile(r"(?<![A-Za-z0-9+/])(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/=]{16,}"),
    # The signature of a request.
    re.compile(r"(AWS4-HMAC-SHA256 Credential=)[^\s]+.*?Signature=[0-9a-f]+"),
)

SECRET_NAMES = re.compile(r"(?i)[\w-]*(?:secret|password|authorizedurl|presigned)[\w-]*|[\w-]*(?:token|credentials?)")
"""Parameters of an API call whose value is never written down."""

_protected: dict[str, None] = {}
"""Every spelling of every protected secret, the longest first: one may be a part of another."""


def protect(*secrets: str | None) -> None:
    """From now on ``secrets`` are replaced wherever they stand, also as JSON, URLs, HTML and Python write them."""
    found = {text for secret in secrets if secret and len(secret) >= MINIMUM for text in _spellings(secret)}
    if found - _protected.keys():
        every = sorted(found | _protected.keys(), key=lambda text: (-len(text), text))
        _protected.clear()
        _protected.update(dict.fromkeys(every))
        _redacted_word.cache_clear()


def redact(text: str) -> str:
    """``text`` without any secret that was protected or has the shape of one."""
    return _redacted_word(text) if len(text) <= WORD else _redacted(text)


def _redacted(text: str) -> str:
    for secret in _protected:
        text = text.replace(secret, REDACTED)
    for shape in SHAPES:
        text = shape.sub(_cut, text)
    return text


_redacted_word = lru_cache(maxsize=1 << 15)(_redacted)


def redact_value(value: Any) -> Any:
    """JSON-like ``value`` with every text in it redacted, and every member with a secret's name left out.

    What JSON has no word for (bytes, times, paths) becomes redacted text: nobody else may turn it into text later.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray):
        return redact(value.decode("utf-8", errors="replace"))
    if isinstance(value, Mapping):
        return {
            redact(str(key)): REDACTED
            if SECRET_NAMES.fullmatch(str(key)) and inner is not None
            else redact_value(inner)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence | Set) and not isinstance(value, str):
        return [redact_value(inner) for inner in value]
    return redact(str(value))


def _cut(found: re.Match[str]) -> str:
    """What stands in the place of a shape: its name, if it has one, and its quotes, so that JSON stays JSON."""
    mark = found.groupdict().get("quote") or ""
    return (found.group(1) if found.re.groups else "") + mark + REDACTED + mark


def _spellings(secret: str) -> Iterator[str]:
    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, json.dumps(in_json)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret), repr(secret)[1:-1])
