"""Answers are Trino's: where the engine's own would differ, and where a query must be refused as Trino refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.athena.lake import Lake

ANSWERS = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8"))


def test_expressions_are_answered_as_trino_answers_them(lake: Lake) -> None:
    """Every expression of answers.yaml, several to a statement and each by itself where that fails."""
    wrong = {}
    for expression, expected in ANSWERS.items():
        found = lake.rows(f"SELECT {expression}")
        if found != [[expected]]:
            wrong[expression] = (found, expected)
    assert not wrong


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT stars = '5' FROM reviews", "TYPE_MISMATCH: line 1:8: Cannot apply operator: integer = varchar"),
        ("SELECT '1' < 1", "TYPE_MISMATCH: line 1:8: Cannot apply operator: varchar < integer"),
        ("SELECT 1 || 'a'", "TYPE_MISMATCH"),
        ("SELECT coalesce(1, 'a')", "TYPE_MISMATCH"),
        ("SELECT CASE WHEN true THEN 1 ELSE 'a' END", "TYPE_MISMATCH"),
        ("SELECT if(1, 2, 3)", "TYPE_MISMATCH"),
        ("SELECT 1 WHERE 1", "TYPE_MISMATCH: line 1:16: WHERE clause must evaluate to a boolean (actual: integer)"),
        ("SELECT 1 UNION SELECT 'a'", "TYPE_MISMATCH"),
        ("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT 1 % 0", "DIVISION_BY_ZERO: Division by zero"),
        ("SELECT 2147483647 + 1", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("SELECT CAST('1.5' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT CAST(' 1' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT ARRAY[1][2]", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT stars AS s FROM reviews WHERE s > 1", "COLUMN_NOT_FOUND: line 1:38: Column 's'"),
        ("SELECT stars AS s FROM reviews GROUP BY s", "COLUMN_NOT_FOUND"),
        ("SELECT stars, count(*) FROM reviews", "EXPRESSION_NOT_AGGREGATE"),
        ("SELECT DISTINCT stars FROM reviews ORDER BY product", "EXPRESSION_NOT_IN_DISTINCT"),
        (
            "SELECT product FROM reviews a JOIN reviews b ON true",
            "AMBIGUOUS_NAME: line 1:8: Column 'product' is ambiguous",
        ),
        ("SELECT nosuch(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nosuch' not registered"),
        ("SELECT lower(1)", "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower"),
        ("SELECT sum(count(*)) FROM reviews", "NESTED_AGGREGATION"),
        ("SELECT 1 FROM reviews WHERE max(stars) > 1", "EXPRESSION_NOT_SCALAR"),
        ("SELECT row_number() FROM reviews", "MISSING_OVER"),
        ("SELECT (SELECT stars FROM reviews)", "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows"),
        ("SELECT * FROM other.db.reviews", "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' does not exist"),
    ],
)
def test_what_trino_refuses_is_refused_with_its_code(sql: str, reason: str, lake: Lake) -> None:
    """Types do not mix, aliases are no columns, and run-time errors carry fixed texts."""
    assert lake.failure(sql).startswith(reason)


def test_columns_without_a_name_are_numbered(lake: Lake) -> None:
    """``_colN`` by position; a column keeps its name, an alias its spelling."""
    query_id = lake.start("SELECT stars, stars + 1, count(*) OVER () AS Total, r.product FROM reviews r LIMIT 1")
    lake.athena().get_query_execution(QueryExecutionId=query_id)
    found = lake.athena().get_query_results(QueryExecutionId=query_id)["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"]) for c in found] == [
        ("stars", "integer"), ("_col1", "integer"), ("Total", "bigint"), ("product", "varchar"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT product, count(*) FROM reviews GROUP BY 1 ORDER BY 1", [["p0", "6"], ["p1", "6"]]),
        ("SELECT stars FROM reviews ORDER BY stars DESC LIMIT 1", [["5"]]),
        ("SELECT stars FROM reviews ORDER BY stars DESC OFFSET 10", [[None], [None]]),
        ("SELECT category, sum(price) FROM reviews GROUP BY 1 ORDER BY 1", [["Books", "18.00"], ["Music", "18.00"]]),
        (
            "WITH best AS (SELECT * FROM reviews WHERE stars >= 4) "
            "SELECT category, count(*) FROM best GROUP BY 1 ORDER BY 1",
            [["Books", "2"], ["Music", "2"]],
        ),
        (
            "SELECT review_id, rank() OVER (PARTITION BY category ORDER BY stars DESC) FROM reviews "
            "WHERE category = 'Books' ORDER BY 2, 1 LIMIT 2",
            [["B4", "1"], ["B3", "2"]],
        ),
        ("SELECT review_id FROM reviews a JOIN reviews b USING (review_id) WHERE b.stars = 5 ORDER BY 1",
         [["B4"], ["M4"]]),
        ("SELECT product, grouping(product), count(*) FROM reviews GROUP BY ROLLUP (product) ORDER BY 2, 1",
         [["p0", "0", "6"], ["p1", "0", "6"], [None, "1", "12"]]),
        ("SELECT n, s FROM UNNEST(ARRAY[1, 2], ARRAY['a']) AS t(n, s) ORDER BY n", [["1", "a"], ["2", None]]),
        ("SELECT review_id FROM reviews EXCEPT SELECT review_id FROM reviews WHERE stars > 1 ORDER BY 1",
         [["B0"], ["B5"], ["M0"], ["M5"]]),
    ],
)  # fmt: skip
def test_queries_are_answered(sql: str, rows: list[list[str | None]], lake: Lake) -> None:
    """Grouping, ordering with NULLs last, windows, joins, WITH, set operations, UNNEST."""
    assert lake.rows(sql) == rows
