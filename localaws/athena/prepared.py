"""Prepared statements: a query of a workgroup kept under a name, with question marks for what EXECUTE gives.

Source: Athena User Guide, "Use prepared statements" (names belong to one workgroup; at most 1000 in each; queries
alone, of what is served here) and "Configure access to prepared statements" (what PREPARE, EXECUTE and DEALLOCATE ask
IAM for beside athena:StartQueryExecution); Athena API reference. A name is compared as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena import statements
from localaws.athena.catalog import ATHENA
from localaws.athena.failure import QueryFailed
from localaws.athena.locations import invalid
from localaws.athena.state import PreparedStatement
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
MOST = 1000
"""Prepared statements of a workgroup (Athena User Guide, "Use prepared statements")."""
PAGE = 50
"""ListPreparedStatements, MaxResults: at most 50 (Athena API reference)."""


def run(
    statement: statements.Prepare | statements.Deallocate, account: Account, call: Call, workgroup: str
) -> list[str]:
    """PREPARE and DEALLOCATE PREPARE, with the caller's rights. Raises QueryFailed."""
    key = (workgroup, statement.name)
    if isinstance(statement, statements.Deallocate):
        _may(account, call, "athena:DeletePreparedStatement", *key)
        with account.athena.lock:
            if account.athena.state.prepared.pop(key, None) is None:
                raise QueryFailed("NOT_FOUND", _missing(*key))
        return []
    kept = PreparedStatement(statement.name, workgroup, statement.text, "", account.clock.now())
    while not _prepared(account, call, kept):
        pass
    return []


def _prepared(account: Account, call: Call, kept: PreparedStatement) -> bool:
    """Keep it, with the right to create or to update; False if meanwhile the other one is what it takes."""
    key, state = (kept.workgroup, kept.name), account.athena.state
    with account.athena.lock:
        exists = key in state.prepared
    _may(account, call, "athena:UpdatePreparedStatement" if exists else "athena:CreatePreparedStatement", *key)
    with account.athena.lock:
        if (key in state.prepared) != exists:
            return False
        try:
            _keep(account, kept)
        except AwsError as full:
            raise QueryFailed("EXHAUSTED", full.message) from None
    return True


def executed(statement: statements.Execute, account: Account, call: Call, workgroup: str) -> statements.Query:
    """The query that EXECUTE stands for, its values in their places; it is then checked and run like any query.

    Raises QueryFailed without athena:GetPreparedStatement, for a name that there is not, and for values that do not
    fit.
    """
    from localaws.athena.parameters import filled

    key = (workgroup, statement.name)
    _may(account, call, "athena:GetPreparedStatement", *key)
    with account.athena.lock:
        kept = account.athena.state.prepared.get(key)
    if kept is None:
        raise QueryFailed("NOT_FOUND", _missing(*key))
    return statements.Query(filled(kept.text, statement.values))


def _may(account: Account, call: Call, action: str, workgroup: str, name: str) -> None:
    """Ask IAM for one action on the workgroup. Raises QueryFailed with IAM's own words."""
    parameters = {"WorkGroup": workgroup, "StatementName": name}
    acting = call.acting("athena", action.partition(":")[2], parameters, ATHENA)
    resource = f"arn:aws:athena:{account.region}:{account.account_id}:workgroup/{workgroup}"
    try:
        account.authorizer.check(acting, action, resource)
    except AwsError as refused:
        if refused.status == 501:
            raise
        raise QueryFailed("IAM", refused.message) from None


def _missing(workgroup: str, name: str) -> str:
    return f"PreparedStatement {name[:256]} was not found in workGroup {workgroup}"


def _keep(account: Account, statement: PreparedStatement) -> None:
    key = (statement.workgroup, statement.name)
    with account.athena.lock:
        state = account.athena.state
        if key not in state.prepared and sum(name == statement.workgroup for name, _ in state.prepared) >= MOST:
            raise invalid(f"WorkGroup {statement.workgroup} has {MOST} prepared statements", "INVALID_INPUT")
        state.prepared[key] = statement


def _checked(text: str) -> str:
    """The query of a call. Raises InvalidRequestException for what PREPARE would not take."""
    from localaws.athena import prepared_text, syntax

    try:
        return prepared_text.preparable(text)
    except syntax.MalformedQuery as malformed:
        raise invalid(str(malformed), "MALFORMED_QUERY") from None
    except QueryFailed as failed:
        raise invalid(failed.reason, "INVALID_INPUT") from None


def _workgroup(account: Account, call: Call) -> str:
    name = str(call.params["WorkGroup"])
    with account.athena.lock:
        if name not in account.athena.state.workgroups:
            raise invalid(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
    return name


def _found(account: Account, call: Call) -> PreparedStatement:
    key = (_workgroup(account, call), call.params["StatementName"])
    with account.athena.lock:
        kept = account.athena.state.prepared.get(key)
    if kept is None:
        raise AwsError("ResourceNotFoundException", _missing(*key))
    return kept


def _given(account: Account, call: Call, workgroup: str) -> PreparedStatement:
    params = call.params
    text, description = _checked(params["QueryStatement"]), params.get("Description") or ""
    return PreparedStatement(params["StatementName"], workgroup, text, description, account.clock.now())


def create_prepared_statement(account: Account, call: Call) -> Output:
    """CreatePreparedStatement: a name that the workgroup has already is refused."""
    statement = _given(account, call, _workgroup(account, call))
    with account.athena.lock:
        if (statement.workgroup, statement.name) in account.athena.state.prepared:
            raise invalid(f"PreparedStatement {statement.name} already exists", "INVALID_INPUT")
        _keep(account, statement)
    return {}


def update_prepared_statement(account: Account, call: Call) -> Output:
    """UpdatePreparedStatement: query and description."""
    former = _found(account, call)
    _keep(account, _given(account, call, former.workgroup))
    return {}


def get_prepared_statement(account: Account, call: Call) -> Output:
    """GetPreparedStatement."""
    return {"PreparedStatement": _document(_found(account, call))}


def batch_get_prepared_statement(account: Account, call: Call) -> Output:
    """BatchGetPreparedStatement of one workgroup."""
    workgroup, found, missing = _workgroup(account, call), [], []
    with account.athena.lock:
        for name in call.params["PreparedStatementNames"]:
            kept = account.athena.state.prepared.get((workgroup, name))
            if kept is not None:
                found.append(_document(kept))
                continue
            why = {"ErrorCode": "STATEMENT_NOT_FOUND", "ErrorMessage": _missing(workgroup, name)}
            missing.append({"StatementName": name, **why})
    return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}


def list_prepared_statements(account: Account, call: Call) -> Output:
    """ListPreparedStatements of one workgroup by name, 50 a page: names and times, no text."""
    workgroup, most = _workgroup(account, call), call.params.get("MaxResults") or PAGE
    with account.athena.lock:
        mine = sorted((k.name, k.modified) for k in account.athena.state.prepared.values() if k.workgroup == workgroup)
    after = [each for each in mine if each[0] > (call.params.get("NextToken") or "")]
    page = after[:most]
    answer: dict[str, Any] = {"PreparedStatements": [{"StatementName": n, "LastModifiedTime": m} for n, m in page]}
    if len(after) > most:
        answer["NextToken"] = page[-1][0]
    return answer


def delete_prepared_statement(account: Account, call: Call) -> Output:
    """DeletePreparedStatement."""
    kept = _found(account, call)
    with account.athena.lock:
        account.athena.state.prepared.pop((kept.workgroup, kept.name), None)
    return {}


def _document(kept: PreparedStatement) -> dict[str, Any]:
    document = {
        "StatementName": kept.name,
        "QueryStatement": kept.text,
        "WorkGroupName": kept.workgroup,
        "LastModifiedTime": kept.modified,
    }
    return {**document, "Description": kept.description} if kept.description else document


HANDLERS: dict[str, Handler] = {
    "BatchGetPreparedStatement": batch_get_prepared_statement,
    "CreatePreparedStatement": create_prepared_statement,
    "DeletePreparedStatement": delete_prepared_statement,
    "GetPreparedStatement": get_prepared_statement,
    "ListPreparedStatements": list_prepared_statements,
    "UpdatePreparedStatement": update_prepared_statement,
}
