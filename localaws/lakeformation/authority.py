"""Who may grant and revoke what.

Sources (developer guide): 'Implicit Lake Formation permissions' (administrators may grant everything), 'Data filtering
limitations' (a column grant needs SELECT with the grant option on the table or on those columns, without row
restrictions), 'Managing LF-Tag value permissions' (a grant by LF-Tags needs GRANT_WITH_LF_TAG_EXPRESSION on its tags).
"""

from __future__ import annotations

from localaws.lakeformation.model import Kind, Resource
from localaws.lakeformation.state import State

OF_A_TABLE = (Kind.TABLE, Kind.ALL_TABLES, Kind.COLUMNS, Kind.COLUMNS_EXCEPT, Kind.FILTER)


def may_grant(state: State, principal: str, resource: Resource, permissions: frozenset[str]) -> bool:
    """Whether the principal may grant or revoke the permissions on the resource."""
    if state.is_admin(principal):
        return True
    return permissions <= grantable(state, principal, resource)


def grantable(state: State, principal: str, resource: Resource) -> frozenset[str]:
    """The permissions that a principal, not being an administrator, may pass on for the resource."""
    kind = resource.kind
    if kind in (Kind.TAG_POLICY_DATABASE, Kind.TAG_POLICY_TABLE):
        return _by_tags(state, principal, resource)
    if kind is Kind.TAG:
        return _on_tag(state, principal, resource)
    covering = [resource]
    if kind in OF_A_TABLE:
        covering = [Resource(Kind.ALL_TABLES, resource.database)]
        if kind is not Kind.ALL_TABLES:
            covering.append(Resource(Kind.TABLE, resource.database, resource.table))
        if kind is Kind.FILTER:
            covering.append(resource)
    held: set[str] = set()
    for name in (principal, f"{state.account_id}:IAMPrincipals"):
        for one in covering:
            grant = state.grants.get(name, one)
            held |= grant.grantable if grant else frozenset()
        if kind is Kind.COLUMNS:
            columns = state.grants.columns_of(name, resource.database, resource.table)
            if all(columns.get(column) for column in resource.values):
                held.add("SELECT")
    if "ALL" in held:
        held |= {"ALTER", "CREATE_TABLE", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"}
    if kind is Kind.FILTER and "SELECT" in held:
        held |= {"DESCRIBE", "DROP"}
    return frozenset(held)


def tag_permissions(state: State, principal: str, key: str, value: str) -> frozenset[str]:
    """What the principal holds on one value of an LF-Tag; its creator holds everything implicitly."""
    definition = state.tags.definitions.get(key)
    if definition is not None and definition.creator == principal:
        return frozenset({"ALTER", "ASSOCIATE", "DESCRIBE", "DROP", "GRANT_WITH_LF_TAG_EXPRESSION"})
    held: set[str] = set()
    for name in (principal, f"{state.account_id}:IAMPrincipals"):
        for grant in state.grants.at((Kind.TAG, "", key), name):
            if value in grant.resource.values or "*" in grant.resource.values:
                held |= grant.permissions
    return frozenset(held)


def _on_tag(state: State, principal: str, resource: Resource) -> frozenset[str]:
    definition = state.tags.definitions.get(resource.name)
    if definition is not None and definition.creator == principal:
        return frozenset({"ALTER", "ASSOCIATE", "DESCRIBE", "DROP", "GRANT_WITH_LF_TAG_EXPRESSION"})
    held: set[str] = set()
    for grant in state.grants.at((Kind.TAG, "", resource.name), principal):
        if "*" in grant.resource.values or set(resource.values) <= set(grant.resource.values):
            held |= grant.grantable
    return frozenset(held)


def _by_tags(state: State, principal: str, resource: Resource) -> frozenset[str]:
    every = frozenset({"ALL", "ALTER", "CREATE_TABLE", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"})
    for key, values in resource.expression:
        for value in values:
            if "GRANT_WITH_LF_TAG_EXPRESSION" not in tag_permissions(state, principal, key, value):
                return frozenset()
    return every
