"""The one place through which all evidence passes before it is written: no secret leaves it.

Two nets: the values that this process was given as secrets (``protect``), wherever they stand, and the shapes of AWS's
secrets (access key ids, secret keys and session tokens beside their names, signed URLs). Either alone would miss some.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

REDACTED = "«redacted»"
MINIMUM = 8
"""A shorter secret is not replaced by value: it would tear holes into innocent words."""

SHAPES = (
    # Access key ids: four letters that say the kind, then 16 (AWS, "Understanding unique ID prefixes").
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    # Signed URLs, whatever signed them: the query parameters that carry the right to use them.
    re.compile(
        r"(?i)((?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|token)=)[^&\s\"'<>\\]+"
    ),
    # name: value, name=value, "name": "value", in any of the spellings that AWS, boto3 and the shell use.
    re.compile(
        r"(?i)([\"']?(?:aws_?)?(?:secret_?access_?key|session_?token|security_?token|password|secret_?string|"
        r"x-amz-security-token)[\"']?\s*(?:[:=]|=>)\s*[\"']?)[^\s\"',;}&]{4,}"
    ),
    # A session token by itself: base64 that starts as AWS's do.
    re.compile(r"\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9+/=]{16,}"),
    # The signature of a request.
    re.compile(r"(AWS4-HMAC-SHA256 Credential=)[^\s]+.*?Signature=[0-9a-f]+"),
)

SECRET_NAMES = re.compile(r"(?i)(secret|password|token$|authorizedurl|presigned|credentials?$)")
"""Parameters of an API call whose value is never written down."""

_protected: set[str] = set()


def protect(*secrets: str | None) -> None:
    """From now on ``secrets`` are replaced wherever they stand."""
    _protected.update(secret for secret in secrets if secret and len(secret) >= MINIMUM)


def redact(text: str) -> str:
    """``text`` without any secret that was protected or has the shape of one."""
    for secret in sorted(_protected, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    for shape in SHAPES:
        text = shape.sub(lambda found: (found.group(1) if found.re.groups else "") + REDACTED, text)
    return text


def redact_value(value: Any) -> Any:
    """JSON-like ``value`` with every text in it redacted, and every member with a secret's name left out."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if SECRET_NAMES.search(str(key)) and isinstance(inner, str) else redact_value(inner)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [redact_value(inner) for inner in value]
    return value
