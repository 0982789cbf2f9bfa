"""The one exception by which any part of the embedded account refuses a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AwsError(Exception):
    """An error answer of AWS: the service's error code, a message, an HTTP status, and members of the modelled error.

    ``code`` is the code that the service puts on the wire (``AccessDeniedException``, ``NoSuchBucket`` ...).
    ``members`` are further members of the error shape, named as in the service model.
    """

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


def not_implemented(service: str, operation: str, why: str = "is not served by the embedded account") -> AwsError:
    """The loud refusal of whatever the embedded account does not know: 501, by name, never a silent success."""
    return AwsError("NotImplemented", f"{service}:{operation} {why}", status=501)


def internal_failure(protocol: str) -> AwsError:
    """What a service answers when something went wrong inside it: 500, in S3's words or everybody else's."""
    if protocol == "rest-xml":
        return AwsError("InternalError", "We encountered an internal error. Please try again.", 500)
    return AwsError(
        "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.", 500
    )


def unavailable(protocol: str) -> AwsError:
    """What a front end answers when its service cannot be reached: 503."""
    if protocol == "rest-xml":
        return AwsError("ServiceUnavailable", "Service is unable to handle request.", 503)
    return AwsError("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503)
