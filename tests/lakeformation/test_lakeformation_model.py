"""Random grants, revocations and schema changes, compared after each step with a naive model."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from localaws import glue, lakeformation
from localaws.account import Account
from localaws.call import Call
from localaws.caller import Caller
from localaws.errors import AwsError
from localaws.lakeformation import rules
from localaws.lakeformation.grants import grant_of
from localaws.lakeformation.model import DataCellsFilter, Kind, Resource, TableSchema, table_resource
from localaws.lakeformation.paging import page

COLUMNS = ("a", "b", "c", "d")
PEOPLE = ("ann", "ben")
TABLES = ("t", "u")
TRUST = '{"Version":"2012-10-17","Statement":[]}'


class World:
    """One account for all runs of the machine; each run has its own database."""

    def __init__(self) -> None:
        self.account = Account()
        for name in ("admin", *PEOPLE):
            self.account.store.invoke("iam", "CreateRole", {"RoleName": name, "AssumeRolePolicyDocument": TRUST})
        self.admin = self.arn("admin")
        settings_ = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": self.admin}]}
        self.call("lakeformation", "PutDataLakeSettings", DataLakeSettings=settings_)

    def arn(self, name: str) -> str:
        return f"arn:aws:iam::{self.account.account_id}:role/{name}"

    def call(self, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
        """Run an operation as the data lake administrator."""
        caller = Caller("user", self.account.account_id, self.arn("admin"), "AIDA")
        now = self.account.clock.now()
        call = Call(caller, service, operation, params, self.account.region, now, str(uuid.uuid4()))
        handlers = lakeformation.HANDLERS if service == "lakeformation" else glue.HANDLERS
        return handlers[operation](self.account, call)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def table_input(name: str, columns: tuple[str, ...]) -> dict[str, Any]:
    shaped = [{"Name": column, "Type": "string"} for column in columns]
    return {
        "Name": name,
        "StorageDescriptor": {"Columns": shaped},
        "PartitionKeys": [{"Name": "p", "Type": "string"}],
    }


COLUMN_SETS = st.sets(st.sampled_from(COLUMNS), min_size=1).map(lambda names: tuple(sorted(names)))


def machine(world: World) -> type[RuleBasedStateMachine]:
    """The state machine over a world."""

    class GrantsAndRevocations(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.database = f"db{uuid.uuid4().hex}"
            unset: list[Any] = []
            database_input = {"Name": self.database, "CreateTableDefaultPermissions": unset}
            world.call("glue", "CreateDatabase", DatabaseInput=database_input)
            self.columns: dict[str, tuple[str, ...]] = dict.fromkeys(TABLES, COLUMNS)
            for name in TABLES:
                world.call("glue", "CreateTable", DatabaseName=self.database, TableInput=table_input(name, COLUMNS))
            self.whole: set[tuple[str, str]] = set()
            self.everything: set[str] = set()
            self.included: set[tuple[str, str, str]] = set()
            self.excluded: set[tuple[str, str, tuple[str, ...]]] = set()

        def teardown(self) -> None:
            world.call("glue", "DeleteDatabase", Name=self.database)

        def modify(self, operation: str, who: str, on: dict[str, Any]) -> bool:
            """Grant or revoke SELECT; whether it was accepted."""
            try:
                world.call(
                    "lakeformation",
                    operation,
                    Principal={"DataLakePrincipalIdentifier": world.arn(who)},
                    Resource=on,
                    Permissions=["SELECT"],
                )
            except AwsError as error:
                assert error.code == "InvalidInputException"
                return False
            return True

        def some(self, table: str, names: tuple[str, ...]) -> dict[str, Any]:
            return {"TableWithColumns": {"DatabaseName": self.database, "Name": table, "ColumnNames": list(names)}}

        def but(self, table: str, names: tuple[str, ...]) -> dict[str, Any]:
            wildcard = {"ExcludedColumnNames": list(names)}
            return {"TableWithColumns": {"DatabaseName": self.database, "Name": table, "ColumnWildcard": wildcard}}

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES))
        def grant_table(self, who: str, table: str) -> None:
            assert self.modify("GrantPermissions", who, {"Table": {"DatabaseName": self.database, "Name": table}})
            self.whole.add((who, table))

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES))
        def revoke_table(self, who: str, table: str) -> None:
            on = {"Table": {"DatabaseName": self.database, "Name": table}}
            assert self.modify("RevokePermissions", who, on) is ((who, table) in self.whole)
            self.whole.discard((who, table))

        @rule(who=st.sampled_from(PEOPLE))
        def grant_all_tables(self, who: str) -> None:
            assert self.modify("GrantPermissions", who, {"Table": {"DatabaseName": self.database, "TableWildcard": {}}})
            self.everything.add(who)

        @rule(who=st.sampled_from(PEOPLE))
        def revoke_all_tables(self, who: str) -> None:
            on = {"Table": {"DatabaseName": self.database, "TableWildcard": {}}}
            assert self.modify("RevokePermissions", who, on) is (who in self.everything)
            self.everything.discard(who)

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), names=COLUMN_SETS)
        def grant_columns(self, who: str, table: str, names: tuple[str, ...]) -> None:
            exist = set(names) <= set(self.columns[table])
            assert self.modify("GrantPermissions", who, self.some(table, names)) is exist
            if exist:
                self.included |= {(who, table, name) for name in names}

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), names=COLUMN_SETS)
        def revoke_columns(self, who: str, table: str, names: tuple[str, ...]) -> None:
            held = {(who, table, name) for name in names} <= self.included
            assert self.modify("RevokePermissions", who, self.some(table, names)) is held
            if held:
                self.included -= {(who, table, name) for name in names}

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), names=COLUMN_SETS)
        def grant_all_but(self, who: str, table: str, names: tuple[str, ...]) -> None:
            exist = set(names) <= set(self.columns[table])
            assert self.modify("GrantPermissions", who, self.but(table, names)) is exist
            if exist:
                self.excluded.add((who, table, names))

        @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), names=COLUMN_SETS)
        def revoke_all_but(self, who: str, table: str, names: tuple[str, ...]) -> None:
            held = (who, table, names) in self.excluded
            assert self.modify("RevokePermissions", who, self.but(table, names)) is held
            self.excluded.discard((who, table, names))

        @rule(table=st.sampled_from(TABLES), names=st.permutations(COLUMNS), kept=st.integers(1, 4))
        def change_schema(self, table: str, names: list[str], kept: int) -> None:
            self.columns[table] = tuple(names[:kept])
            changed = table_input(table, self.columns[table])
            world.call("glue", "UpdateTable", DatabaseName=self.database, TableInput=changed)

        @rule(table=st.sampled_from(TABLES))
        def recreate(self, table: str) -> None:
            world.call("glue", "DeleteTable", DatabaseName=self.database, Name=table)
            self.columns[table] = COLUMNS
            world.call("glue", "CreateTable", DatabaseName=self.database, TableInput=table_input(table, COLUMNS))
            self.whole = {held for held in self.whole if held[1] != table}
            self.included = {held for held in self.included if held[1] != table}
            self.excluded = {held for held in self.excluded if held[1] != table}

        def expected(self, who: str, table: str) -> tuple[str, ...]:
            """The naive answer: a column is visible if any grant, looked at alone, shows it."""
            exists = self.columns[table]
            if (who, table) in self.whole or who in self.everything:
                return (*exists, "p")
            shown = {name for holder, where, name in self.included if (holder, where) == (who, table)} & set(exists)
            wide = [names for holder, where, names in self.excluded if (holder, where) == (who, table)]
            for names in wide:
                shown |= set(exists) - set(names)
            return (*(c for c in exists if c in shown), "p") if shown or wide else ()

        @invariant()
        def everybody_sees_what_the_model_says(self) -> None:
            for who in PEOPLE:
                for table in TABLES:
                    visibility = world.account.lakeformation.visible(world.arn(who), self.database, table)
                    assert visibility.columns == self.expected(who, table), visibility.explain()
                    assert visibility.row_filter is None

        @invariant()
        def pages_are_complete_and_without_duplicates(self) -> None:
            rows: list[str] = []
            token: dict[str, Any] = {}
            while True:
                answer = world.call("lakeformation", "ListPermissions", MaxResults=3, **token)
                rows += [str(row) for row in answer["PrincipalResourcePermissions"]]
                if "NextToken" not in answer:
                    break
                token = {"NextToken": answer["NextToken"]}
            assert len(rows) == len(set(rows))
            every = world.call("lakeformation", "ListPermissions")["PrincipalResourcePermissions"]
            assert rows == [str(row) for row in every]

    return GrantsAndRevocations


def test_visible_columns_follow_a_naive_model_through_any_history(world: World) -> None:
    """After any grants, revocations, schema changes and re-creations the answer is the union of the grants."""
    quick = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine(world), settings=quick)


def test_revoking_restores_what_was_visible_before(world: World) -> None:
    """A grant followed by its revocation leaves no trace, whatever else is granted."""
    run = machine(world)()
    run.grant_columns("ann", "t", ("a", "b"))
    before = world.account.lakeformation.visible(world.arn("ann"), run.database, "t")
    run.grant_table("ann", "t")
    run.grant_all_but("ann", "t", ("d",))
    run.revoke_table("ann", "t")
    run.revoke_all_but("ann", "t", ("d",))
    after = world.account.lakeformation.visible(world.arn("ann"), run.database, "t")
    assert (after.columns, after.cells, after.permissions) == (before.columns, before.cells, before.permissions)


@given(
    rows=st.sets(st.text(min_size=1, max_size=3), max_size=30),
    size=st.integers(1, 5),
    removed=st.sets(st.text(min_size=1, max_size=3), max_size=5),
)
def test_pages_hold_while_the_list_changes(rows: set[str], size: int, removed: set[str]) -> None:
    """What stays in the list comes exactly once, though rows vanish between the pages."""
    found: list[str] = []
    token, left = None, set(rows)
    while True:
        listed, token = page(left, str, token, size, 100)
        found += listed
        left -= removed
        if token is None:
            break
    assert len(found) == len(set(found))
    assert rows - removed <= set(found) <= rows


SCHEMA = TableSchema("db", "t", COLUMNS, ("p",))
CELLS = st.lists(st.tuples(COLUMN_SETS, st.sampled_from(["n = 0", "n = 1", "n = 2", None])), max_size=6)


@given(cells=CELLS)
def test_each_value_shows_on_exactly_the_rows_that_some_grant_gives(
    world: World, cells: list[tuple[tuple[str, ...], str | None]]
) -> None:
    """Filters and column grants together: a value shows on a row if and only if one of them shows it there."""
    now = world.account.clock.now()
    grants, filters = [], {}
    for number, (columns, rows) in enumerate(cells):
        name = f"f{number}"
        filters[name] = DataCellsFilter("db", "t", name, rows, columns, (), "1")
        grants.append(grant_of("ann", Resource(Kind.FILTER, "db", "t", name), {"SELECT"}, (), now, "x"))
    answer = rules.visibility(SCHEMA, rules.Facts("ann", tuple(grants), filters=filters))
    for n in range(4):
        here = f"n = {n}"
        shown = {column for columns, rows in cells if rows in (None, here) for column in columns}
        some = any(rows in (None, here) for _, rows in cells)
        visible_row = bool(answer.cells) and (answer.row_filter is None or here in answer.row_filter)
        assert visible_row == some
        if visible_row:
            by_column = answer.cell_filters
            told = {column for column in answer.columns if by_column[column] is None or here in str(by_column[column])}
            assert told == shown | {"p"}
            holding = [cell for cell in answer.cells if cell.row_filter is None or here in cell.row_filter]
            assert {column for cell in holding for column in cell.columns} == shown | {"p"}
    assert set(answer.columns) == ({c for columns, _ in cells for c in columns} | {"p"} if cells else set())


def test_the_state_is_plain_data(world: World) -> None:
    """State can be pickled and restored; the answers are then the same."""
    run = machine(world)()
    run.grant_columns("ann", "t", ("b",))
    service = world.account.lakeformation
    before = world.call("lakeformation", "ListPermissions")
    service.restore(pickle.loads(pickle.dumps(service.state)))
    assert world.call("lakeformation", "ListPermissions") == before
    assert service.visible(world.arn("ann"), run.database, "t").columns == ("b", "p")


def test_equal_rights_have_equal_fingerprints(world: World) -> None:
    """Two people with the same columns by different grants share a fingerprint; a third does not."""
    run = machine(world)()
    run.grant_columns("ann", "t", ("a", "b"))
    run.grant_all_but("ben", "t", ("c", "d"))

    def fingerprint(who: str) -> Any:
        return world.account.lakeformation.visible(world.arn(who), run.database, "t").fingerprint

    assert fingerprint("ann") == fingerprint("ben")
    run.revoke_columns("ann", "t", ("a",))
    assert fingerprint("ann") != fingerprint("ben")


def test_an_answer_explains_itself(world: World) -> None:
    """The text names what is visible, the way data is read, and each grant with its maker."""
    run = machine(world)()
    run.grant_columns("ann", "t", ("b",))
    text = world.account.lakeformation.visible(world.arn("ann"), run.database, "t").explain()
    assert f"may read b, p of {run.database}.t; data is read with the principal's own S3 rights" in text
    assert f"grant of SELECT on columns b of table {run.database}.t to {world.arn('ann')}, made by" in text
    refused = world.account.lakeformation.visible(world.arn("ben"), run.database, "t").explain()
    assert f"no grant to {world.arn('ben')}" in refused


def test_an_answer_looks_only_at_grants_that_can_matter(world: World) -> None:
    """The grants of 50 other people on 10 other tables are not looked at for one person and one table."""
    database = f"db{uuid.uuid4().hex}"
    world.call("glue", "CreateDatabase", DatabaseInput={"Name": database, "CreateTableDefaultPermissions": []})
    world.call("glue", "CreateTable", DatabaseName=database, TableInput=table_input("t", COLUMNS))
    state = world.account.lakeformation.state
    schema = world.account.lakeformation.catalog.schema(database, "t")
    assert schema is not None
    on = {"Table": {"DatabaseName": database, "Name": "t"}}
    principal = {"DataLakePrincipalIdentifier": world.arn("ann")}
    world.call("lakeformation", "GrantPermissions", Principal=principal, Resource=on, Permissions=["SELECT"])
    for person in range(50):
        for table in range(10):
            resource = table_resource(database, f"other{table}")
            now = world.account.clock.now()
            state.grants.add(grant_of(f"arn:aws:iam::1:role/r{person}", resource, {"SELECT"}, (), now, "x"))
    assert len(state.facts(world.arn("ann"), schema).grants) == 1
