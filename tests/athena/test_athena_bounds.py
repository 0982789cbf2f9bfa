"""What is too large, malformed or out of range ends in a clean refusal; the account stays alive."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.athena.lake import Lake


@pytest.mark.parametrize(
    ("opening", "operand", "closing", "depth"),
    [
        ("substr(", "'abc'", ", -1)", 25),
        ("substr(", "'abc'", ", -1)", 14),
        ("greatest(", "1", ", 2)", 14),
        ("url_extract_host(", "'http://a'", ")", 14),
        ("greatest(", "avg(1.5)", ", 2)", 20),
    ],
)
def test_nested_calls_that_repeat_their_operands_are_refused_in_time(
    opening: str, operand: str, closing: str, depth: int, lake: Lake
) -> None:
    """STATEMENT_TOO_LARGE as soon as one expression has grown too large, not once the whole query is planned."""
    reason = lake.failure(f"SELECT {opening * depth}{operand}{closing * depth}")
    assert reason.startswith("STATEMENT_TOO_LARGE")
    assert lake.rows("SELECT substr(substr(substr('abc', -3), -2), -1)") == [["c"]]


def test_many_large_expressions_are_refused_together(lake: Lake) -> None:
    """Each is small enough by itself; all of them in one list are not."""
    large = "substr(" * 11 + "'abc'" + ", -1)" * 11
    assert lake.failure(f"SELECT ARRAY[{', '.join([large] * 500)}]").startswith("STATEMENT_TOO_LARGE")


def test_a_long_list_is_not_too_large(lake: Lake) -> None:
    """The twin: 20,000 numbers in IN."""
    numbers = ", ".join(map(str, range(20_000)))
    assert lake.rows(f"SELECT 19999 IN ({numbers})") == [["true"]]


@pytest.mark.parametrize("text", ["²", "٣", "-1", "1" * 5000, ""])
def test_a_next_token_that_is_no_offset_is_refused(text: str, lake: Lake) -> None:
    """InvalidRequestException for digits that are none, and for numbers without end."""
    query_id = lake.start("SELECT 1")
    lake.athena().get_query_execution(QueryExecutionId=query_id)
    token = base64.urlsafe_b64encode(text.encode()).decode()[:1024] or "="
    with pytest.raises(ClientError, match="Invalid NextToken") as refused:
        lake.athena().get_query_results(QueryExecutionId=query_id, NextToken=token)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"


def test_more_than_a_page_or_a_batch_holds_is_refused(lake: Lake) -> None:
    """1,000 rows, and 50 ids."""
    query_id = lake.start("SELECT 1")
    athena = lake.athena()
    athena.get_query_execution(QueryExecutionId=query_id)
    with pytest.raises(ClientError) as refused:
        athena.get_query_results(QueryExecutionId=query_id, MaxResults=1001)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    with pytest.raises(ClientError) as refused:
        athena.batch_get_query_execution(QueryExecutionIds=[query_id] * 51)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert len(athena.batch_get_query_execution(QueryExecutionIds=[query_id] * 50)["QueryExecutions"]) == 50


def test_half_of_a_surrogate_pair_in_a_statement_is_refused_at_once(lake: Lake) -> None:
    """JSON can write one, UTF-8 cannot; a whole pair is a character like any other."""
    with pytest.raises(ClientError) as refused:
        lake.start("SELECT '\ud800'")
    assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
    assert lake.rows("SELECT length('\U0001f600')") == [["1"]]


def test_a_partition_without_a_location_or_with_a_value_of_another_type_fails_the_query(lake: Lake) -> None:
    """HIVE_METASTORE_ERROR and HIVE_BAD_DATA, not an internal error."""
    lake.run(
        "CREATE EXTERNAL TABLE loose.days (note string) PARTITIONED BY (day int) STORED AS PARQUET "
        "LOCATION 's3://loose/days/'"
    )
    sql = "SELECT * FROM loose.days"
    for storage, code in (
        ({}, "HIVE_METASTORE_ERROR"),
        ({"Columns": []}, "HIVE_METASTORE_ERROR"),
        ({"Location": "s3://loose/notes/"}, "HIVE_BAD_DATA"),
    ):
        _partition(lake, "monday", storage)
        assert lake.failure(sql, database="loose").startswith(code)
        _drop(lake, "monday")
    _partition(lake, "7", {"Location": "s3://loose/notes/"})
    assert len(lake.rows(sql, database="loose")) == 3


def _partition(lake: Lake, value: str, storage: dict[str, Any]) -> None:
    partition: Any = {"Values": [value], "StorageDescriptor": storage} if storage else {"Values": [value]}
    lake.embedded.client("glue").create_partition(DatabaseName="loose", TableName="days", PartitionInput=partition)


def _drop(lake: Lake, value: str) -> None:
    lake.embedded.client("glue").delete_partition(DatabaseName="loose", TableName="days", PartitionValues=[value])


def test_a_database_with_a_dot_in_its_name_is_read(lake: Lake) -> None:
    """Created through Glue, as Athena's own DDL would not."""
    glue = lake.embedded.client("glue")
    glue.create_database(DatabaseInput={"Name": "dotted.name"})
    table = glue.get_table(DatabaseName="loose", Name="notes")["Table"]
    given = {k: table[k] for k in ("Name", "StorageDescriptor", "TableType", "Parameters") if k in table}
    glue.create_table(DatabaseName="dotted.name", TableInput=given)
    assert lake.rows('SELECT count(*) FROM "dotted.name".notes', database="loose") == [["3"]]


@pytest.mark.parametrize(
    "expression",
    [
        "from_unixtime(253402300800)",
        "CAST(from_unixtime(253402300800) AS timestamp)",
        "date_add('year', 9000, DATE '2020-01-01')",
        "date_add('year', -2020, DATE '2020-01-01')",
        "ARRAY[date_add('year', 9000, DATE '2020-01-01')]",
    ],
)
def test_times_beyond_four_digit_years_are_refused_by_name(expression: str, lake: Lake) -> None:
    """NOT_SUPPORTED; the last second of 9999 is answered."""
    assert lake.failure(f"SELECT {expression}").startswith("NOT_SUPPORTED: a date or time beyond the years 1 to 9999")
    assert lake.rows("SELECT from_unixtime(253402300799)") == [["9999-12-31 23:59:59.000 UTC"]]


def test_a_workgroup_made_anew_does_not_show_its_namesakes_queries(lake: Lake) -> None:
    """RecursiveDeleteOption forgets the queries with the workgroup, and the tokens that named them."""
    athena = lake.athena()
    enforced = {"EnforceWorkGroupConfiguration": False}
    athena.create_work_group(Name="again", Configuration=enforced)
    token = "a" * 32
    former = lake.start("SELECT 1", WorkGroup="again", ClientRequestToken=token)
    athena.get_query_execution(QueryExecutionId=former)
    athena.delete_work_group(WorkGroup="again", RecursiveDeleteOption=True)
    athena.create_work_group(Name="again", Configuration=enforced)
    assert athena.list_query_executions(WorkGroup="again")["QueryExecutionIds"] == []
    with pytest.raises(ClientError, match="was not found"):
        athena.get_query_execution(QueryExecutionId=former)
    assert lake.start("SELECT 1", WorkGroup="again", ClientRequestToken=token) != former


@pytest.mark.parametrize("join", ["RIGHT JOIN c ON b.n = c.n", "FULL JOIN c ON b.n = c.n", "JOIN c USING (n)"])
def test_a_comma_before_a_join_whose_order_shows_is_refused(join: str, lake: Lake) -> None:
    """JOIN binds tighter than the comma; with CROSS JOIN in its place the order is as written."""
    relations = "WITH a AS (SELECT 0 AS z), b AS (SELECT 1 AS n), c AS (SELECT 2 AS n)"
    assert "after a comma join" in lake.failure(f"{relations} SELECT * FROM a, b {join}")
    assert lake.rows(f"{relations} SELECT count(*) FROM a, b LEFT JOIN c ON b.n = c.n") == [["1"]]
    assert lake.run(f"{relations} SELECT * FROM a CROSS JOIN b {join}")["Status"]["State"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("nan() = nan()", "false"),
        ("nan() <> nan()", "true"),
        ("nan() > 1", "false"),
        ("1e0 <= nan()", "false"),
        ("nan() BETWEEN 1 AND 2", "false"),
        ("nan() IS DISTINCT FROM nan()", "false"),
        ("nan() = CAST(NULL AS double)", None),
        ("CAST(NULL AS double) < 1", None),
        ("CASE nan() WHEN nan() THEN 1 ELSE 2 END", "2"),
        ("sqrt(4e0) > (SELECT max(x) FROM (VALUES 1e0) AS t(x))", "true"),
        ("ARRAY[1, 2] = ARRAY[1, 2]", "true"),
        ("ARRAY[1] <> ARRAY[1, 2]", "true"),
        ("ARRAY['a'] < ARRAY['b']", "true"),
    ],
)
def test_nan_and_arrays_compare_as_trino_compares_them(expression: str, answer: str | None, lake: Lake) -> None:
    """NaN is equal to nothing and in no order; the engine's own answer would be another."""
    assert lake.rows(f"SELECT {expression}") == [[answer]]


@pytest.mark.parametrize(
    "expression",
    ["ARRAY[1, NULL] = ARRAY[1, NULL]", "ARRAY[ARRAY[1]] = ARRAY[ARRAY[1]]", "ARRAY[1] IN (ARRAY[1], ARRAY[NULL])"],
)
def test_arrays_whose_comparison_could_differ_are_refused(expression: str, lake: Lake) -> None:
    """NOT_SUPPORTED by name, for NULL inside, for arrays of arrays, and for IN."""
    assert lake.failure(f"SELECT {expression}").startswith("NOT_SUPPORTED")


@pytest.mark.parametrize(
    "expression",
    [
        """json_extract('{"a": 1.50}', '$.a')""",
        """json_extract('{"a": 1e2}', '$.a')""",
        """json_extract('{"a": -0}', '$.a')""",
        """json_extract_scalar('{"a": NaN}', '$.a')""",
        """json_extract_scalar('{"a": 1,}', '$.a')""",
        "date_parse('2020 69', '%Y %y')",
        "1e0 > ALL (SELECT nan())",
    ],
)
def test_what_the_engine_would_answer_otherwise_than_trino_is_refused_by_name(expression: str, lake: Lake) -> None:
    """NOT_SUPPORTED for JSON numbers whose text Trino gives as it is written, and for NaN among all or any rows."""
    assert lake.failure(f"SELECT {expression}").startswith("NOT_SUPPORTED")


@pytest.mark.parametrize("word", ["OR", "AND"])
def test_long_chains_are_refused_before_they_cost_anything(word: str, lake: Lake) -> None:
    """30,000 terms end STATEMENT_TOO_LARGE, as Trino's parser gives up; 4,000 are answered."""
    chain = f" {word} ".join(["stars = 1"] * 4000)
    assert lake.run(f"SELECT review_id FROM reviews WHERE {chain}")["Status"]["State"] == "SUCCEEDED"
    chain = word.join([" 1=1 "] * 30_000)
    assert lake.failure(f"SELECT 1 WHERE {chain}").startswith("STATEMENT_TOO_LARGE: line 1:1: statement is too large")
    assert lake.rows("SELECT 1") == [["1"]]


def test_others_are_answered_while_a_long_statement_is_planned(lake: Lake) -> None:
    """While 5,000 terms are bound and run, a small query of somebody else begins and ends."""
    chain = " OR ".join(f"(stars = {i} AND product = 'p{i}')" for i in range(2400))
    query_id = lake.start(f"SELECT count(*) FROM reviews WHERE {chain}")
    assert lake.rows("SELECT 1") == [["1"]]
    states = ["RUNNING"]
    while states[-1] in ("QUEUED", "RUNNING"):  # each look waits up to 20 s
        look = lake.athena().get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        states.append(look["Status"]["State"])
    assert states[-1] == "SUCCEEDED"
