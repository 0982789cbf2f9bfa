"""The Lake Formation of one account: the one place that everybody asks who may see what."""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING

from localaws.lakeformation import denials, resources, rules
from localaws.lakeformation.catalog import CatalogCache
from localaws.lakeformation.model import (
    CATALOG,
    DATABASE_PERMISSIONS,
    IAM_ALLOWED_PRINCIPALS,
    Kind,
    RegisteredResource,
    Resource,
    TableSchema,
)
from localaws.lakeformation.state import State, fresh
from localaws.lakeformation.visibility import Explanation, Visibility, nothing

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.caller import Caller

MOST_ANSWERS = 50_000


class LakeFormation:
    """``state`` is plain data, guarded by ``lock``; ``catalog`` caches the schemas; answers are kept until a change.

    A principal is a Caller or the ARN that grants name (a role's own ARN for a role session).
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.state: State = fresh(account.account_id, account.clock.now())
        self.catalog = CatalogCache(lambda: account.store)
        self._answers: dict[tuple[str, str, str], Visibility] = {}

    def changed(self) -> None:
        """To be called, holding ``lock``, after any change to the state or to a schema."""
        self._answers.clear()

    def restore(self, state: State) -> None:
        """Replace the whole state, and forget everything derived from the former one."""
        with self.lock:
            self.state = state
            self.catalog.forget()
            self.changed()

    def visible(self, who: Caller | str, database: str, table: str) -> Visibility:
        """What the principal may see of the table. ``exists`` is False in the answer if there is no such table."""
        key = (principal_of(who), database.lower(), table.lower())
        answer = self._answers.get(key)
        if answer is not None and not self._account.faults.stale("grants"):
            return answer
        with self.lock:
            schema = self.catalog.schema(key[1], key[2])
            answer = self.visible_with(key[0], schema) if schema else nothing(*key)
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[key] = answer
            return answer

    def visible_with(self, who: Caller | str, schema: TableSchema) -> Visibility:
        """The same for a schema that is not the table's current one (an older version)."""
        with self.lock:
            return rules.visibility(schema, self._settled().facts(principal_of(who), schema))

    def note(self) -> None:
        """Somebody is about to change, or has changed, the state."""
        with self.lock:
            self._settled()

    def _settled(self) -> State:
        """The state by which data is shown: this one, or an older one where the account is eventually consistent."""
        faults = self._account.faults
        if not faults.stale("grants"):
            return self.state
        kept: bytes = faults.settled("grants", "state", pickle.dumps(self.state), self._account.clock.now())
        state: State = pickle.loads(kept)
        return state

    def database_permissions(self, who: Caller | str, database: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """(the permissions on the database, by which grants). Administrators have DESCRIBE."""
        principal = principal_of(who)
        with self.lock:
            held: set[str] = set()
            by: list[str] = []
            if self.state.is_any_admin(principal):
                held.add("DESCRIBE")
                by.append(f"{principal} is a data lake administrator: DESCRIBE on everything")
            for grant in self.state.database_grants(principal, database.lower()):
                held |= DATABASE_PERMISSIONS if "ALL" in grant.permissions else grant.permissions
                by.append(str(grant))
            return frozenset(held), tuple(by)

    def database_visible(self, who: Caller | str, database: str) -> Explanation:
        """Whether the principal may know of the database: by any permission on it, or on a table in it.

        That a grant on a table shows its database is documented for grants on all tables; else inferred.
        """
        principal, database = principal_of(who), database.lower()
        with self.lock:
            held, by = self.database_permissions(principal, database)
            if held:
                return Explanation(True, by)
            for name in self.state.groups(principal):
                counts = name != IAM_ALLOWED_PRINCIPALS or not self.state.opt_ins
                if counts and self.state.grants.holds_in_database(name, database):
                    return Explanation(True, (f"{name} was granted permissions on tables of database {database}",))
            if self.state.opt_ins or self._has_tag_policies(principal):
                for table in self.catalog.tables(database):
                    if self.visible(principal, database, table).visible:
                        return Explanation(True, (f"{principal} may see table {database}.{table}",))
            return Explanation(False, (f"no grant to {principal} on database {database} or anything in it",))

    def _has_tag_policies(self, principal: str) -> bool:
        groups = self.state.groups(principal)
        return any(grant for name in groups for grant in self.state.grants.at(("TAG_POLICY",), name))

    def may(self, who: Caller | str, permission: str, resource: Resource) -> Explanation:
        """Whether the principal holds a permission on the catalog, a database, a table or a location, and why.

        Any permission on an object implies DESCRIBE on it. Whether a database may be known of at all, be it through a
        grant on one of its tables, is what ``database_visible`` answers.
        """
        principal = principal_of(who)
        with self.lock:
            match resource.kind:
                case Kind.CATALOG:
                    return self._may_in_catalog(principal, permission)
                case Kind.DATABASE:
                    held, by = self.database_permissions(principal, resource.database)
                case Kind.TABLE:
                    visibility = self.visible(principal, resource.database, resource.table)
                    held, by = visibility.permissions, visibility.by
                case Kind.LOCATION:
                    return self.data_location_allowed(principal, resource.name)
                case _:
                    raise ValueError(f"may() answers about catalog, databases, tables and locations, not {resource}")
            allowed = permission in held or (permission == "DESCRIBE" and bool(held))
            reasons = by or (f"no grant to {principal} on {resource}",)
            return Explanation(allowed, reasons if allowed else (f"{permission} is not held on {resource}", *reasons))

    def _may_in_catalog(self, principal: str, permission: str) -> Explanation:
        if self.state.is_admin(principal):
            return Explanation(True, (f"{principal} is a data lake administrator",))
        for name in self.state.groups(principal):
            held = self.state.grants.get(name, CATALOG)
            if held is not None and permission in held.permissions:
                return Explanation(True, (str(held),))
        return Explanation(False, (f"no grant of {permission} on the catalog to {principal}",))

    def require(self, who: Caller | str, permission: str, resource: Resource) -> Explanation:
        """Raises AwsError AccessDeniedException, in Lake Formation's words, unless the permission is held."""
        explanation = self.may(who, permission, resource)
        if not explanation:
            raise denials.required(permission, resource)
        return explanation

    def location_registered(self, uri: str) -> RegisteredResource | None:
        """The registered location that covers ``s3://bucket/prefix`` (or an S3 ARN): the longest prefix."""
        with self.lock:
            return self.state.location(uri)

    def registered(self, uri: str) -> bool:
        """Whether a registered location covers the URI."""
        return self.location_registered(uri) is not None

    def registered_alike(self, uri: str, home: str) -> bool:
        """Whether the same registration, or none, covers both, and no other lies in ``uri``."""
        with self.lock:
            if self.state.location(uri) is not self.state.location(home):
                return False
            arn = resources.uri_as_arn(uri)
            return not any(within(key, arn) and key != arn for key in self.state.registered)

    def data_location_allowed(self, who: Caller | str, uri: str, database: str | None = None) -> Explanation:
        """Whether the principal may make catalog objects that point to the URI (DATA_LOCATION_ACCESS).

        Not asked for: a location that neither lies in a registered one nor holds one, administrators, and a location
        within the database's own one (developer guide, 'Creating a database' and 'Implicit Lake Formation
        permissions'). What is not plainly an S3 location is not allowed.
        """
        principal = principal_of(who)
        arn = resources.uri_as_arn(uri)
        with self.lock:
            if not resources.strict_location(arn.replace("arn:aws:s3:::", "s3://", 1)):
                return Explanation(False, (f"{uri} is not an S3 location",))
            if self.state.location(uri) is None and not any(within(key, arn) for key in self.state.registered):
                return Explanation(True, (f"{uri} is not in a registered location, and holds none",))
            if self.state.is_admin(principal):
                return Explanation(True, (f"{principal} is a data lake administrator: all locations",))
            home = (self.catalog.database(database) or {}).get("LocationUri") if database else None
            if home and within(arn, resources.uri_as_arn(home)):
                return Explanation(True, (f"{uri} lies within the location of database {database}",))
            for name in (principal, f"{self.state.account_id}:IAMPrincipals"):
                at = arn
                while at:
                    held = self.state.grants.get(name, Resource(Kind.LOCATION, name=at))
                    if held is not None:
                        return Explanation(True, (str(held),))
                    at = at.rpartition("/")[0]
            return Explanation(False, (f"no grant of DATA_LOCATION_ACCESS on {uri} to {principal}",))

    def table_permissions(self, who: Caller | str, database: str, table: str) -> frozenset[str]:
        """The permissions on one table, by whatever way."""
        return self.visible(who, database, table).permissions

    def knows_of_missing(self, who: Caller | str, database: str | None) -> bool:
        """Whether a name that does not exist may be told apart from a name that is refused [inferred].

        True for administrators and for whoever would see a new object: holders of CREATE_DATABASE on the catalog
        (databases), of any permission on all tables, or of ``Super`` or CREATE_TABLE on the database (tables).
        """
        principal = principal_of(who)
        with self.lock:
            if self.state.is_any_admin(principal):
                return True
            if database is None:
                return bool(self._may_in_catalog(principal, "CREATE_DATABASE"))
            held, _ = self.database_permissions(principal, database)
            if "CREATE_TABLE" in held:
                return True
            everything = (Kind.ALL_TABLES, database.lower(), "")
            return any(self.state.grants.at(everything, name) for name in self.state.groups(principal))


def within(arn: str, parent: str) -> bool:
    """Whether an S3 ARN (without final slash) is ``parent`` or below it."""
    return bool(parent) and (arn == parent or arn.startswith(parent + "/"))


def principal_of(who: Caller | str) -> str:
    """The ARN that grants name."""
    return who if isinstance(who, str) else who.principal_arn
