"""One SQL text, two engines: Athena over a log bucket and DuckDB over its copy answer alike, row for row."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakeproof.__main__ import main
from lakeproof.audit import executions
from lakeproof.audit.logs.bucket import fetch, layout
from lakeproof.audit.logs.copy import copy
from lakeproof.audit.logs.folder import look
from lakeproof.audit.logs.wanted import wanted
from lakeproof.audit.questions.athena import AthenaRefused, Cloud
from lakeproof.audit.questions.local import Local, Period
from lakeproof.audit.questions.text import questions, statement
from lakeproof.audit.report import Inputs, tables_of
from lakeproof.plan import load
from lakeproof.target import Target, local_target
from provision.log_table import log_table
from tests.athena.lake import Lake
from tests.audit.records import ACCOUNT, QUERY, Record
from tests.audit.test_findings import CASES, PLAN
from tests.cloudtrail.trail_account import make_bucket, make_trail
from tests.conftest import Embedded, running
from tests.inventory import everything

BUCKET = "audit-logs"
DAY = "2026/11/24"
SQL = {each.id: each.sql for each in questions().values() if each.sql} | {"use": statement("use")}


def told_apart(number: int, records: list[Record]) -> list[Record]:
    """The records of a case with ids of its own: cases stand in one trail, and none may explain another."""
    text = json.dumps(records).replace(QUERY[:8], f"{number:08x}")
    made: list[Record] = json.loads(text)
    return [{**each, "eventID": f"{number}-{each['eventID']}"} for each in made]


def upload(embedded: Embedded, number: int, records: list[Record], region: str = "us-east-1") -> None:
    """A log file in the layout of a trail, of another account."""
    name = f"{ACCOUNT}_CloudTrail_{region}_20261124T1250Z_{number:016d}.json.gz"
    key = f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/{DAY}/{name}"
    body = gzip.compress(json.dumps({"Records": records}).encode())
    embedded.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


@dataclass(frozen=True)
class Both:
    """The same logs, asked in two ways; and the account."""

    embedded: Embedded
    target: Target
    cloud: Cloud
    local: Local


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """An account with a trail, queries and refusals of its own, and a log of another account for each finding."""
    root = tmp_path_factory.mktemp("engines")
    with running("--trail-delay", "0") as embedded:
        make_bucket(embedded, BUCKET)
        make_trail(embedded, BUCKET)
        lake = Lake(embedded).provision()
        limited = lake.role("limited", columns=("review_id", "stars"))
        lake.rows("SELECT review_id FROM db.reviews", limited)
        lake.failure("SELECT customer FROM db.reviews", limited)
        for number, (trigger, twin) in enumerate(CASES.values()):
            upload(embedded, number, told_apart(number, trigger))
            upload(embedded, number + 100, told_apart(number + 100, twin), "eu-west-1")
        upload(embedded, 900, told_apart(0, next(iter(CASES.values()))[0]))  # delivered twice
        embedded.control("clock", {"advance": 60})
        target = local_target({name: getattr(embedded, name) for name in READY})
        query = {"QueryExecution": {"QueryExecutionId": f"{2:08x}{QUERY[8:]}", **ENDED}}
        (root / "queries.json").write_text(json.dumps(query), encoding="utf-8")
        inputs = Inputs(load(PLAN), tuple(executions.read(root / "queries.json")))
        period = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC))
        s3 = embedded.client("s3")
        found = layout(s3, BUCKET, "")
        assert found.accounts == (ACCOUNT, embedded.account_id) and found.regions == ("eu-west-1", "us-east-1")
        with log_table(
            target,
            f"s3://{BUCKET}/{found.base}",
            found.accounts,
            found.regions,
            found.first_day,
            root / "runs",
            lambda text: None,
        ) as made:
            client = target.client("athena")
            cloud = Cloud(client, made.database, made.workgroup, tables_of(inputs), period, longest_pause_s=0.1)
            fetch(s3, BUCKET, "", root / "copy")
            logs = copy(look(root / "copy"), wanted(), root / "cache", workers=1)
            yield Both(embedded, target, cloud, Local(logs.parquet, tables_of(inputs), period))


READY = ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
ENDED = {
    "Query": "SELECT id FROM lake.reviews",
    "Status": {"State": "SUCCEEDED"},
    "Statistics": {"DataScannedInBytes": 10},
}


@pytest.mark.parametrize("name", SQL)
def test_athena_and_duckdb_answer_alike(both: Both, name: str) -> None:
    """Every question has rows, and both engines give the same ones."""
    ours = [tuple(None if cell is None else str(cell) for cell in row) for row in both.local.ask(SQL[name])]
    theirs = both.cloud.ask(SQL[name])
    assert sorted(ours, key=str) == sorted(theirs, key=str)
    assert ours, "nothing was compared"


def test_what_the_account_did_itself_is_among_it(both: Both) -> None:
    """The embedded account's own query is attributed by both engines, from the log files of its own trail."""
    used = [row for row in both.cloud.ask(SQL["use"]) if row[1] and both.embedded.account_id in row[1]]
    assert used == [row for row in both.local.ask(SQL["use"]) if both.embedded.account_id in row[1]]
    assert [row[0] for row in used] == ["limited"]


def test_doubles_and_totals_are_counted(both: Both) -> None:
    """A file that was delivered twice is counted as such, and every record of the bucket once."""
    assert both.cloud.counts()[0] == len(next(iter(CASES.values()))[0])
    assert both.cloud.counts()[1] == both.local.counts()[1]
    assert both.cloud.events() > both.cloud.counts()[1]


def test_what_athena_refuses_is_told(both: Both) -> None:
    """Its words, and no answer in its place."""
    with pytest.raises(AthenaRefused, match="FAILED: COLUMN_NOT_FOUND"):
        both.cloud.ask("SELECT nothing FROM evidence")
    with pytest.raises(AthenaRefused, match="Athena takes 262144"):
        both.cloud.ask(f"SELECT '{'x' * 262_144}' FROM evidence")


def told(both: Both, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """Exit code, JSON and messages of ``lakeproof audit`` on the bucket."""
    for name, value in both.embedded.environment().items():
        monkeypatch.setenv(name, value)
    code = main(["audit", *more, "--endpoint-url", both.embedded.endpoint_url, "--format", "json"])
    out, err = capsys.readouterr()
    return {"code": code, "report": json.loads(out) if out else None, "err": err}


def test_the_command_finds_the_same_with_either_engine(
    both: Both, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An audit of a bucket leaves the account as it was; Athena's says that it claims no integrity."""
    monkeypatch.chdir(tmp_path)
    before = everything(both.target)
    asked = [f"s3://{BUCKET}/AWSLogs/{ACCOUNT}/", "--since", "2026-11-24", "--until", "2026-11-24", "--plan", str(PLAN)]
    here = told(both, monkeypatch, capsys, *asked, "--cache", str(tmp_path / "cache"), "--workers", "1")
    there = told(both, monkeypatch, capsys, *asked, "--engine", "athena")
    assert here["code"] == there["code"] == 1, here["err"] + there["err"]
    ours, theirs = here["report"], there["report"]
    sql = [each for each in ours["found"] if each["id"] in SQL]
    assert sql and sql == theirs["found"]
    assert ours["use"] == theirs["use"] and ours["events"] == theirs["events"] > 0
    assert "Athena reads every file" in theirs["notes"][0]
    assert everything(both.target) == before
    assert "nothing is left" in there["err"]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("s3://", "is no S3 location"),
        ("s3://audit-logs/nowhere/", "no CloudTrail log files"),
        ("s3://no-such-bucket-here/", "NoSuchBucket"),
    ],
)
def test_what_cannot_be_read_is_told(
    both: Both, location: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and the reason; nothing was made in the account."""
    done = told(both, monkeypatch, capsys, location, "--engine", "athena")
    assert done["code"] == 2 and said in done["err"] and done["report"] is None
