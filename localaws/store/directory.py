"""IAM's directory, read straight from the backend: who exists, with which keys, tags and policies."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from localaws.store.records import AccessKey, PolicyKind, PolicyRecord, RoleRecord, UserRecord

DEFAULT_MAX_SESSION_DURATION = 3600
"""Seconds; IAM's default for a role created without MaxSessionDuration (IAM API reference, CreateRole)."""

DIRECTORY_SERVICES = frozenset({"iam", "sso-admin", "identitystore"})
"""Services whose operations may change what is read here."""

AWS_POLICY = "arn:aws:iam::aws:policy/"
"""How the ARN of a policy of AWS's begins."""

BOUNDARY = "permissions_boundary_arn"
"""Where a user's boundary is kept: as moto keeps a role's; its users have none."""


class Directory:
    """Reads of IAM by name. Names are looked up exactly: IAM's are case-sensitive in ARNs.

    The backend keeps roles by id and keys by user. ``role_ids`` and ``key_owners`` remember where a name or a key was
    found last; what stands there is compared again each time.

    ``memory`` holds what was worked out from the directory as it stands; after a change it is another, empty one.
    Take it before reading what goes into it: nothing older than it is then ever remembered in it.
    """

    account_id: str
    lock: threading.RLock
    role_ids: dict[str, str]
    key_owners: dict[str, str]
    memory: dict[tuple[str, str], Any]

    @property
    def _iam(self) -> IAMBackend:
        """The backend; the plain look-up spares what the backend's own dictionaries check at each access."""
        regions = dict.get(iam_backends, self.account_id)
        found = None if regions is None else dict.get(regions, "aws")
        return iam_backends[self.account_id]["aws"] if found is None else found

    def access_key(self, access_key_id: str) -> AccessKey | None:
        """A user's long-term key, active or not."""
        with self.lock:
            users = self._iam.users
            owner = users.get(self.key_owners.get(access_key_id, ""))
            for user in (*([owner] if owner else ()), *users.values()):
                for key in user.access_keys:
                    if key.access_key_id == access_key_id:
                        self.key_owners[access_key_id] = user.name
                        return AccessKey(key.secret_access_key, user.name, key.status == "Active")
        return None

    def user(self, name: str) -> UserRecord | None:
        """The user of that name."""
        with self.lock:
            user = self._iam.users.get(name)
            if user is None:
                return None
            boundary_arn = getattr(user, BOUNDARY, None)
            return UserRecord(user.name, user.arn, user.id, user.path, _tags(user.tags or []), boundary_arn)

    def bound_user(self, name: str, boundary_arn: str | None) -> None:
        """Set a user's permissions boundary, or take it away. Raises KeyError for a user that does not exist."""
        with self.lock:
            setattr(self._iam.users[name], BOUNDARY, boundary_arn)
            self.memory = {}

    def role(self, name: str) -> RoleRecord | None:
        """The role of that name."""
        memory = self.memory
        found: RoleRecord | None = memory.get(("role", name))
        if found is None:
            found = self._read_role(name)
            if found is not None:
                memory["role", name] = found
        return found

    def _read_role(self, name: str) -> RoleRecord | None:
        with self.lock:
            role = self._role(name)
            if role is None:
                return None
            return RoleRecord(
                name=role.name,
                arn=role.arn,
                role_id=role.id,
                path=role.path,
                trust=role.assume_role_policy_document,
                max_session_duration=int(role.max_session_duration or DEFAULT_MAX_SESSION_DURATION),
                tags=_tags(role.tags),
                boundary_arn=role.permissions_boundary_arn or None,
            )

    def _role(self, name: str) -> Any:
        roles = self._iam.roles
        role = roles.get(self.role_ids.get(name, ""))
        if role is None or role.name != name:
            role = next((each for each in roles.values() if each.name == name), None)
            if role is not None:
                self.role_ids[name] = role.id
        return role

    def user_policies(self, name: str) -> tuple[PolicyRecord, ...]:
        """Every identity policy of a user: managed, inline, then those of each group. Empty for an unknown user."""
        with self.lock:
            user = self._iam.users.get(name)
            if user is None:
                return ()
            policies = [*_managed(user.managed_policies.values(), "managed"), *_inline(user.policies, "inline")]
            for group in self._iam.groups.values():
                if any(member.name == name for member in group.users):
                    policies += _managed(group.managed_policies.values(), "group-managed")
                    policies += _inline(group.policies, "group-inline")
            return tuple(policies)

    def role_policies(self, name: str) -> tuple[PolicyRecord, ...]:
        """Every identity policy of a role: managed, then inline. Empty for an unknown role."""
        with self.lock:
            role = self._role(name)
            if role is None:
                return ()
            return (*_managed(role.managed_policies.values(), "managed"), *_inline(role.policies, "inline"))

    def group_policies(self, name: str) -> tuple[PolicyRecord, ...] | None:
        """Every policy of a group: managed, then inline. None for an unknown group."""
        with self.lock:
            group = self._iam.groups.get(name)
            if group is None:
                return None
            return (*_managed(group.managed_policies.values(), "managed"), *_inline(group.policies, "inline"))

    def taken(self, kind: str, name: str) -> str | None:
        """The name, whatever its case, under which a user, group, role or policy (of the account's own) exists."""
        with self.lock:
            kinds: dict[str, Any] = {
                "group": self._iam.groups,
                "policy": self._iam.managed_policies,
                "role": self._iam.roles,
                "user": self._iam.users,
            }
            own = (each for each in kinds[kind].values() if not each.arn.startswith(AWS_POLICY))
            return next((each.name for each in own if each.name.lower() == name.lower()), None)

    def has_id(self, unique_id: str) -> bool:
        """Whether a user or role has this unique id."""
        with self.lock:
            holders: tuple[Any, ...] = (*self._iam.users.values(), *self._iam.roles.values())
            return any(each.id == unique_id for each in holders)

    def managed_policy(self, arn: str) -> PolicyRecord | None:
        """The default version of a managed policy, AWS's or the account's."""
        with self.lock:
            policy = self._iam.managed_policies.get(arn)
            return None if policy is None else next(iter(_managed([policy], "managed")))


def _tags(tags: Any) -> dict[str, str]:
    """moto keeps a role's tags as a list or as a mapping of records, a user's as a list of records."""
    records = tags.values() if isinstance(tags, dict) else tags
    return {record["Key"]: record["Value"] for record in records}


def _managed(policies: Iterable[Any], kind: PolicyKind) -> list[PolicyRecord]:
    return [
        PolicyRecord(policy.name, policy.arn, kind, version.document)
        for policy in policies
        for version in policy.versions
        if version.version_id == policy.default_version_id
    ]


def _inline(policies: dict[str, str], kind: PolicyKind) -> list[PolicyRecord]:
    return [PolicyRecord(name, None, kind, document) for name, document in policies.items()]
