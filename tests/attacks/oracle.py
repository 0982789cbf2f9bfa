"""Non-interference: what a principal receives must be the same in two worlds that differ only in what is hidden."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from localaws.athena import HANDLERS
from localaws.errors import AwsError
from tests.attacks.worlds import MARKER, World

FAMILIES = Path(__file__).with_name("families")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Attack:
    """One statement of a family; ``allowed`` says whether it must succeed or must be refused."""

    family: str
    sql: str
    allowed: bool


def families() -> list[str]:
    return sorted(path.stem for path in FAMILIES.glob("*.yaml"))


def attacks(family: str) -> list[Attack]:
    document = yaml.safe_load((FAMILIES / f"{family}.yaml").read_text("utf-8"))
    return [
        Attack(family, _text(entry), kind == "allowed") for kind in ("allowed", "refused") for entry in document[kind]
    ]


def _text(entry: str | dict[str, Any]) -> str:
    if isinstance(entry, str):
        return entry
    return str(entry["sql"]).replace("{}", entry["unit"] * entry["repeat"] + entry["end"])


@dataclass(frozen=True)
class Seen:
    """All that one principal receives for one statement, ids and times aside."""

    state: str
    received: str


def observe(world: World, principal: str, sql: str) -> Seen:
    """Run a statement through Athena's operations and collect everything that comes back, result objects included."""
    location = {"OutputLocation": "s3://results/q/"}
    before = set(world.store.objects["results"])
    start = world.call(
        principal,
        "StartQueryExecution",
        QueryString=sql,
        ResultConfiguration=location,
        QueryExecutionContext={"Database": "db"},
    )
    try:
        query_id = HANDLERS["StartQueryExecution"](world, start)["QueryExecutionId"]  # type: ignore[arg-type]
    except AwsError as error:
        return Seen("REFUSED", _anonymous(f"{error.code} {error.message} {error.members}"))
    look = world.call(principal, "GetQueryExecution", QueryExecutionId=query_id)
    execution = HANDLERS["GetQueryExecution"](world, look)["QueryExecution"]  # type: ignore[arg-type]
    status = execution["Status"]
    received: dict[str, Any] = {
        "status": {k: v for k, v in status.items() if not k.endswith("DateTime")},
        "scanned": execution["Statistics"].get("DataScannedInBytes"),
        "kind": (execution["StatementType"], execution.get("SubstatementType")),
    }
    if status["State"] == "SUCCEEDED":
        received["pages"] = list(_pages(world, principal, query_id))
    runtime = world.call(principal, "GetQueryRuntimeStatistics", QueryExecutionId=query_id)
    received["runtime"] = HANDLERS["GetQueryRuntimeStatistics"](world, runtime)[  # type: ignore[arg-type]
        "QueryRuntimeStatistics"
    ]["Rows"]
    written = sorted(set(world.store.objects["results"]) - before)
    received["objects"] = [(key, world.store.objects["results"][key]) for key in written]
    return Seen(status["State"], _anonymous(repr(received)))


def _pages(world: World, principal: str, query_id: str) -> Any:
    token: dict[str, str] = {}
    while True:
        call = world.call(principal, "GetQueryResults", QueryExecutionId=query_id, MaxResults=7, **token)
        page = HANDLERS["GetQueryResults"](world, call)  # type: ignore[arg-type]
        yield page["ResultSet"]
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def _anonymous(text: str) -> str:
    return _ID.sub("<id>", text)


def leak(sql: str, one: Seen, two: Seen) -> str | None:
    """What gives something away, as text; None if nothing does. A marker counts unless the statement itself has it."""
    if one != two:
        return f"differs between the worlds\n  {one}\n  {two}"
    for seen in (one, two):
        for match in re.findall(rf"{MARKER}[ \-][\w\- ]*", seen.received):
            if match.strip() not in sql:
                return f"shows {match!r}\n  {seen}"
    return None
