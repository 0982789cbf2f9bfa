"""Decides, as AWS IAM does, whether a call may be made, and says why."""

from __future__ import annotations

from localaws.call import Handler
from localaws.iam import entities, simulate
from localaws.iam.authorizer import Authorization, Authorizer
from localaws.iam.decision import Decision
from localaws.iam.denial import AccessDenied
from localaws.iam.table import load_operations, served
from localaws.iam.validation import validate_policy

HANDLERS: dict[str, Handler] = {**simulate.HANDLERS, **entities.HANDLERS}
"""The operations that are ours; the rest of IAM is the store's."""

__all__ = [
    "HANDLERS",
    "AccessDenied",
    "Authorization",
    "Authorizer",
    "Decision",
    "load_operations",
    "served",
    "validate_policy",
]
