"""LF-Tags defined and listed: CreateLFTag, UpdateLFTag, DeleteLFTag, GetLFTag, ListLFTags.

Source: developer guide, 'Managing LF-Tags' (keys and values are stored in lower case; administrators and holders of
CREATE_LF_TAG create them; creators have implicit permissions on theirs; one sees the values on which one holds
DESCRIBE or ASSOCIATE) and API reference, UpdateLFTag (a value that is assigned cannot be deleted).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.errors import AwsError
from localaws.lakeformation import authority, denials
from localaws.lakeformation.model import CATALOG, Kind
from localaws.lakeformation.paging import page
from localaws.lakeformation.resources import invalid, own_catalog
from localaws.lakeformation.tags import TagDefinition

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST_VALUES = 1000


def create_lf_tag(account: Account, call: Call) -> Output:
    """CreateLFTag. Raises InvalidInputException for a key that exists or for more than 1000 values."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    key, values = call.params["TagKey"].lower(), {value.lower() for value in call.params["TagValues"]}
    lakeformation = account.lakeformation
    with lakeformation.lock:
        principal = call.caller.principal_arn
        if not lakeformation.may(principal, "CREATE_LF_TAG", CATALOG):
            raise denials.required("CREATE_LF_TAG", CATALOG)
        if key in lakeformation.state.tags.definitions:
            raise invalid("Tag key already exists")
        if not values or len(values) > MOST_VALUES:
            raise invalid(f"An LF-Tag must have between 1 and {MOST_VALUES} values.")
        lakeformation.state.tags.definitions[key] = TagDefinition(values, principal)
        lakeformation.changed()
    return {}


def update_lf_tag(account: Account, call: Call) -> Output:
    """UpdateLFTag: adds and deletes possible values. Needs ALTER, the creator, or an administrator."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    added = {value.lower() for value in call.params.get("TagValuesToAdd") or ()}
    removed = {value.lower() for value in call.params.get("TagValuesToDelete") or ()}
    if added & removed:
        raise invalid("A value cannot be both added and deleted.")
    lakeformation = account.lakeformation
    with lakeformation.lock:
        key, definition = _manageable(account, call, "ALTER")
        if any(lakeformation.state.tags.used(key, value) for value in removed):
            raise invalid("Update not allowed: a value to be deleted is assigned to a resource.")
        values = (definition.values | added) - removed
        if not removed <= definition.values or not values or len(values) > MOST_VALUES:
            raise invalid("Update not allowed: the resulting values are not valid.")
        definition.values = values
        lakeformation.changed()
    return {}


def delete_lf_tag(account: Account, call: Call) -> Output:
    """DeleteLFTag: it leaves every resource, and grants that name it match nothing. Needs DROP, creator or admin."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    lakeformation = account.lakeformation
    with lakeformation.lock:
        key, _ = _manageable(account, call, "DROP")
        del lakeformation.state.tags.definitions[key]
        lakeformation.state.tags.forget_key(key)
        lakeformation.state.grants.drop((Kind.TAG, "", key))
        lakeformation.changed()
    return {}


def get_lf_tag(account: Account, call: Call) -> Output:
    """GetLFTag: the values that the caller may see."""
    own_catalog(call.params.get("CatalogId"), account.account_id)
    key = call.params["TagKey"].lower()
    with account.lakeformation.lock:
        if key not in account.lakeformation.state.tags.definitions:
            raise _not_found(account, call, key)
        values = visible_values(account, call.caller.principal_arn, key)
    if not values:
        raise denials.required("DESCRIBE", key)
    return {"CatalogId": account.account_id, "TagKey": key, "TagValues": values}


def list_lf_tags(account: Account, call: Call) -> Output:
    """ListLFTags: those of which the caller may see any value, paged."""
    params = call.params
    own_catalog(params.get("CatalogId"), account.account_id)
    if params.get("ResourceShareType") == "FOREIGN":
        return {"LFTags": []}
    with account.lakeformation.lock:
        every = account.lakeformation.state.tags.definitions
        listed = [(key, visible_values(account, call.caller.principal_arn, key)) for key in every]
    seen = [(key, values) for key, values in listed if values]
    found, token = page(seen, lambda one: one[0], params.get("NextToken"), params.get("MaxResults"), 1000)
    tags = [{"CatalogId": account.account_id, "TagKey": key, "TagValues": values} for key, values in found]
    return {"LFTags": tags, "NextToken": token} if token else {"LFTags": tags}


def visible_values(account: Account, principal: str, key: str) -> list[str]:
    """The values of an LF-Tag that the principal may see, sorted."""
    state = account.lakeformation.state
    values = sorted(state.tags.definitions[key].values)
    if state.is_any_admin(principal):
        return values
    showing = {"DESCRIBE", "ASSOCIATE"}
    return [value for value in values if authority.tag_permissions(state, principal, key, value) & showing]


def _manageable(account: Account, call: Call, permission: str) -> tuple[str, TagDefinition]:
    key = call.params["TagKey"].lower()
    state, principal = account.lakeformation.state, call.caller.principal_arn
    definition = state.tags.definitions.get(key)
    if definition is None:
        raise _not_found(account, call, key)
    held = {p for grant in state.grants.at((Kind.TAG, "", key), principal) for p in grant.permissions}
    if not (state.is_admin(principal) or definition.creator == principal or permission in held):
        raise denials.required(permission, key)
    return key, definition


def _not_found(account: Account, call: Call, key: str) -> AwsError:
    if account.lakeformation.state.is_any_admin(call.caller.principal_arn):
        return AwsError("EntityNotFoundException", "Tag key does not exist")
    return denials.required("DESCRIBE", key)


HANDLERS: dict[str, Handler] = {
    "CreateLFTag": create_lf_tag,
    "UpdateLFTag": update_lf_tag,
    "DeleteLFTag": delete_lf_tag,
    "GetLFTag": get_lf_tag,
    "ListLFTags": list_lf_tags,
}
