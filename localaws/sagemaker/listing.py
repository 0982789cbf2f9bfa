"""List operations: filters, order and pages, as the service model names them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from localaws.errors import AwsError
from localaws.sagemaker.state import Record

PAGE = 10
"""Entries in a page when MaxResults is not given. Source: ListUserProfiles and others, "The default value is 10"."""

Filter = tuple[str, Callable[[Any, Any], bool]]
"""The member that a filter looks at, and the test (member's value, filter's value)."""


def equals(member: str) -> Filter:
    return member, lambda value, wanted: value == wanted


def contains(member: str) -> Filter:
    return member, lambda value, wanted: str(wanted).lower() in str(value).lower()


def before(member: str) -> Filter:
    return member, lambda value, wanted: isinstance(value, datetime) and value <= wanted


def after(member: str) -> Filter:
    return member, lambda value, wanted: isinstance(value, datetime) and value >= wanted


TIMES: dict[str, Filter] = {
    "CreationTimeBefore": before("CreationTime"),
    "CreationTimeAfter": after("CreationTime"),
    "LastModifiedTimeBefore": before("LastModifiedTime"),
    "LastModifiedTimeAfter": after("LastModifiedTime"),
}


def listed(
    records: Iterable[Record],
    params: Mapping[str, Any],
    result: str,
    members: Sequence[str],
    *,
    filters: Mapping[str, Filter] | None = None,
    order: Mapping[str, str] | None = None,
    descending: bool = False,
) -> dict[str, Any]:
    """One page under the name ``result``, of the records that pass every given filter.

    ``members`` are what an entry shows. ``order`` maps values of SortBy to the member they sort by; the first is the
    default. Raises ValidationException for a foreign NextToken.
    """
    chosen = [record for record in records if all(_passes(record, params, *item) for item in (filters or {}).items())]
    if order:
        by = order[params.get("SortBy") or next(iter(order))]
        reverse = params["SortOrder"] == "Descending" if params.get("SortOrder") else descending
        chosen.sort(key=lambda record: record[by], reverse=reverse)
    start = _start(params.get("NextToken"))
    size = params.get("MaxResults") or PAGE
    answer: dict[str, Any] = {
        result: [
            {member: record[member] for member in members if member in record}
            for record in chosen[start : start + size]
        ]
    }
    if start + size < len(chosen):
        answer["NextToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return answer


def _passes(record: Record, params: Mapping[str, Any], parameter: str, test: Filter) -> bool:
    wanted = params.get(parameter)
    member, holds = test
    return wanted is None or holds(record.get(member), wanted)


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except ValueError as broken:
        raise AwsError("ValidationException", "Invalid NextToken.") from broken
