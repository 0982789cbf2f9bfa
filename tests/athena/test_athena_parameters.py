"""Execution parameters: literals in the place of question marks, and nothing else gets in by them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.athena.lake import Lake


def ended(lake: Lake, sql: str, *values: str, keys: Any = None) -> dict[str, Any]:
    """The execution of a query with these values, ended."""
    client = lake.embedded.client("athena", keys) if keys else lake.embedded.client("athena")
    started = client.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": "db"},
        ResultConfiguration={"OutputLocation": "s3://results/q/"},
        ExecutionParameters=list(values),
    )
    found: dict[str, Any] = client.get_query_execution(QueryExecutionId=started["QueryExecutionId"])
    return found["QueryExecution"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["1"], "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"),
        (["1", "2", "3"], "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 3"),
        (["1", "stars"], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "(SELECT 1)"], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "1; DROP TABLE reviews"], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "1 UNION SELECT 2"], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "'"], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "1 -- "], "NOT_SUPPORTED: an execution parameter that is no literal"),
        (["1", "?"], "NOT_SUPPORTED: an execution parameter that is no literal"),
    ],
    ids=str,
)
def test_values_that_do_not_fit_fail_the_query(values: list[str], reason: str, lake: Lake) -> None:
    """Another number than there are marks, and whatever is no literal: FAILED, with the reason."""
    status = ended(lake, "SELECT count(*) FROM reviews WHERE stars > ? OR stars = ?", *values)["Status"]
    assert status["State"] == "FAILED" and status["StateChangeReason"].startswith(reason), status


def test_values_are_bound_in_order(lake: Lake) -> None:
    """Numbers, strings with their quotation marks, dates, NULL; a mark in a string or a comment is none."""
    sql = "SELECT ?, ?, ?, ?, '?' /* ? */ -- ?"
    execution = ended(lake, sql, "-1.5", "'it''s ?'", "DATE '2020-01-02'", "NULL")
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    assert execution["Query"] == sql and execution["ExecutionParameters"][1] == "'it''s ?'"
    rows = lake.embedded.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    [_, row] = rows["ResultSet"]["Rows"]
    assert [cell.get("VarCharValue") for cell in row["Data"]] == ["-1.5", "it's ?", "2020-01-02", None, "?"]


def test_a_hidden_column_stays_hidden(lake: Lake, limited: Any) -> None:
    """The query is checked as if its values had been written in it; its twin on a granted column is answered."""
    hidden = ended(lake, "SELECT count(*) FROM reviews WHERE customer = ?", "'ann'", keys=limited)["Status"]
    assert hidden["State"] == "FAILED" and hidden["StateChangeReason"].startswith("COLUMN_NOT_FOUND")
    shown = ended(lake, "SELECT count(*) FROM reviews WHERE product = ?", "'p'", keys=limited)["Status"]
    assert shown["State"] == "SUCCEEDED", shown
