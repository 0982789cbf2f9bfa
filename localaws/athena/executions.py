"""Query executions: start, look at, list, stop, and read the results of.

Source: Athena API reference; PyAthena's and awswrangler's sources for what clients read; texts of live Athena.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena import locations
from localaws.athena.failure import QueryFailed
from localaws.athena.locations import invalid
from localaws.athena.state import PRIMARY, TERMINAL, Execution
from localaws.errors import AwsError, not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.athena.statements import Statement
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MAX_QUERY_BYTES = 262_144
"""Athena API reference, StartQueryExecution: QueryString, maximum length 262144."""


def start_query_execution(account: Account, call: Call) -> Output:
    """StartQueryExecution: checks what Athena checks at once, and hands the query to a worker."""
    params = call.params
    for option in ("ExecutionParameters", "EngineConfiguration"):
        if params.get(option):
            raise not_implemented("athena", f"StartQueryExecution.{option}")
    text = params["QueryString"]
    if len(text.encode("utf-8", "replace")) > MAX_QUERY_BYTES or not text:
        raise invalid("QueryString must be between 1 and 262144 bytes long", "INVALID_INPUT")
    asked = json.dumps({k: v for k, v in params.items() if k != "ClientRequestToken"}, sort_keys=True, default=str)
    token = params.get("ClientRequestToken")
    key = (call.caller.principal_arn, token) if token else None
    athena = account.athena
    with athena.lock:
        if key and key in athena.state.tokens:
            former, query_id = athena.state.tokens[key]
            if former != asked:
                raise invalid("Idempotent parameters do not match", "INVALID_INPUT")
            return {"QueryExecutionId": query_id}
    execution, statement = _prepared(account, call, text)
    with athena.lock:
        if key:
            athena.state.tokens[key] = (asked, execution.query_id)
        athena.begin(execution, call, statement)
    return {"QueryExecutionId": execution.query_id}


def _prepared(account: Account, call: Call, text: str) -> tuple[Execution, Any]:
    """The execution to remember, and what gives its statement. Raises InvalidRequestException."""
    params, athena = call.params, account.athena
    name = params.get("WorkGroup") or PRIMARY
    with athena.lock:
        workgroup = athena.state.workgroups.get(name)
        if workgroup is None:
            raise invalid(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
        if workgroup.state != "ENABLED":
            raise invalid(f"WorkGroup {name} is disabled.", "WORKGROUP_DISABLED")
        keeps = locations.managed(workgroup)
        given = params.get("ResultConfiguration") or {}
        if keeps and given.get("OutputLocation"):
            raise invalid("OutputLocation cannot be set for a workgroup with managed query results", "INVALID_INPUT")
        configuration = {} if keeps else locations.result_configuration(given, workgroup)
    context = params.get("QueryExecutionContext") or {}
    if (context.get("Catalog") or "AwsDataCatalog").lower() != "awsdatacatalog":
        raise not_implemented("athena", f"the data catalog {context['Catalog'][:100]}")
    query_id = str(uuid.uuid4())
    kind, substatement, suffix, statement = _understood(text)
    output = None
    if not keeps:
        bucket, prefix = locations.checked_location(configuration["OutputLocation"])
        locations.check_bucket(account, call, bucket, configuration)
        output = f"s3://{bucket}/{prefix}{query_id}.{suffix}"
    execution = Execution(
        query_id, text, name, (context.get("Database") or "").lower() or None, context.get("Catalog"), output,
        {**configuration, "OutputLocation": output} if output else {}, account.clock.now(), call.caller.principal_arn,
        kind, substatement,
    )
    return execution, statement


def _understood(text: str) -> tuple[str, str | None, str, Any]:
    """Statement type, substatement type, suffix of the result, and what gives the statement to the worker.

    Raises InvalidRequestException for text that no grammar of Athena's knows.
    """
    from localaws.athena import statements, syntax

    try:
        found = statements.parse(text)
        if isinstance(found, (statements.Query, statements.Explain)):
            syntax.parse_query(found.text)
    except syntax.MalformedQuery as malformed:
        raise invalid(str(malformed), "MALFORMED_QUERY") from None
    except QueryFailed as failed:
        failure = failed

        def refused() -> Statement:
            raise failure

        word = syntax.first_word(text)
        kind = "DML" if word in (*syntax.QUERY_WORDS, "insert", "update", "delete", "merge", "unload") else "DDL"
        return kind, None, "csv" if kind == "DML" else "txt", refused
    kind, substatement = statements.KINDS[type(found)]
    return kind, substatement, "csv" if kind == "DML" else "txt", lambda: found


def _execution(account: Account, query_id: str) -> Execution:
    execution = account.athena.state.executions.get(query_id)
    if execution is None:
        raise invalid(f"QueryExecution {query_id[:100]} was not found", "INVALID_QUERY_EXECUTION_ID")
    return execution


def get_query_execution(account: Account, call: Call) -> Output:
    """GetQueryExecution. Answers at once when the query has ended, else waits for its end, at most 20 s."""
    query_id = call.params["QueryExecutionId"]
    account.athena.wait(query_id)
    with account.athena.lock:
        return {"QueryExecution": _document(_execution(account, query_id))}


def batch_get_query_execution(account: Account, call: Call) -> Output:
    """BatchGetQueryExecution, up to 50 ids."""
    found, missing = [], []
    with account.athena.lock:
        for query_id in call.params["QueryExecutionIds"]:
            execution = account.athena.state.executions.get(query_id)
            if execution is not None:
                found.append(_document(execution))
                continue
            missing.append(
                {
                    "QueryExecutionId": query_id,
                    "ErrorCode": "INVALID_QUERY_EXECUTION_ID",
                    "ErrorMessage": f"QueryExecution {query_id[:100]} was not found",
                }
            )
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def _document(execution: Execution) -> dict[str, Any]:
    status: dict[str, Any] = {"State": execution.state, "SubmissionDateTime": execution.submitted}
    if execution.reason is not None:
        status["StateChangeReason"] = execution.reason
    if execution.completed is not None:
        status["CompletionDateTime"] = execution.completed
    if execution.error is not None:
        status["AthenaError"] = execution.error
    context = {"Database": execution.database, "Catalog": execution.catalog}
    document: dict[str, Any] = {
        "QueryExecutionId": execution.query_id,
        "Query": execution.text,
        "StatementType": execution.kind,
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {k: v for k, v in context.items() if v},
        "Status": status,
        "Statistics": {**execution.statistics, "ResultReuseInformation": {"ReusedPreviousResult": False}},
        "WorkGroup": execution.workgroup,
        "EngineVersion": {
            "SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3",
        },
    }
    if execution.substatement is not None:
        document["SubstatementType"] = execution.substatement
    if execution.output is not None:
        document["ResultConfiguration"] = execution.result_configuration
    else:
        document["ManagedQueryResultsConfiguration"] = {"Enabled": True}
    return document


def list_query_executions(account: Account, call: Call) -> Output:
    """ListQueryExecutions of one workgroup, newest first, 50 a page."""
    name = call.params.get("WorkGroup") or PRIMARY
    most = call.params.get("MaxResults") or 50
    with account.athena.lock:
        if name not in account.athena.state.workgroups:
            raise invalid(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
        ids = [i for i, e in reversed(account.athena.state.executions.items()) if e.workgroup == name]
    token = call.params.get("NextToken")
    start = ids.index(_untoken(token)) + 1 if token and _untoken(token) in ids else 0
    page = ids[start : start + most]
    answer: dict[str, Any] = {"QueryExecutionIds": page}
    if start + most < len(ids) and page:
        answer["NextToken"] = _token(page[-1])
    return answer


def _token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def _untoken(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        raise invalid("Invalid NextToken", "INVALID_INPUT") from None


def stop_query_execution(account: Account, call: Call) -> Output:
    """StopQueryExecution: no effect on a query that has ended."""
    query_id = call.params["QueryExecutionId"]
    with account.athena.lock:
        _execution(account, query_id)
    account.athena.stop(query_id)
    return {}


def get_query_results(account: Account, call: Call) -> Output:
    """GetQueryResults: the result object read with the caller's s3:GetObject, 1,000 rows a page, header first.

    Source of that need: Athena API reference, GetQueryResults ("permissions to ... s3:GetObject").
    """
    from localaws.athena import results

    params = call.params
    if params.get("QueryResultType") == "DATA_MANIFEST":
        raise not_implemented("athena", "GetQueryResults.QueryResultType DATA_MANIFEST")
    with account.athena.lock:
        execution = _execution(account, params["QueryExecutionId"])
        if execution.state not in TERMINAL:
            message = f"Query has not yet finished. Current state: {execution.state}"
            raise invalid(message, "INVALID_QUERY_EXECUTION_ID")
        if execution.state != "SUCCEEDED":
            message = f"Query did not finish successfully. Final query state: {execution.state}"
            raise invalid(message, "INVALID_QUERY_EXECUTION_ID")
    body = _result(account, call, execution)
    most = params.get("MaxResults") or 1000
    token = params.get("NextToken")
    offset = _offset(token, len(body)) if token else 0
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
        "UpdateCount": 0, "ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": infos}},
    }
    if after < len(body):
        answer["NextToken"] = _token(str(after))
    return answer


def _offset(token: str, size: int) -> int:
    text = _untoken(token)
    if not text.isdigit() or int(text) > size:
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


def get_query_runtime_statistics(account: Account, call: Call) -> Output:
    """GetQueryRuntimeStatistics: the timeline and the rows that came out; nothing about rows that were read."""
    with account.athena.lock:
        execution = _execution(account, call.params["QueryExecutionId"])
        timeline = {k: v for k, v in execution.statistics.items() if k != "DataScannedInBytes"}
        rows = {"OutputRows": execution.rows}
    return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}


HANDLERS: dict[str, Handler] = {
    "BatchGetQueryExecution": batch_get_query_execution,
    "GetQueryExecution": get_query_execution,
    "GetQueryResults": get_query_results,
    "GetQueryRuntimeStatistics": get_query_runtime_statistics,
    "ListQueryExecutions": list_query_executions,
    "StartQueryExecution": start_query_execution,
    "StopQueryExecution": stop_query_execution,
}
