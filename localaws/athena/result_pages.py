"""GetQueryResults: the result object, page by page, with the caller's own right to read it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena.locations import invalid
from localaws.athena.state import TERMINAL, Execution
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call

Output = Mapping[str, Any]
MOST_ROWS = 1000
"""Athena API reference, GetQueryResults: MaxResults, maximum value 1000."""


def execution_of(account: Account, query_id: str) -> Execution:
    execution = account.athena.state.executions.get(query_id)
    if execution is None:
        raise invalid(f"QueryExecution {query_id[:100]} was not found", "INVALID_QUERY_EXECUTION_ID")
    return execution


def token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def untoken(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise invalid("Invalid NextToken", "INVALID_INPUT") from None


def get_query_results(account: Account, call: Call) -> Output:
    """GetQueryResults: the result object read with the caller's s3:GetObject, 1,000 rows a page, header first.

    Source of that need: Athena API reference, GetQueryResults ("permissions to ... s3:GetObject").
    """
    from localaws.athena import results

    params = call.params
    if params.get("QueryResultType") == "DATA_MANIFEST":
        raise not_implemented("athena", "GetQueryResults.QueryResultType DATA_MANIFEST")
    with account.athena.lock:
        execution = execution_of(account, params["QueryExecutionId"])
        if execution.state not in TERMINAL:
            message = f"Query has not yet finished. Current state: {execution.state}"
            raise invalid(message, "INVALID_QUERY_EXECUTION_ID")
        if execution.state != "SUCCEEDED":
            message = f"Query did not finish successfully. Final query state: {execution.state}"
            raise invalid(message, "INVALID_QUERY_EXECUTION_ID")
    body = _result(account, call, execution)
    most = params.get("MaxResults") or MOST_ROWS
    if not 1 <= most <= MOST_ROWS:
        raise invalid(f"MaxResults must be between 1 and {MOST_ROWS}", "INVALID_INPUT")
    given = params.get("NextToken")
    offset = _offset(given, len(body)) if given else 0
    width = len(execution.columns)
    try:
        if execution.header:
            rows, after = results.read_csv_page(body, offset, width, most)
        else:
            rows, after = results.read_lines_page(body, offset, most)
    except ValueError:
        raise invalid("The result of the query cannot be read", "INVALID_INPUT") from None
    data = [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows]
    infos = list(execution.columns)
    answer: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": infos}},
    }
    if after < len(body):
        answer["NextToken"] = token(str(after))
    return answer


def _offset(token: str, size: int) -> int:
    text = untoken(token)
    if not re.fullmatch("[0-9]{1,12}", text) or int(text) > size:
        raise invalid("Invalid NextToken", "INVALID_INPUT")
    return int(text)


def _result(account: Account, call: Call, execution: Execution) -> bytes:
    if execution.output is None:
        with account.athena.lock:
            kept = account.athena.state.managed.get(execution.query_id)
        if kept is None:
            raise invalid("Could not find results", "INVALID_QUERY_EXECUTION_ID")
        return kept
    from localaws.athena.catalog import ATHENA
    from localaws.athena.files import split_uri

    bucket, key = split_uri(execution.output)
    acting = call.acting("s3", "GetObject", {"Bucket": bucket, "Key": key}, ATHENA)
    try:
        account.authorizer.check(acting, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
        return account.store.read_object(bucket, key)
    except AwsError as error:
        if error.status == 501:
            raise
        if error.code in ("NoSuchKey", "NoSuchBucket"):
            raise invalid("Could not find results", "INVALID_QUERY_EXECUTION_ID") from None
        raise AwsError("AccessDeniedException", error.message) from None
