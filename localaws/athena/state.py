"""What Athena remembers, as plain data: workgroups, query executions, named queries, prepared statements."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TERMINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
ENGINE_VERSION = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
SPARK = "PySpark engine version 3"
PRIMARY = "primary"


@dataclass
class WorkGroup:
    """``configuration`` is the API's WorkGroupConfiguration. ``tags`` by key."""

    name: str
    created: datetime
    configuration: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    state: str = "ENABLED"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Execution:
    """One query. ``columns`` are the result's (label, ColumnInfo); rows live in the result object, not here.

    ``output`` is the S3 URI of the result, None where the workgroup manages results. ``statistics`` are milliseconds
    and bytes as the API names them.
    """

    query_id: str
    text: str
    workgroup: str
    database: str | None
    catalog: str | None
    output: str | None
    result_configuration: dict[str, Any]
    submitted: datetime
    principal: str
    kind: str = "DML"
    substatement: str | None = None
    parameters: tuple[str, ...] = ()
    state: str = "QUEUED"
    reason: str | None = None
    error: dict[str, Any] | None = None
    completed: datetime | None = None
    columns: tuple[dict[str, Any], ...] = ()
    header: bool = False
    rows: int = 0
    statistics: dict[str, int] = field(default_factory=dict)


@dataclass
class NamedQuery:
    """A saved query."""

    query_id: str
    name: str
    database: str
    text: str
    workgroup: str
    description: str = ""


@dataclass
class PreparedStatement:
    """A query of a workgroup, with question marks."""

    name: str
    workgroup: str
    text: str
    description: str
    modified: datetime


@dataclass
class State:
    """``tokens``: (principal, ClientRequestToken) -> (what was asked, query id). ``managed``: results kept here.
    ``prepared``: by workgroup and name."""

    workgroups: dict[str, WorkGroup] = field(default_factory=dict)
    executions: OrderedDict[str, Execution] = field(default_factory=OrderedDict)
    named: dict[str, NamedQuery] = field(default_factory=dict)
    prepared: dict[tuple[str, str], PreparedStatement] = field(default_factory=dict)
    tokens: OrderedDict[tuple[str, str], tuple[str, str]] = field(default_factory=OrderedDict)
    managed: OrderedDict[str, bytes] = field(default_factory=OrderedDict)


MOST_EXECUTIONS = 10_000
MOST_TEXT = 64_000_000
MOST_MANAGED = 128_000_000


def fresh(now: datetime) -> State:
    """A new account: the workgroup ``primary`` alone, without a result location."""
    state = State()
    state.workgroups[PRIMARY] = WorkGroup(PRIMARY, now, default_configuration())
    return state


def is_spark(configuration: Mapping[str, Any]) -> bool:
    """Whether a workgroup is for Apache Spark: it is made and passed a role here, and has no sessions."""
    return (configuration.get("EngineVersion") or {}).get("SelectedEngineVersion") == SPARK


def engine_version(configuration: Mapping[str, Any]) -> dict[str, str]:
    """What an engine version that was asked for becomes: Spark's is itself, any other the one SQL engine there is."""
    return dict.fromkeys(ENGINE_VERSION, SPARK) if is_spark(configuration) else dict(ENGINE_VERSION)


def default_configuration() -> dict[str, Any]:
    """A workgroup's configuration when nothing is given (Athena API reference, WorkGroupConfiguration)."""
    return {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": False,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": dict(ENGINE_VERSION),
    }


def forget_oldest(state: State) -> None:
    """Keep the history within its bounds. Athena keeps 45 days; here it is 10,000 queries or 64 MB of text."""
    size = sum(len(e.text) for e in state.executions.values()) if len(state.executions) % 100 == 0 else 0
    for query_id in list(state.executions):
        if len(state.executions) <= MOST_EXECUTIONS and size <= MOST_TEXT:
            break
        if state.executions[query_id].state in TERMINAL:
            size -= len(state.executions.pop(query_id).text)
    while len(state.tokens) > MOST_EXECUTIONS:
        state.tokens.popitem(last=False)
    while sum(map(len, state.managed.values())) > MOST_MANAGED and len(state.managed) > 1:
        state.managed.popitem(last=False)
