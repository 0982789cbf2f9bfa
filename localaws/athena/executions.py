"""Query executions: start, look at, list, stop, and read the results of.

Source: Athena API reference; PyAthena's and awswrangler's sources for what clients read; texts of live Athena.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.athena import locations
from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.locations import invalid
from localaws.athena.result_pages import execution_of, get_query_results, token, untoken
from localaws.athena.state import PRIMARY, Execution, is_spark
from localaws.errors import not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.athena.statements import Statement
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MAX_QUERY_BYTES = 262_144
"""Athena API reference, StartQueryExecution: QueryString, maximum length 262144."""
MAX_BATCH = 50
"""Athena API reference, BatchGetQueryExecution: QueryExecutionIds, at most 50 items."""


def start_query_execution(account: Account, call: Call) -> Output:
    """StartQueryExecution: checks what Athena checks at once, and hands the query to a worker."""
    params = call.params
    if params.get("EngineConfiguration"):
        raise not_implemented("athena", "StartQueryExecution.EngineConfiguration")
    text = params["QueryString"]
    if len(text.encode("utf-8", "replace")) > MAX_QUERY_BYTES or not text:
        raise invalid("QueryString must be between 1 and 262144 bytes long", "INVALID_INPUT")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise invalid("QueryString is not valid Unicode: it holds half of a surrogate pair", "INVALID_INPUT")
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
        if execution.workgroup not in athena.state.workgroups:
            raise invalid(f"WorkGroup {execution.workgroup} is not found.", "WORKGROUP_NOT_FOUND")
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
        if is_spark(workgroup.configuration):
            raise not_implemented("athena", "StartQueryExecution in a workgroup for Apache Spark")
        keeps = locations.managed(workgroup)
        given = params.get("ResultConfiguration") or {}
        if keeps and given.get("OutputLocation"):
            raise invalid("OutputLocation cannot be set for a workgroup with managed query results", "INVALID_INPUT")
        configuration = {} if keeps else locations.result_configuration(given, workgroup)
    context = params.get("QueryExecutionContext") or {}
    if (context.get("Catalog") or "AwsDataCatalog").lower() != "awsdatacatalog":
        raise not_implemented("athena", f"the data catalog {context['Catalog'][:100]}")
    query_id = str(uuid.uuid4())
    kind, substatement, suffix, statement = _understood(text, params.get("ExecutionParameters") or ())
    output = None
    if not keeps:
        bucket, prefix = locations.checked_location(configuration["OutputLocation"])
        locations.check_bucket(account, call, bucket, configuration)
        output = f"s3://{bucket}/{prefix}{query_id}.{suffix}"
    execution = Execution(
        query_id,
        text,
        name,
        (context.get("Database") or "").lower() or None,
        context.get("Catalog"),
        output,
        {**configuration, "OutputLocation": output} if output else {},
        account.clock.now(),
        call.caller.principal_arn,
        kind,
        substatement,
        tuple(params.get("ExecutionParameters") or ()),
    )
    return execution, statement


def _understood(text: str, values: Sequence[str] = ()) -> tuple[str, str | None, str, Any]:
    """Statement type, substatement type, suffix of the result, and what gives the statement to the worker.

    Raises InvalidRequestException for text that no grammar of Athena's knows.
    """
    from localaws.athena import statements, syntax

    try:
        found = _parsed(text, values)
        if isinstance(found, (statements.Query, statements.Explain)):
            syntax.parse_query(found.text)
    except syntax.MalformedQuery as malformed:
        raise invalid(str(malformed), "MALFORMED_QUERY") from None
    except QueryFailed as failed:
        failure = failed

        def refused() -> Statement:
            raise failure

        word = syntax.first_word(text)
        rows = (*syntax.QUERY_WORDS, "insert", "update", "delete", "merge", "unload", "execute")
        kind = "DML" if word in rows else "DDL"
        return kind, None, "csv" if kind == "DML" else "txt", refused
    kind, substatement = statements.KINDS[type(found)]
    return kind, substatement, "csv" if kind == "DML" else "txt", lambda: found


def _parsed(text: str, values: Sequence[str]) -> Statement:
    """The statement with its values: those of EXECUTE fill the marks of what was prepared, any others its own."""
    from localaws.athena import grammar, parameters, prepared_text, statements, syntax

    if not values or syntax.first_word(text) not in prepared_text.WORDS:
        return grammar.parse(parameters.bound(text, values))
    found = grammar.parse(text)
    if not isinstance(found, statements.Execute) or found.values:
        raise not_supported("execution parameters of PREPARE, of DEALLOCATE and of EXECUTE with USING")
    return statements.Execute(found.name, tuple(values))


def get_query_execution(account: Account, call: Call) -> Output:
    """GetQueryExecution. Answers at once when the query has ended, else waits for its end, at most 20 s."""
    query_id = call.params["QueryExecutionId"]
    account.athena.wait(query_id)
    with account.athena.lock:
        return {"QueryExecution": _document(execution_of(account, query_id))}


def batch_get_query_execution(account: Account, call: Call) -> Output:
    """BatchGetQueryExecution, up to 50 ids."""
    found, missing = [], []
    if len(call.params["QueryExecutionIds"]) > MAX_BATCH:
        raise invalid(f"At most {MAX_BATCH} QueryExecutionIds can be asked for at once", "INVALID_INPUT")
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
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
    }
    if execution.substatement is not None:
        document["SubstatementType"] = execution.substatement
    if execution.parameters:
        document["ExecutionParameters"] = list(execution.parameters)
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
    given = call.params.get("NextToken")
    start = ids.index(untoken(given)) + 1 if given and untoken(given) in ids else 0
    page = ids[start : start + most]
    answer: dict[str, Any] = {"QueryExecutionIds": page}
    if start + most < len(ids) and page:
        answer["NextToken"] = token(page[-1])
    return answer


def stop_query_execution(account: Account, call: Call) -> Output:
    """StopQueryExecution: no effect on a query that has ended."""
    query_id = call.params["QueryExecutionId"]
    with account.athena.lock:
        execution_of(account, query_id)
    account.athena.stop(query_id)
    return {}


def get_query_runtime_statistics(account: Account, call: Call) -> Output:
    """GetQueryRuntimeStatistics: the timeline and the rows that came out; nothing about rows that were read."""
    with account.athena.lock:
        execution = execution_of(account, call.params["QueryExecutionId"])
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
