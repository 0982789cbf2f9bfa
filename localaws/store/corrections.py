"""Where moto 5.2.5 is not AWS, and this account must be: applied once, on import, to moto's own classes.

Each correction names what moto does and what AWS does. They are the only changes made to moto.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable
from typing import Any

import moto.core.utils as moto_utils
import moto.iam.models as iam_models
from moto.core.config import default_user_config
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from localaws.services import OUR_MODELS


def unique_id(prefix: str) -> str:
    """An IAM unique id: a four-letter prefix and 17 characters (``AIDA...`` a user, ``AROA...`` a role) in base 32, as
    observed in AWS's examples (IAM User Guide, "IAM identifiers")."""
    return prefix + base64.b32encode(secrets.token_bytes(11)).decode()[:17]


def _no_opinion(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """moto evaluates bucket policies itself, without conditions; here ``localaws.iam`` alone decides."""
    return PermissionResult.NEUTRAL


def _with_unique_id(entity: type[Any], prefix: str) -> None:
    """moto gives users and groups a lower-case id without prefix; AWS's begins with ``prefix``."""
    construct: Callable[..., None] = entity.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        self.id = unique_id(prefix)

    entity.__init__ = init


def _with_new_path(update: Callable[..., None]) -> Callable[..., None]:
    """moto ignores a group's new path that comes without a new name; AWS's UpdateGroup takes either."""

    def updated(self: Any, group_name: str, new_group_name: str | None, new_path: str | None) -> None:
        if new_path and not new_group_name and group_name in self.groups:
            self.groups[group_name].path = new_path
        update(self, group_name, new_group_name, new_path)

    return updated


def _secret(length: int) -> str:
    """moto draws secrets from a generator that is not made for them."""
    return "".join(secrets.choice(string.ascii_letters + string.digits + "+/") for _ in range(length))


def apply() -> None:
    """Correct moto. Called once, when the store is imported."""
    default_user_config["iam"]["load_aws_managed_policies"] = True
    moto_utils.create_loader = lambda: OUR_MODELS  # type: ignore[attr-defined]
    FakeBucket.get_permission = _no_opinion  # type: ignore[method-assign,assignment]
    _with_unique_id(iam_models.User, "AIDA")
    _with_unique_id(iam_models.Group, "AGPA")
    iam_models.IAMBackend.update_group = _with_new_path(iam_models.IAMBackend.update_group)  # type: ignore[method-assign]
    iam_models.random_policy_id = lambda: unique_id("ANPA")  # type: ignore[attr-defined]
    iam_models.random_role_id = lambda account_id: unique_id("AROA")  # type: ignore[attr-defined]
    iam_models.random_alphanumeric = _secret  # type: ignore[attr-defined]
