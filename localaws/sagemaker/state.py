"""What SageMaker holds: records in the form that the Describe operations return them, and tags by ARN."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.errors import AwsError

Record = dict[str, Any]
"""A resource, with the member names of its Describe output. Never changed in place: an update puts a new one."""

OwnerKey = tuple[str, str]
"""(domain id, name of a user profile or a space)."""

AppKey = tuple[str, str, str, str, str]
"""(domain id, "UserProfileName" or "SpaceName", that name, app type, app name)."""


@dataclass
class State:
    """Plain data, guarded by the service's lock."""

    domains: dict[str, Record] = field(default_factory=dict)
    profiles: dict[OwnerKey, Record] = field(default_factory=dict)
    spaces: dict[OwnerKey, Record] = field(default_factory=dict)
    apps: dict[AppKey, Record] = field(default_factory=dict)
    notebooks: dict[str, Record] = field(default_factory=dict)
    processing_jobs: dict[str, Record] = field(default_factory=dict)
    training_jobs: dict[str, Record] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    next_efs_uid: int = 200001

    def domain(self, domain_id: str) -> Record:
        """Raises ResourceNotFound."""
        return _found(self.domains, domain_id, f"Domain [{domain_id}]")

    def profile(self, domain_id: str, name: str) -> Record:
        """Raises ResourceNotFound."""
        return _found(self.profiles, (domain_id, name), f"UserProfile [{domain_id}/{name}]")

    def space(self, domain_id: str, name: str) -> Record:
        """Raises ResourceNotFound."""
        return _found(self.spaces, (domain_id, name), f"Space [{domain_id}/{name}]")

    def live_apps(self, domain_id: str, owner: tuple[str, str] | None = None) -> list[Record]:
        """The domain's apps that are not deleted; only those of one ``owner`` (kind, name) when it is given."""
        return [
            app
            for key, app in self.apps.items()
            if key[0] == domain_id and owner in (None, key[1:3]) and app["Status"] != "Deleted"
        ]


def _found(records: Mapping[Any, Record], key: Any, what: str) -> Record:
    record = records.get(key)
    if record is None:
        raise AwsError("ResourceNotFound", f"{what} does not exist.")
    return record


def random_id(length: int) -> str:
    """Lower-case letters and digits, as in ``d-93ieiwizyjyp``."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def given(params: Mapping[str, Any], *names: str) -> Record:
    """Those of the named parameters that the caller passed."""
    return {name: params[name] for name in names if params.get(name) is not None}


def as_tags(items: list[dict[str, str]] | None) -> dict[str, str]:
    """``[{"Key": k, "Value": v}]`` as a mapping. Raises ValidationException for a reserved key."""
    tags = {item["Key"]: item["Value"] for item in items or []}
    reserved = [key for key in tags if key.lower().startswith("aws:")]
    if reserved:
        raise AwsError("ValidationException", f"Tag keys may not start with aws: {', '.join(reserved)}")
    return tags
