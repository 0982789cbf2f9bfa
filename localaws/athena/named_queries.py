"""Named queries: saved text of a workgroup. Source: Athena API reference."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena.locations import invalid
from localaws.athena.state import PRIMARY, NamedQuery

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]


def create_named_query(account: Account, call: Call) -> Output:
    """CreateNamedQuery."""
    params = call.params
    workgroup = params.get("WorkGroup") or PRIMARY
    query_id = str(uuid.uuid4())
    with account.athena.lock:
        if workgroup not in account.athena.state.workgroups:
            raise invalid(f"WorkGroup {workgroup} is not found.", "WORKGROUP_NOT_FOUND")
        account.athena.state.named[query_id] = NamedQuery(
            query_id,
            params["Name"],
            params["Database"],
            params["QueryString"],
            workgroup,
            params.get("Description") or "",
        )
    return {"NamedQueryId": query_id}


def _named(account: Account, query_id: str) -> NamedQuery:
    named = account.athena.state.named.get(query_id)
    if named is None:
        raise invalid(f"NamedQuery {query_id[:100]} was not found", "NAMED_QUERY_NOT_FOUND")
    return named


def get_named_query(account: Account, call: Call) -> Output:
    """GetNamedQuery."""
    with account.athena.lock:
        return {"NamedQuery": _document(_named(account, call.params["NamedQueryId"]))}


def batch_get_named_query(account: Account, call: Call) -> Output:
    """BatchGetNamedQuery, up to 50 ids."""
    found, missing = [], []
    with account.athena.lock:
        for query_id in call.params["NamedQueryIds"]:
            named = account.athena.state.named.get(query_id)
            if named is not None:
                found.append(_document(named))
            else:
                missing.append({"NamedQueryId": query_id, "ErrorCode": "NAMED_QUERY_NOT_FOUND"})
    return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}


def _document(named: NamedQuery) -> dict[str, str]:
    document = {
        "Name": named.name,
        "Database": named.database,
        "QueryString": named.text,
        "NamedQueryId": named.query_id,
        "WorkGroup": named.workgroup,
    }
    return {**document, "Description": named.description} if named.description else document


def list_named_queries(account: Account, call: Call) -> Output:
    """ListNamedQueries of one workgroup, newest first, 50 a page."""
    workgroup = call.params.get("WorkGroup") or PRIMARY
    most = call.params.get("MaxResults") or 50
    with account.athena.lock:
        ids = [i for i, n in reversed(account.athena.state.named.items()) if n.workgroup == workgroup]
    token = call.params.get("NextToken")
    start = ids.index(token) + 1 if token in ids else 0
    answer: dict[str, Any] = {"NamedQueryIds": ids[start : start + most]}
    if start + most < len(ids):
        answer["NextToken"] = ids[start + most - 1]
    return answer


def delete_named_query(account: Account, call: Call) -> Output:
    """DeleteNamedQuery."""
    with account.athena.lock:
        _named(account, call.params["NamedQueryId"])
        del account.athena.state.named[call.params["NamedQueryId"]]
    return {}


HANDLERS: dict[str, Handler] = {
    "BatchGetNamedQuery": batch_get_named_query,
    "CreateNamedQuery": create_named_query,
    "DeleteNamedQuery": delete_named_query,
    "GetNamedQuery": get_named_query,
    "ListNamedQueries": list_named_queries,
}
