"""Grants and revocations at random, through boto3: what queries and the catalog show follows a naive model."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.attacks.accounts import RESULTS, administered, reading_role
from tests.conftest import Embedded, running

COLUMNS = ("a", "b", "c", "n")
EVERY = (*COLUMNS, "p")
KINDS = {"n": "int"}
ROWS = [(f"a{i}", f"b{i}", f"c{i}", i, "xy"[i % 2]) for i in range(6)]
PEOPLE = ("ann", "ben")
FILTERS = {"small": ("n < 3", lambda row: row[3] < 3), "odd": ("p = 'y'", lambda row: row[4] == "y")}
LEVELS = ("low", "high")
DATABASES = itertools.count()
NAMES = st.sets(st.sampled_from(COLUMNS), min_size=1).map(lambda names: tuple(sorted(names)))
WHO = st.sampled_from(PEOPLE)


class Account:
    """One account for all histories; each has a database of its own."""

    def __init__(self, embedded: Embedded) -> None:
        self.lf, self.glue = embedded.client("lakeformation"), embedded.client("glue")
        administered(embedded)
        s3 = embedded.client("s3")
        for key in "xy":
            held = [row for row in ROWS if row[4] == key]
            arrays = {c: pa.array([row[i] for row in held]) for i, c in enumerate(COLUMNS)}
            arrays["n"] = arrays["n"].cast(pa.int32())
            body = io.BytesIO()
            pq.write_table(pa.table(arrays), body)
            s3.put_object(Bucket="lake", Key=f"t/p={key}/a.parquet", Body=body.getvalue())
        self.lf.create_lf_tag(TagKey="level", TagValues=list(LEVELS))
        self.arns, self.clients = {}, {}
        for name in PEOPLE:
            self.arns[name] = reading_role(embedded, name)
            credentials = embedded.as_role(self.arns[name], "history")
            self.clients[name] = {s: embedded.client(s, credentials) for s in ("athena", "glue")}
        self.account_id = embedded.account_id

    def table(self, database: str) -> None:
        """Table t of a new database, over the account's files; granted to nobody."""
        self.glue.create_database(DatabaseInput={"Name": database})
        columns = [{"Name": c, "Type": KINDS.get(c, "string")} for c in COLUMNS]
        serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
        storage: Any = {"Columns": columns, "Location": "s3://lake/t", "SerdeInfo": serde}
        keys: Any = [{"Name": "p", "Type": "string"}]
        table: Any = {"Name": "t", "StorageDescriptor": storage, "PartitionKeys": keys}
        self.glue.create_table(DatabaseName=database, TableInput=table)
        for key in "xy":
            placed = {**storage, "Location": f"s3://lake/t/p={key}"}
            self.glue.create_partition(
                DatabaseName=database, TableName="t", PartitionInput={"Values": [key], "StorageDescriptor": placed}
            )


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with running() as embedded:
        yield Account(embedded)


def machine(account: Account) -> type[RuleBasedStateMachine]:
    """The state machine. ``held`` is the model: for each person the grants that stand."""

    class History(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.database = f"db{next(DATABASES)}"
            account.table(self.database)
            self.held: dict[str, set[tuple[Any, ...]]] = {name: set() for name in PEOPLE}
            self.filters: dict[str, tuple[str, ...]] = {}
            self.tags: dict[str, str] = {}
            self.open = False
            self.by_tag: set[tuple[str, str]] = set()

        def teardown(self) -> None:
            for who, level in self.by_tag:
                self.modify("revoke", who, self.by_level(level))
            account.glue.delete_database(Name=self.database)

        def modify(self, what: str, who: str, on: dict[str, Any], permissions: tuple[str, ...] = ("SELECT",)) -> None:
            call = account.lf.grant_permissions if what == "grant" else account.lf.revoke_permissions
            named = account.arns.get(who, who)
            call(Principal={"DataLakePrincipalIdentifier": named}, Resource=on, Permissions=list(permissions))

        def toggle(self, who: str, grant: tuple[Any, ...], on: dict[str, Any]) -> None:
            """Grant what is not granted, revoke what is."""
            self.modify("revoke" if grant in self.held[who] else "grant", who, on)
            self.held[who] ^= {grant}

        @property
        def named(self) -> dict[str, str]:
            return {"DatabaseName": self.database, "Name": "t"}

        def by_level(self, level: str) -> dict[str, Any]:
            return {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "level", "TagValues": [level]}]}}

        @rule(who=WHO)
        def the_table(self, who: str) -> None:
            self.toggle(who, ("all",), {"Table": self.named})

        @rule(who=WHO)
        def all_tables(self, who: str) -> None:
            self.toggle(who, ("everything",), {"Table": {"DatabaseName": self.database, "TableWildcard": {}}})

        @rule(who=WHO, column=st.sampled_from(COLUMNS))
        def a_column(self, who: str, column: str) -> None:
            self.toggle(who, ("column", column), {"TableWithColumns": {**self.named, "ColumnNames": [column]}})

        @rule(who=WHO, names=NAMES)
        def all_but(self, who: str, names: tuple[str, ...]) -> None:
            wildcard = {"ColumnWildcard": {"ExcludedColumnNames": list(names)}}
            self.toggle(who, ("but", names), {"TableWithColumns": {**self.named, **wildcard}})

        @rule(name=st.sampled_from(sorted(FILTERS)), columns=NAMES)
        def define_filter(self, name: str, columns: tuple[str, ...]) -> None:
            call = account.lf.update_data_cells_filter if name in self.filters else account.lf.create_data_cells_filter
            given = {"Name": name, "ColumnNames": list(columns), "RowFilter": {"FilterExpression": FILTERS[name][0]}}
            call(TableData={**self.own, **given})
            self.filters[name] = columns

        @property
        def own(self) -> dict[str, str]:
            return {"TableCatalogId": account.account_id, "DatabaseName": self.database, "TableName": "t"}

        @precondition(lambda self: self.filters)
        @rule(who=WHO, data=st.data())
        def through_a_filter(self, who: str, data: st.DataObject) -> None:
            name = data.draw(st.sampled_from(sorted(self.filters)))
            self.toggle(who, ("filter", name), {"DataCellsFilter": {**self.own, "Name": name}})

        @precondition(lambda self: self.filters)
        @rule(data=st.data())
        def delete_filter(self, data: st.DataObject) -> None:
            name = data.draw(st.sampled_from(sorted(self.filters)))
            account.lf.delete_data_cells_filter(**self.own, Name=name)
            del self.filters[name]
            for grants in self.held.values():
                grants.discard(("filter", name))

        @rule(tagged=st.sampled_from(("table", *COLUMNS)), level=st.sampled_from(LEVELS))
        def tag(self, tagged: str, level: str) -> None:
            on: dict[str, Any] = {"Table": self.named}
            if tagged != "table":
                on = {"TableWithColumns": {**self.named, "ColumnNames": [tagged]}}
            failed = account.lf.add_lf_tags_to_resource(Resource=on, LFTags=[{"TagKey": "level", "TagValues": [level]}])
            assert not failed.get("Failures")
            self.tags[tagged] = level

        @rule(who=WHO, level=st.sampled_from(LEVELS))
        def grant_by_tag(self, who: str, level: str) -> None:
            self.toggle(who, ("tag", level), self.by_level(level))
            self.by_tag ^= {(who, level)}

        @rule()
        def to_everybody_whom_iam_lets_in(self) -> None:
            on = {"Table": self.named}
            self.modify("revoke" if self.open else "grant", "IAM_ALLOWED_PRINCIPALS", on, ("ALL",))
            self.open = not self.open

        @rule(who=WHO)
        def opt_in_or_out(self, who: str) -> None:
            out = ("opted in",) in self.held[who]
            call = account.lf.delete_lake_formation_opt_in if out else account.lf.create_lake_formation_opt_in
            call(Principal={"DataLakePrincipalIdentifier": account.arns[who]}, Resource={"Table": self.named})
            self.held[who] ^= {("opted in",)}

        def cells(self, who: str) -> list[tuple[tuple[str, ...], Any]]:
            """What each grant gives alone: (columns, condition on a row). A grant by LF-Tags may give no column."""
            found: list[tuple[tuple[str, ...], Any]] = []
            everywhere = lambda row: True  # noqa: E731
            if self.open and ("opted in",) not in self.held[who]:
                found.append((COLUMNS, everywhere))
            for kind, *rest in self.held[who]:
                if kind in ("all", "everything"):
                    found.append((COLUMNS, everywhere))
                elif kind == "column":
                    found.append(((rest[0],), everywhere))
                elif kind == "but":
                    found.append((tuple(c for c in COLUMNS if c not in rest[0]), everywhere))
                elif kind == "filter":
                    found.append((self.filters[rest[0]], FILTERS[rest[0]][1]))
                elif kind == "tag":
                    level = {c: self.tags.get(c, self.tags.get("table")) for c in COLUMNS}
                    matching = tuple(c for c in COLUMNS if level[c] == rest[0])
                    if matching or self.tags.get("table") == rest[0]:
                        found.append((matching, everywhere))
            return found

        def expected(self, who: str) -> tuple[list[str], list[tuple[str | None, ...]]]:
            """Columns, and rows in order of n: a value shows where a grant that has the row has its column."""
            cells = self.cells(who)
            shown = [c for c in COLUMNS if any(c in columns for columns, _ in cells)] + (["p"] if cells else [])
            rows = []
            for row in ROWS:
                holding = [columns for columns, holds in cells if holds(row)]
                if holding:
                    told = {c for columns in holding for c in columns} | {"p"}
                    rows.append(
                        tuple(str(v) if c in told else None for c, v in zip(EVERY, row, strict=True) if c in shown)
                    )
            return shown, rows

        def asked(self, who: str, sql: str) -> tuple[str, list[str], list[tuple[str | None, ...]]]:
            """The reason of a failure or "", the columns and the rows of a query."""
            athena = account.clients[who]["athena"]
            query_id = athena.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self.database},
                ResultConfiguration={"OutputLocation": RESULTS},
            )["QueryExecutionId"]
            status = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
            if status["State"] != "SUCCEEDED":
                return status["StateChangeReason"], [], []
            rows = athena.get_query_results(QueryExecutionId=query_id)["ResultSet"]["Rows"]
            cells = [tuple(cell.get("VarCharValue") for cell in row["Data"]) for row in rows]
            return "", list(cells[0]), cells[1:]

        @invariant()
        def everybody_sees_what_the_model_says(self) -> None:
            """By query, by the catalog and by an attack on a column that is hidden now."""
            for who in PEOPLE:
                columns, rows = self.expected(who)
                reason, header, found = self.asked(who, "SELECT * FROM t")
                if not columns:
                    assert reason.startswith("Insufficient Lake Formation permission(s)"), (reason, header)
                else:
                    assert (reason, header, sorted(found, key=str)) == ("", columns, sorted(rows, key=str))
                assert self.catalogued(who) == columns
                hidden = next((c for c in COLUMNS if c not in columns), None)
                if columns and hidden:
                    reason, *_ = self.asked(who, f"SELECT p FROM t WHERE {hidden} IS NOT NULL")
                    assert reason.startswith("COLUMN_NOT_FOUND") and "requester is not authorized" in reason, reason

        def catalogued(self, who: str) -> list[str]:
            """The columns that glue:GetTable shows; none where it refuses."""
            try:
                table = account.clients[who]["glue"].get_table(**self.named)["Table"]
            except ClientError as error:
                assert error.response["Error"]["Code"] == "AccessDeniedException"
                return []
            return [c["Name"] for c in (*table["StorageDescriptor"]["Columns"], *table["PartitionKeys"])]

    return History


def test_what_is_visible_follows_a_naive_model_through_any_history_of_grants(account: Account) -> None:
    """After each grant, revocation, filter, LF-Tag and opt-in: the same columns and rows as each grant alone gives."""
    quick = settings(max_examples=10, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine(account), settings=quick)
