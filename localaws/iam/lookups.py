"""The filters of the operation table: from a parameter to what only the account's state can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import parse_qs, unquote

from localaws.errors import AwsError
from localaws.iam.template import Filter, read

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call


@runtime_checkable
class KnowsWorkgroups(Protocol):
    """What Athena is asked: the workgroup of a query, None for one that does not exist."""

    def workgroup_of_query(self, query_execution_id: str) -> str | None:
        """The workgroup that a query ran in."""

    def workgroup_of_named_query(self, named_query_id: str) -> str | None:
        """The workgroup that a named query belongs to."""


NO_RESOURCE = "*"
"""Stands for a resource that does not exist: only a policy on every resource covers it."""


def _user_arn(account: Account, _call: Call, name: str | None) -> str | None:
    if name is None:
        return None
    user = account.store.user(name)
    return user.arn if user else f"arn:aws:iam::{account.account_id}:user/{name}"


def _user_arn_or_own(account: Account, call: Call, name: str | None) -> str | None:
    return call.caller.arn if name is None else _user_arn(account, call, name)


def _user_arn_of_key(account: Account, call: Call, access_key_id: str | None) -> str | None:
    key = account.store.access_key(access_key_id) if access_key_id else None
    return _user_arn(account, call, key.user_name) if key else None


def _user_boundary(account: Account, _call: Call, name: str | None) -> str | None:
    user = account.store.user(name) if name else None
    return user.boundary_arn if user else None


def _role_arn(account: Account, _call: Call, name: str | None) -> str | None:
    if name is None:
        return None
    role = account.store.role(name)
    return role.arn if role else f"arn:aws:iam::{account.account_id}:role/{name}"


def _role_boundary(account: Account, _call: Call, name: str | None) -> str | None:
    role = account.store.role(name) if name else None
    return role.boundary_arn if role else None


def _group_arn(account: Account, _call: Call, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        found: str = account.store.invoke("iam", "GetGroup", {"GroupName": name})["Group"]["Arn"]
    except AwsError as error:
        if error.code != "NoSuchEntity":
            raise
        return f"arn:aws:iam::{account.account_id}:group/{name}"
    return found


def _service_linked_role_arn(account: Account, _call: Call, service: str | None) -> str | None:
    return service and f"arn:aws:iam::{account.account_id}:role/aws-service-role/{service}/*"


def _secret_arn(account: Account, call: Call, secret: str | None) -> str | None:
    if secret is None or secret.startswith("arn:"):
        return secret
    try:
        found: str = account.store.invoke("secretsmanager", "DescribeSecret", {"SecretId": secret})["ARN"]
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return f"arn:aws:secretsmanager:{call.region}:{account.account_id}:secret:{secret}-??????"
    return found


def _trail_arn(account: Account, call: Call, name: str | None) -> str | None:
    if name is None or name.startswith("arn:"):
        return name
    return f"arn:aws:cloudtrail:{call.region}:{account.account_id}:trail/{name}"


def _permission_sets_of(_account: Account, _call: Call, instance: str | None) -> str | None:
    return instance and f"arn:aws:sso:::permissionSet/{instance.rpartition('/')[2]}/*"


def _catalog_account(account: Account, _call: Call, catalog: str | None) -> str:
    """The account in a CatalogId, which may name a catalog within it (``123456789012:name``)."""
    return catalog.partition(":")[0] if catalog else account.account_id


def _workgroup_of_query(account: Account, call: Call, query: str | None) -> str:
    return _workgroup(account, call, _held_in(account.athena, query))


def _workgroup_of_named_query(account: Account, call: Call, query: str | None) -> str:
    return _workgroup(account, call, _held_in(account.athena, query, named=True))


def _held_in(athena: object, query: str | None, named: bool = False) -> str | None:
    if query is None or not isinstance(athena, KnowsWorkgroups):
        return None
    return athena.workgroup_of_named_query(query) if named else athena.workgroup_of_query(query)


def _workgroup(account: Account, call: Call, name: str | None) -> str:
    return f"arn:aws:athena:{call.region}:{account.account_id}:workgroup/{name}" if name else NO_RESOURCE


def _space(account: Account, call: Call) -> Mapping[str, object]:
    """What the call says of its space, or else what SageMaker holds of it."""
    if "OwnershipSettings" in call.params or "SpaceSharingSettings" in call.params:
        return call.params
    try:
        return account.sagemaker.state.space(call.params.get("DomainId", ""), call.params.get("SpaceName", ""))
    except AwsError as error:
        if error.code != "ResourceNotFound":
            raise
        return {}


def _space_owner(account: Account, call: Call, name: str | None) -> str | None:
    owners = read(_space(account, call), "OwnershipSettings.OwnerUserProfileName") if name else []
    return account.sagemaker.arn(f"user-profile/{call.params.get('DomainId', '')}/{owners[0]}") if owners else None


def _space_sharing(account: Account, call: Call, name: str | None) -> str | None:
    found = read(_space(account, call), "SpaceSharingSettings.SharingType") if name else []
    return str(found[0]) if found else None


def _copied(call: Call) -> tuple[str, str, str | None]:
    """Bucket, key and version of a CopySource header (``/bucket/key?versionId=x``, percent-encoded)."""
    path, _, query = str(call.params.get("CopySource", "")).partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    versions = parse_qs(query).get("versionId")
    return bucket, key, versions[0] if versions else None


def _copied_object(_account: Account, call: Call, source: str | None) -> str | None:
    bucket, key, _version = _copied(call)
    return f"{bucket}/{key}" if source and bucket and key else None


def _copied_version(_account: Account, call: Call, _source: str | None) -> str | None:
    return _copied(call)[2]


def _copied_tags(account: Account, call: Call, source: str | None) -> str | None:
    """Something when the source has tags that the copy takes along."""
    if source is None or call.params.get("TaggingDirective") == "REPLACE":
        return None
    bucket, key, _version = _copied(call)
    try:
        return "tags" if account.store.object_tags(bucket, key) else None
    except AwsError as error:
        if error.code not in ("NoSuchKey", "NoSuchBucket"):
            raise
        return None


def _copied_version_tags(account: Account, call: Call, source: str | None) -> str | None:
    return _copied_tags(account, call, source) if _copied(call)[2] else None


def _stack_arn(account: Account, _call: Call, stack: str | None) -> str | None:
    return stack and account.cloudformation.resource(stack)


FILTERS: dict[str, Filter] = {
    "catalog_account": _catalog_account,
    "copied_object": _copied_object,
    "copied_tags": _copied_tags,
    "copied_version": _copied_version,
    "copied_version_tags": _copied_version_tags,
    "group_arn": _group_arn,
    "permission_sets_of": _permission_sets_of,
    "role_arn": _role_arn,
    "role_boundary": _role_boundary,
    "secret_arn": _secret_arn,
    "service_linked_role_arn": _service_linked_role_arn,
    "space_owner": _space_owner,
    "space_sharing": _space_sharing,
    "stack_arn": _stack_arn,
    "trail_arn": _trail_arn,
    "user_arn": _user_arn,
    "user_arn_or_own": _user_arn_or_own,
    "user_arn_of_key": _user_arn_of_key,
    "user_boundary": _user_boundary,
    "workgroup_of_named_query": _workgroup_of_named_query,
    "workgroup_of_query": _workgroup_of_query,
}
