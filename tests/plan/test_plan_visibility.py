"""What row filters and LF-Tags of a plan mean: which columns on which rows, and what must be granted for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.executor import execute

from lakeproof.plan import (
    Columns,
    DataFilter,
    Grant,
    Plan,
    RowFilter,
    TagGrant,
    assigned_tags,
    data_filters,
    load,
    permissions,
)
from lakeproof.plan.predicates import LONGEST, wrong
from lakeproof.plan.visibility import either, matches

TAGGED = Path(__file__).parent / "valid" / "tagged.yaml"
COLUMNS = ("order_id", "customer", "quantity", "ordered")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Two tables, three people: everything, some rows, and by LF-Tags."""
    return load(TAGGED)


def granting(plan: Plan, *grants: Grant | TagGrant) -> Plan:
    """The plan with other grants."""
    return plan.model_copy(update={"grants": grants})


def filtered(name: str, where: str, *columns: str, person: str = "bo") -> Grant:
    """A grant of some columns of ``orders`` on some rows."""
    some = Columns(include=(*columns, "country")) if columns else "all"
    return Grant(person=person, table="orders", columns=some, row_filter=RowFilter(name=name, where=where))


def test_rows_of_several_filters_add_up(plan: Plan) -> None:
    """Visible rows: where any filter holds. A column that one filter hides shows on the other's rows alone."""
    assert plan.visible_columns("bo", "orders") == (*COLUMNS, "country")
    assert plan.visible_rows("bo", "orders") == "(quantity >= 50 AND country = 'PT') OR (country = 'DE')"
    assert plan.shown_on("bo", "orders", "customer") == "country = 'DE'"
    assert plan.shown_on("bo", "orders", "quantity") is None
    assert plan.visible_rows("ana", "orders") is None


def test_nothing_has_no_predicate(plan: Plan) -> None:
    """A table without a grant has no visible rows, and a hidden column shows on none: asking is a mistake."""
    with pytest.raises(LookupError, match="nothing of stock"):
        plan.visible_rows("bo", "stock")
    with pytest.raises(LookupError, match="may not see customer"):
        plan.shown_on("cleo", "orders", "customer")


def test_lf_tags_are_inherited_and_overridden(plan: Plan) -> None:
    """Database to table to column, key by key: the personal column is hidden, both areas are matched."""
    assert plan.visible_columns("cleo", "orders") == ("order_id", "quantity", "ordered", "country")
    assert plan.visible_columns("cleo", "stock") == ("item", "supplier")
    only_stock = granting(plan, TagGrant(person="cleo", lf_tags={"area": ("stock",)}))
    assert only_stock.visible_columns("cleo", "orders") == ()
    assert only_stock.visible_columns("cleo", "stock") == ("item", "supplier")


def test_a_table_that_matches_without_its_columns_shows_its_partition_keys(plan: Plan) -> None:
    """Partition keys are visible with any SELECT, whatever their table's columns carry."""
    hidden = [
        column.model_copy(update={"lf_tags": {"sensitivity": "personal"}}) for column in plan.table("orders").columns
    ]
    table = plan.table("orders").model_copy(update={"columns": tuple(hidden)})
    dataset = plan.dataset.model_copy(update={"tables": (table, plan.table("stock"))})
    assert plan.model_copy(update={"dataset": dataset}).visible_columns("cleo", "orders") == ("country",)


def test_exactly_the_permissions_filters_and_tags(plan: Plan) -> None:
    """A filter is granted by its name, an expression on no table; each filter comes once, each LF-Tag in its place."""
    select = [entry for entry in permissions(plan) if entry.permission == "SELECT" and entry.person]
    assert [(entry.person, entry.table, entry.filter) for entry in select] == [
        ("ana", "orders", None),
        ("bo", "orders", "portugal"),
        ("bo", "orders", "germany"),
        ("cleo", None, None),
    ]
    assert select[-1].expression == (("area", ("sales", "stock")), ("sensitivity", ("public",)))
    assert data_filters(plan) == (
        DataFilter("orders", "portugal", "quantity >= 50 AND country = 'PT'", exclude=("customer",)),
        DataFilter("orders", "germany", "country = 'DE'"),
    )
    assert assigned_tags(plan) == {
        (): {"sensitivity": "public", "area": "sales"},
        ("orders", "customer"): {"sensitivity": "personal"},
        ("stock",): {"area": "stock"},
    }


def test_a_filter_for_two_people_is_one_filter(plan: Plan) -> None:
    """Two grants of the same filter: one data filter, two permissions."""
    shared = granting(plan, filtered("low", "quantity < 5"), filtered("low", "quantity < 5", person="ana"))
    assert len(data_filters(shared)) == 1
    assert [entry.filter for entry in permissions(shared) if entry.filter] == ["low", "low"]


def test_placeholders_stand_in_lf_tags_too(plan: Plan) -> None:
    """{run} in an LF-Tag's key is filled wherever the key stands."""
    text = plan.model_copy(
        update={
            "lf_tags": {"area-{run}": ("sales",)},
            "dataset": plan.dataset.model_copy(
                update={"lf_tags": {"area-{run}": "sales"}, "tables": plan.dataset.tables}
            ),
        }
    ).resolved("123456789012", "eu-central-1", "0a1b2c3d")
    assert "area-0a1b2c3d" in text.lf_tags
    assert text.dataset.lf_tags == {"area-0a1b2c3d": "sales"}


@given(
    shown=st.lists(st.tuples(st.sets(st.sampled_from(COLUMNS), min_size=1), st.integers(0, 3)), min_size=1, max_size=4)
)
def test_each_value_shows_on_exactly_the_rows_that_some_grant_gives(
    plan: Plan, shown: list[tuple[set[str], int]]
) -> None:
    """Whatever the filters: a value shows where one of them gives it, by the naive model and by the predicates."""
    grants = [
        filtered(f"f{number}", f"quantity = {row}", *sorted(columns)) for number, (columns, row) in enumerate(shown)
    ]
    changed = granting(plan, *grants)
    rows = [{"quantity": number} for number in range(5)]

    def holds(where: str | None) -> set[int]:
        found = execute(f"SELECT quantity FROM t WHERE {where or '1 = 1'}", tables={"t": rows})
        return {row[0] for row in found.rows}

    visible = holds(changed.visible_rows("bo", "orders"))
    assert visible == {row for _, row in shown}
    for column in COLUMNS:
        expected = {row for columns, row in shown if column in columns}
        if not expected:
            assert column in changed.hidden_columns("bo", "orders")
            continue
        where = changed.shown_on("bo", "orders", column)
        assert (visible if where is None else holds(where)) == expected


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a = 1", "a = 2"])), min_size=1, max_size=3))
def test_all_rows_win(predicates: list[str | None]) -> None:
    """One grant without a row filter shows all rows, whatever the others filter."""
    assert (either(predicates) is None) == (None in predicates)


@given(
    tags=st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
    expression=st.dictionaries(st.sampled_from("abc"), st.sets(st.sampled_from("xyz"), min_size=1), min_size=1),
)
def test_every_key_must_match_by_any_value(tags: dict[str, str], expression: dict[str, set[str]]) -> None:
    """AND over keys, OR over values; a key that is not there does not match."""
    wanted = all(any(tags.get(key) == value for value in values) for key, values in expression.items())
    assert matches({key: tuple(values) for key, values in expression.items()}, tags) == wanted


def test_a_row_filter_has_a_longest() -> None:
    """2047 characters are taken, one more is told."""
    fits = "name = '" + "x" * (LONGEST - 9) + "'"
    assert not list(wrong(fits, {"name": "string"}, ()))
    [(expected, seen, _)] = wrong(fits + " ", {"name": "string"}, ())
    assert (expected, seen) == ("a row filter of at most 2047 characters", "2048 characters")


@pytest.mark.parametrize(
    "text",
    [
        "quantity = 5",
        "NOT (quantity < -5 OR quantity > 5.5)",
        "quantity BETWEEN 1 AND 9 AND name NOT IN ('a', 'it''s')",
        "name LIKE 'mk:%' OR name IS NULL OR name IS NOT NULL",
        'open = true AND "quantity" <> 3 AND quantity != 4',
    ],
)
def test_the_documented_comparisons_are_taken(text: str) -> None:
    """Each comparison of the developer guide, with text, numbers and booleans."""
    assert not list(wrong(text, {"quantity": "int", "name": "string", "open": "boolean"}, ()))
    assert sqlglot.parse_one(text, read="athena")
