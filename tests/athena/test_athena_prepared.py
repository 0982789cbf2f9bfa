"""Prepared statements: kept in a workgroup, run with their caller's rights; values are values alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.athena.lake import Lake

INVALID, ABSENT = "InvalidRequestException", "ResourceNotFoundException"
MARKS = "SELECT count(*) FROM reviews WHERE stars > ? AND product = ?"


@pytest.fixture
def clean(lake: Lake) -> Iterator[Lake]:
    """A lake whose workgroup ``primary`` has no prepared statement, before and after."""
    yield lake
    athena = lake.athena()
    for each in athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]:
        athena.delete_prepared_statement(WorkGroup="primary", StatementName=each["StatementName"])


def status(lake: Lake, sql: str, keys: Any = None, **more: Any) -> tuple[str, str]:
    """State and reason of a statement, ended."""
    found = lake.run(sql, keys, **more)["Status"]
    return found["State"], found.get("StateChangeReason", "")


def answer(lake: Lake, sql: str, keys: Any = None, **more: Any) -> list[str | None]:
    """The first column of what a statement gives. Raises AssertionError with its reason if it fails."""
    execution = lake.run(sql, keys, **more)
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    client = lake.athena(keys)
    rows = client.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]["Rows"]
    return [row["Data"][0].get("VarCharValue") for row in rows[1:]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("EXECUTE nothing", "NOT_FOUND: PreparedStatement nothing was not found in workGroup primary"),
        ("DEALLOCATE PREPARE nothing", "NOT_FOUND: PreparedStatement nothing was not found in workGroup primary"),
        ("EXECUTE marks", "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 0"),
        ("EXECUTE marks USING 1", "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2"),
        ("EXECUTE marks USING 1, 2, 3", "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected"),
        ("EXECUTE marks USING 1, product", "NOT_SUPPORTED: an execution parameter that is no literal"),
        ("EXECUTE marks USING 1, 'a' OR 1 = 1", "NOT_SUPPORTED: an execution parameter that is no literal"),
        ("EXECUTE marks USING 1, (SELECT customer FROM reviews)", "NOT_SUPPORTED: an execution parameter that is no"),
        ("EXECUTE marks USING 1, ?", "NOT_SUPPORTED: an execution parameter that is no literal"),
    ],
    ids=str,
)
def test_what_does_not_fit_fails(sql: str, reason: str, clean: Lake) -> None:
    """A name that there is not, another number of values than marks, a value that is no literal."""
    clean.run(f"PREPARE marks FROM {MARKS}")
    state, told = status(clean, sql)
    assert state == "FAILED" and told.startswith(reason), told


def test_prepared_once_executed_with_different_values(clean: Lake) -> None:
    """The answer is that of the query with the values written in it; preparing again replaces, deallocating forgets."""
    clean.run("PREPARE /* a */ over\nFROM SELECT count(*) FROM reviews WHERE stars > ? OR product = '?' ;")
    for stars in ("0", "4", "CAST('3' AS integer)"):
        assert answer(clean, f"EXECUTE over USING {stars};") == answer(
            clean, f"SELECT count(*) FROM reviews WHERE stars > {stars}"
        )
    assert answer(clean, "EXECUTE over", ExecutionParameters=["4"]) == answer(clean, "EXECUTE over USING 4")
    clean.run("PREPARE over FROM SELECT 'again', 'a, b'")
    assert answer(clean, "EXECUTE over") == ["again"]
    assert status(clean, "DEALLOCATE PREPARE over")[0] == "SUCCEEDED"
    assert status(clean, "EXECUTE over")[0] == "FAILED"


def test_a_column_hidden_from_the_caller_stays_hidden_whoever_prepared_it(clean: Lake, limited: Any) -> None:
    """What an administrator prepared runs with the rights of who executes it; its twin on a granted column answers."""
    clean.run("PREPARE hidden FROM SELECT customer FROM reviews WHERE stars > ?")
    clean.run("PREPARE granted FROM SELECT product FROM reviews WHERE stars > ?")
    state, told = status(clean, "EXECUTE hidden USING 0", limited)
    assert state == "FAILED" and told.startswith("COLUMN_NOT_FOUND"), told
    assert answer(clean, "EXECUTE granted USING 0", limited)
    assert answer(clean, "EXECUTE hidden USING 0")


@pytest.mark.parametrize(
    ("sql", "action", "twin"),
    [
        ("PREPARE new FROM SELECT 1", "athena:CreatePreparedStatement", "SUCCEEDED "),
        ("PREPARE there FROM SELECT 2", "athena:UpdatePreparedStatement", "SUCCEEDED "),
        ("EXECUTE there", "athena:GetPreparedStatement", "SUCCEEDED "),
        ("EXECUTE nowhere", "athena:GetPreparedStatement", "FAILED NOT_FOUND"),
        ("DEALLOCATE PREPARE there", "athena:DeletePreparedStatement", "SUCCEEDED "),
    ],
)
def test_each_statement_needs_its_own_action_on_the_workgroup(sql: str, action: str, twin: str, clean: Lake) -> None:
    """Denied that action alone, the statement fails in IAM's words and changes nothing; its twin is not denied."""
    clean.run("PREPARE there FROM SELECT 1")
    iam, name = clean.embedded.client("iam"), f"prepares-{sql.split()[0].lower()}-{action[7:13].lower()}-{len(sql)}"
    keys = clean.role(name, columns=("product",))
    deny = {"Effect": "Deny", "Action": action, "Resource": f"arn:aws:athena:*:{clean.account}:workgroup/primary"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=name, PolicyName="deny", PolicyDocument=document)
    state, told = status(clean, sql, keys)
    assert state == "FAILED" and f"is not authorized to perform: {action}" in told, told
    assert answer(clean, "EXECUTE there") == ["1"]
    iam.delete_role_policy(RoleName=name, PolicyName="deny")
    assert " ".join(status(clean, sql, keys)).startswith(twin)


def test_the_api_and_the_statements_share_what_is_kept(clean: Lake) -> None:
    """CreatePreparedStatement is executed, PREPARE is read back, an update and a deletion are seen by both."""
    athena, place = clean.athena(), {"WorkGroup": "primary"}
    athena.create_prepared_statement(**place, StatementName="byapi", QueryStatement="SELECT ?", Description="one")
    assert answer(clean, "EXECUTE byapi USING 7") == ["7"]
    athena.update_prepared_statement(**place, StatementName="byapi", QueryStatement="SELECT 8")
    assert answer(clean, "EXECUTE byapi") == ["8"]
    clean.run("PREPARE bysql FROM SELECT ?")
    kept = athena.get_prepared_statement(**place, StatementName="bysql")["PreparedStatement"]
    assert (kept["QueryStatement"], kept["WorkGroupName"]) == ("SELECT ?", "primary")
    batch = athena.batch_get_prepared_statement(**place, PreparedStatementNames=["bysql", "none"])
    assert [each["StatementName"] for each in batch["PreparedStatements"]] == ["bysql"]
    assert [each["StatementName"] for each in batch["UnprocessedPreparedStatementNames"]] == ["none"]
    pages = [athena.list_prepared_statements(**place, MaxResults=1)]
    pages.append(athena.list_prepared_statements(**place, MaxResults=1, NextToken=pages[0]["NextToken"]))
    assert [row["StatementName"] for page in pages for row in page["PreparedStatements"]] == ["byapi", "bysql"]
    assert "NextToken" not in pages[1]
    athena.delete_prepared_statement(**place, StatementName="bysql")
    assert status(clean, "EXECUTE bysql")[1].startswith("NOT_FOUND")


def test_a_workgroups_statements_are_its_own_and_go_with_it(clean: Lake) -> None:
    """The same name in another workgroup is another statement; deleting the workgroup takes RecursiveDeleteOption."""
    athena = clean.athena()
    athena.create_work_group(Name="other")
    athena.create_prepared_statement(WorkGroup="other", StatementName="mine", QueryStatement="SELECT 1")
    assert status(clean, "EXECUTE mine")[1].startswith("NOT_FOUND")
    assert answer(clean, "EXECUTE mine", WorkGroup="other") == ["1"]
    with pytest.raises(athena.exceptions.InvalidRequestException):
        athena.delete_work_group(WorkGroup="other")
    athena.delete_work_group(WorkGroup="other", RecursiveDeleteOption=True)
    athena.create_work_group(Name="other")
    assert athena.list_prepared_statements(WorkGroup="other")["PreparedStatements"] == []
    athena.delete_work_group(WorkGroup="other")


@pytest.mark.parametrize(
    ("call", "asked", "code"),
    [
        ("create_prepared_statement", {"StatementName": "x", "QueryStatement": "SELEC"}, INVALID),
        ("create_prepared_statement", {"StatementName": "x", "QueryStatement": "DROP TABLE a"}, INVALID),
        ("create_prepared_statement", {"StatementName": "there", "QueryStatement": "SELECT 1"}, INVALID),
        ("update_prepared_statement", {"StatementName": "x", "QueryStatement": "SELECT 1"}, ABSENT),
        ("get_prepared_statement", {"StatementName": "x"}, ABSENT),
        ("delete_prepared_statement", {"StatementName": "x"}, ABSENT),
        ("list_prepared_statements", {"WorkGroup": "nowhere"}, INVALID),
    ],
)  # fmt: skip
def test_the_api_refuses_what_is_wrong(call: str, asked: dict[str, str], code: str, clean: Lake) -> None:
    """In the errors that the API reference lists for each operation."""
    clean.run("PREPARE there FROM SELECT 1")
    with pytest.raises(ClientError) as refused:
        getattr(clean.athena(), call)(**{"WorkGroup": "primary", **asked})
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("filling", ["/**/", " ", "-- a\n", "/* */ ", "(", "1,"])
@pytest.mark.parametrize("before", ["PREPARE ", "PREPARE x ", "EXECUTE x", "EXECUTE x USING ", "DEALLOCATE PREPARE x"])
def test_a_long_text_that_is_no_statement_is_refused_at_once(before: str, filling: str, clean: Lake) -> None:
    """200,000 characters of comments, spaces, brackets or values: read once, then refused or failed, never pondered."""
    text = f"{before}{filling * (200_000 // len(filling))}!"
    try:
        state, told = status(clean, text)
    except ClientError as refused:
        assert refused.response["AthenaErrorCode"] == "MALFORMED_QUERY"
    else:
        assert state == "FAILED" and told.startswith(("NOT_FOUND", "NOT_SUPPORTED", "STATEMENT_TOO_LARGE")), told[:200]


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs", "Cc"]), max_size=20)
)
def test_any_text_comes_back_as_it_was_given(text: str, lake: Lake) -> None:
    """A quoted string is a value whatever is in it: commas, brackets, semicolons, comments, question marks."""
    lake.run("PREPARE echo FROM SELECT ?")
    quoted = "'" + text.replace("'", "''") + "'"
    assert answer(lake, f"EXECUTE echo USING {quoted}") == [text]
