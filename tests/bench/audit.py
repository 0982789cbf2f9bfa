"""The audit of a year's worth of logs: from gzip to findings, beside what unpacking, hashing and parsing alone cost.

Logs are generated in the real layout, with queries, data accesses and a known number of accesses without a query; the
rest is a busy account's noise. Every step is one process with one worker, and costs its processor seconds: the clock of
a machine that does other things too would be no measure. What several workers take by the clock stands beside it.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.audit.records import ACCOUNT, access, start

EVENTS_IN_FILE = 1_815
"""As many as fill a file of some 280 kB, as a busy account's are."""
DAYS = 30
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
QUERY_EVERY, ORPHANS = 78, 20
"""One event in so many is a query, with its data access; so many accesses belong to no query."""
REGION, PEOPLE = "us-east-1", 200
NOISE = (
    ("ec2.amazonaws.com", "DescribeInstances", '{"instancesSet": {}, "filterSet": {"items": [{"name": "%s"}]}}'),
    (
        "sts.amazonaws.com",
        "AssumeRole",
        '{"roleArn": "arn:aws:iam::111122223333:role/app-%s", "durationSeconds": 3600}',
    ),
    ("s3.amazonaws.com", "PutObject", '{"bucketName": "data-%s", "key": "2026/part.parquet", "x-id": "PutObject"}'),
    ("kms.amazonaws.com", "Decrypt", '{"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::data-%s/part.parquet"}}'),
    ("logs.amazonaws.com", "CreateLogStream", '{"logGroupName": "/aws/lambda/app", "logStreamName": "stream-%s"}'),
    ("dynamodb.amazonaws.com", "DescribeTable", '{"tableName": "table-%s"}'),
    ("glue.amazonaws.com", "GetTable", '{"databaseName": "lake", "name": "table-%s"}'),
)
FLOOR = """
import hashlib, sys
from pathlib import Path
import simdjson
from isal import isal_zlib
parser = simdjson.Parser()
for path in sorted(Path(sys.argv[1]).rglob("*.gz")):
    raw = isal_zlib.decompress(path.read_bytes(), 31)
    hashlib.sha256(raw).digest()
    parser.parse(raw)
"""
DUCKDB = """
import sys, duckdb
event = ("STRUCT(eventTime VARCHAR, eventSource VARCHAR, eventName VARCHAR, eventID VARCHAR, errorCode VARCHAR, "
         "userIdentity STRUCT(arn VARCHAR, sessionContext STRUCT(sourceIdentity VARCHAR)), requestParameters JSON, "
         "responseElements JSON, additionalEventData JSON)[]")
connection = duckdb.connect(config={"threads": 1, "memory_limit": "2GB"})
print(connection.execute(f'''
    WITH e AS (SELECT unnest(Records) AS r FROM read_json('{sys.argv[1]}/**/*.gz', columns={{Records: '{event}'}},
               maximum_sample_files=1, maximum_object_size=200000000)),
         q AS (SELECT r.eventName AS name, COALESCE(r.responseElements->>'queryExecutionId', regexp_extract(
               r.requestParameters->'auditContext'->>'additionalAuditContext', '[0-9a-f-]{{36}}')) AS id
               FROM e WHERE r.eventName IN ('StartQueryExecution', 'GetDataAccess'))
    SELECT count(*) FROM (SELECT id FROM q GROUP BY id HAVING NOT bool_or(name = 'StartQueryExecution'))
''').fetchall())
"""


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: ``cpu`` and ``wall`` in seconds, ``peak`` MiB of the largest of them."""

    cpu: float
    wall: float
    peak: float
    output: str


def rows(sizes: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Rows (what, figure) for each number of events. Exits with its last words where a step fails."""
    first: dict[int, float] = {}
    for events in sizes:
        with tempfile.TemporaryDirectory(prefix="lakeproof-audit-") as directory:
            logs = Path(directory, "logs")
            generate(logs, events)
            name = f"audit of {events:,} events"
            yield f"{name}: files, MiB of gzip", _size(logs)
            audit = [*_MODULE, "audit", str(logs), "--format", "json", "--cache"]
            cold, warm = (_cost([*audit, f"{directory}/cache", "--workers", "1"], 1) for _ in range(2))
            several = _cost([*audit, f"{directory}/another"], 1)
            first[events] = cold.cpu / events
            orphans = sum(each["id"] == "access-without-query" for each in json.loads(cold.output)["found"])
            if orphans != ORPHANS:
                sys.exit(f"{orphans} accesses without a query were found, {ORPHANS} are there")
            yield f"{name}: processor seconds", f"{cold.cpu:.1f}"
            yield f"{name}: seconds by the clock, a worker for each of {os.cpu_count()} cores", f"{several.wall:.1f}"
            yield f"{name}: events a second and core", f"{events / cold.cpu:,.0f}"
            yield f"{name}: largest process, MiB (goal: all under 2,048)", f"{cold.peak:.0f}"
            yield f"{name}: first question to the second (goal: at least 15)", f"{cold.cpu / warm.cpu:.1f}"
            duckdb = _cost([sys.executable, "-c", DUCKDB, str(logs)])
            if duckdb.output.strip() != f"[({ORPHANS},)]":
                sys.exit(f"DuckDB's own reader finds {duckdb.output}")
            yield f"{name}: DuckDB's own reader to ours (goal: at least 2)", f"{duckdb.cpu / cold.cpu:.2f}"
            if importlib.util.find_spec("simdjson") is None:
                yield f"{name}: share of the floor (pip install pysimdjson)", "not measured"
                continue
            floor = _cost([sys.executable, "-c", FLOOR, str(logs)])
            yield (
                f"{name}: gunzip, SHA-256 and simdjson alone, to ours (goal: at least 0.60)",
                f"{floor.cpu / cold.cpu:.2f}",
            )
    if len(first) > 1:
        small, *_, large = (first[size] for size in sorted(first))
        yield f"audit: cost of an event, {max(first):,} to {min(first):,} events", f"{large / small:.2f}"


_MODULE = [sys.executable, "-m", "lakeproof"]


def generate(folder: Path, events: int) -> None:
    """Write log files in CloudTrail's layout with so many events or a few more, on all cores, the same each time."""
    files = -(-events // EVENTS_IN_FILE)
    with ProcessPoolExecutor() as pool:
        list(pool.map(_write, [folder] * files, range(files), [files] * files, chunksize=8))


def _write(folder: Path, number: int, files: int) -> None:
    draw = random.Random(number)
    at = BEGIN + timedelta(days=DAYS) * number / files
    records = list(
        _records(
            draw, at, orphan=number % max(1, files // ORPHANS) == 0 and number // max(1, files // ORPHANS) < ORPHANS
        )
    )
    name = f"{ACCOUNT}_CloudTrail_{REGION}_{at + timedelta(minutes=10):%Y%m%dT%H%MZ}_{number:016d}.json.gz"
    path = folder / "AWSLogs" / ACCOUNT / "CloudTrail" / REGION / f"{at:%Y/%m/%d}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(f'{{"Records": [{",".join(records)}]}}'.encode(), 6, mtime=0))


def _records(draw: random.Random, at: datetime, orphan: bool) -> Iterator[str]:
    count = 0
    if orphan:
        yield json.dumps(access("nobody", _id(draw), _id(draw)) | {"eventTime": _time(at)})
        count = 1
    while count < EVENTS_IN_FILE:
        moment = _time(at + timedelta(seconds=draw.random() * 300))
        if draw.randrange(QUERY_EVERY) == 0:
            person, query = f"person-{draw.randrange(PEOPLE)}", _id(draw)
            for record in (start(person, query, _id(draw)), access(person, query, _id(draw))):
                yield json.dumps(record | {"eventTime": moment})
            count += 2
        else:
            yield _noise(draw, moment)
            count += 1


def _noise(draw: random.Random, moment: str) -> str:
    source, name, request = NOISE[draw.randrange(len(NOISE))]
    app, key = draw.randrange(500), f"{draw.getrandbits(80):020X}"
    role = f"arn:aws:iam::{ACCOUNT}:role/app-{app}"
    return (
        '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole",'
        f'"principalId":"AROA{app:017d}:i-{app:017x}","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/app-{app}/i-{app:017x}",'
        f'"accountId":"{ACCOUNT}","accessKeyId":"ASIA{key[:16]}","sessionContext":{{"sessionIssuer":{{"type":"Role",'
        f'"principalId":"AROA{app:017d}","arn":"{role}","accountId":"{ACCOUNT}","userName":"app-{app}"}},'
        f'"attributes":{{"creationDate":"{moment}","mfaAuthenticated":"false"}}}}}},"eventTime":"{moment}",'
        f'"eventSource":"{source}","eventName":"{name}","awsRegion":"{REGION}","sourceIPAddress":"10.0.{app % 256}.7",'
        '"userAgent":"aws-sdk-java/2.31.9 md/io#sync md/http#Apache ua/2.1 os/Linux lang/java#21.0.4 md/OpenJDK",'
        f'"requestParameters":{request % app},"responseElements":null,"requestID":"{_id(draw)}",'
        f'"eventID":"{_id(draw)}",'
        f'"readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{ACCOUNT}",'
        '"eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",'
        f'"clientProvidedHostHeader":"{source}"}}}}'
    )


def _id(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _size(folder: Path) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*.gz")]
    return f"{len(sizes):,}, {sum(sizes) / 2**20:,.0f}"


def _cost(command: Sequence[str], expected: int = 0) -> Cost:
    """Run a command to its end. Exits with its last words if its exit code is another than expected."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        output.seek(0)
        errors.seek(0)
        if process.returncode != expected:
            sys.exit(f"{' '.join(command[:4])}: exit code {process.returncode}\n{errors.read().decode()[-4000:]}")
        return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, output.read().decode())
