"""How CloudFormation refuses a call, and how it says that a resource failed."""

from __future__ import annotations

from localaws.errors import AwsError, not_implemented


def invalid(message: str) -> AwsError:
    """ValidationError, the answer to whatever is wrong with a template, its parameters or a stack's state."""
    return AwsError("ValidationError", message, 400)


def unserved(what: str) -> AwsError:
    """NotImplemented, by name: AWS may know it, the embedded account does not."""
    return not_implemented("cloudformation", what)


class Failed(Exception):
    """A resource could not be made, changed or deleted. The text is the event's ResourceStatusReason."""


def reason(error: AwsError, service: str, request_id: str) -> str:
    """What an event says when a service refused a call, in the form of the registry's resource handlers.

    Source: messages as users quote them: ``Resource handler returned message: "... (Service: Glue, Status Code: 400,
    Request ID: ...)" (RequestToken: ..., HandlerErrorCode: AccessDenied)``.
    """
    return (
        f'Resource handler returned message: "{error.message} (Service: {service}, Status Code: {error.status}, '
        f'Request ID: {request_id})" (RequestToken: {request_id}, HandlerErrorCode: {handler_code(error)})'
    )


CODES = {
    "AccessDenied": ("AccessDenied", "AccessDeniedException"),
    "AlreadyExists": (
        "AlreadyExistsException",
        "EntityAlreadyExists",
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "ResourceExistsException",
        "ResourceInUse",
        "TrailAlreadyExistsException",
    ),
    "NotFound": (
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "TrailNotFoundException",
    ),
    "ServiceLimitExceeded": ("LimitExceeded", "LimitExceededException", "ResourceLimitExceeded"),
    "InternalFailure": ("InternalFailure", "InternalError"),
    "NotImplemented": ("NotImplemented",),
}
"""Error codes of services by the handlers' own codes; every other one is InvalidRequest."""


def handler_code(error: AwsError) -> str:
    """The handlers' code of a service's error."""
    return next((code for code, names in CODES.items() if error.code in names), "InvalidRequest")
