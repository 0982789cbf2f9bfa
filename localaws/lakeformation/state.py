"""All of Lake Formation's state in one place: plain data that can be pickled, and the facts drawn from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from localaws.lakeformation.grants import GrantBook, grant_of
from localaws.lakeformation.model import (
    CATALOG,
    IAM_ALLOWED_PRINCIPALS,
    DataCellsFilter,
    Grant,
    Kind,
    OptIn,
    RegisteredResource,
    Resource,
    Settings,
    TableSchema,
)
from localaws.lakeformation.resources import uri_as_arn
from localaws.lakeformation.rules import Facts
from localaws.lakeformation.tags import TagBook, matches


@dataclass(slots=True)
class State:
    """``registered`` is keyed by ARN without a final slash, ``filters`` by (database, table) and name.

    ``creators`` holds, by (database, table), the ARN that GetTable shows as CreatedBy. ``places`` holds, by (database,
    table) and location, the values of a partition that was dropped or moved away from there.
    """

    account_id: str
    settings: Settings = field(default_factory=Settings)
    grants: GrantBook = field(default_factory=GrantBook)
    registered: dict[str, RegisteredResource] = field(default_factory=dict)
    tags: TagBook = field(default_factory=TagBook)
    filters: dict[tuple[str, str], dict[str, DataCellsFilter]] = field(default_factory=dict)
    opt_ins: dict[tuple[str, Resource], OptIn] = field(default_factory=dict)
    creators: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[tuple[str, str], dict[str, tuple[str, ...]]] = field(default_factory=dict)
    filter_versions: int = 0

    def filters_rows(self, database: str, table: str) -> bool:
        """Whether any data cells filter of the table chooses rows."""
        return any(one.row_filter is not None for one in self.filters.get((database, table), {}).values())

    def groups(self, principal: str) -> tuple[str, ...]:
        """The names under which grants reach the principal: its ARN, ALLIAMPrincipals, IAM_ALLOWED_PRINCIPALS."""
        if principal == IAM_ALLOWED_PRINCIPALS:
            return (principal,)
        return (principal, f"{self.account_id}:IAMPrincipals", IAM_ALLOWED_PRINCIPALS)

    def is_admin(self, principal: str) -> bool:
        """Whether the principal is a data lake administrator (not a read-only one)."""
        return principal in self.settings.admins

    def is_any_admin(self, principal: str) -> bool:
        """Whether the principal has DESCRIBE on everything by being an administrator of either sort."""
        return principal in self.settings.admins or principal in self.settings.read_only_admins

    def location(self, uri: str) -> RegisteredResource | None:
        """The registered location that covers ``s3://...`` (or an S3 ARN): the one with the longest prefix."""
        arn = uri_as_arn(uri)
        while arn.startswith("arn:aws:s3:::") and arn != "arn:aws:s3:::":
            if arn in self.registered:
                return self.registered[arn]
            head, slash, _ = arn.rpartition("/")
            if not slash:
                return None
            arn = head
        return None

    def facts(self, principal: str, schema: TableSchema) -> Facts:
        """What bears on this principal and this table."""
        database, table = schema.database, schema.table
        opted_in = self.opted_in(principal, database, table)
        grants: list[Grant] = []
        for name in self.groups(principal):
            grants.extend(self.grants.at(("TABLE", database, table), name))
            grants.extend(self.grants.at((Kind.ALL_TABLES, database, ""), name))
            grants.extend(g for g in self.grants.at(("TAG_POLICY",), name) if g.resource.kind is Kind.TAG_POLICY_TABLE)
        return Facts(
            principal=principal,
            grants=tuple(grants),
            admin=self.is_admin(principal),
            read_only_admin=principal in self.settings.read_only_admins,
            opted_in=opted_in,
            registered=self.location(schema.location) if schema.location else None,
            filters=self.filters.get((database, table), {}),
            tags=self.tags,
        )

    def opted_in(self, principal: str, database: str, table: str = "") -> bool:
        """Opt-in to a table counts by name or by table wildcard; that to a database does not cover its tables."""
        if not self.opt_ins:
            return False
        if not table:
            return self._opted(principal, Resource(Kind.DATABASE, database))
        return self._opted(principal, Resource(Kind.TABLE, database, table)) or self._opted(
            principal, Resource(Kind.ALL_TABLES, database)
        )

    def _opted(self, principal: str, resource: Resource) -> bool:
        everyone = f"{self.account_id}:IAMPrincipals"
        return (principal, resource) in self.opt_ins or (everyone, resource) in self.opt_ins

    def database_grants(self, principal: str, database: str) -> tuple[Grant, ...]:
        """The grants on the database that reach the principal, by name, group or LF-Tag."""
        found: list[Grant] = []
        opted_in = self.opted_in(principal, database)
        for name in self.groups(principal):
            if name == IAM_ALLOWED_PRINCIPALS and opted_in:
                continue
            found.extend(self.grants.at((Kind.DATABASE, database, ""), name))
            for grant in self.grants.at(("TAG_POLICY",), name):
                if grant.resource.kind is Kind.TAG_POLICY_DATABASE and matches(
                    grant.resource.expression, self.tags.on_database(database)
                ):
                    found.append(grant)
        return tuple(found)

    def forget_table(self, database: str, table: str) -> None:
        """Drop what hangs on a table that is gone: grants, filters, LF-Tags, opt-ins."""
        self.grants.drop(("TABLE", database, table))
        self.filters.pop((database, table), None)
        self.tags.forget(database, table)
        self.creators.pop((database, table), None)
        self.places.pop((database, table), None)
        for key in [k for k in self.opt_ins if (k[1].database, k[1].table) == (database, table)]:
            del self.opt_ins[key]

    def forget_database(self, database: str) -> None:
        """Drop what hangs on a database that is gone, its tables included."""
        places = {("TABLE", g.resource.database, g.resource.table) for g in self.grants if g.resource.table}
        for where in places:
            if where[1] == database:
                self.grants.drop(where)
        self.grants.drop((Kind.DATABASE, database, ""))
        self.grants.drop((Kind.ALL_TABLES, database, ""))
        self.tags.forget(database)
        for table in [key for key in self.filters if key[0] == database]:
            del self.filters[table]
        for table in [key for key in self.creators if key[0] == database]:
            del self.creators[table]
        for table in [key for key in self.places if key[0] == database]:
            del self.places[table]
        for opt_in in [k for k in self.opt_ins if k[1].database == database]:
            del self.opt_ins[opt_in]


def fresh(account_id: str, at: datetime) -> State:
    """A new account: IAM_ALLOWED_PRINCIPALS may create databases, nobody is an administrator."""
    state = State(account_id)
    state.grants.add(grant_of(IAM_ALLOWED_PRINCIPALS, CATALOG, {"CREATE_DATABASE"}, (), at, "AWS"))
    return state
