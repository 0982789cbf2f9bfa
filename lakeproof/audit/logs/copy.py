"""The wanted records of a folder as Parquet, one file for each share of a delivery day, kept for the next question.

A share's copy is named by the SHA-256 over its files' keys and contents and over the selection: a log file that was
changed, added or taken away makes another name, so a copy is never older than its logs.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lakeproof.audit.logs.extract import COLUMNS, SCHEMA, FileReport, extract, table
from lakeproof.audit.logs.folder import Folder, LogFile
from lakeproof.audit.logs.wanted import Wanted

FORMAT = 1
FEW_BYTES = 8 << 20
"""Below so many bytes of logs, starting worker processes takes longer than the reading."""
ROWS = 50_000
META = b"lakeproof.files"
Progress = Callable[[int, int], None]
"""Called with files and bytes that have been read since the last call."""


@dataclass
class Copy:
    """What the questions are asked of: Parquet files with the columns of ``COLUMNS``, and a report on each log file."""

    parquet: list[Path] = field(default_factory=list)
    files: list[FileReport] = field(default_factory=list)
    fresh: int = 0
    """Files that were read now; the others were found in the copy, with the same contents."""


def copy(
    folder: Folder, wanted: Wanted, cache: Path, workers: int | None = None, progress: Progress = lambda f, b: None
) -> Copy:
    """Read every log of the folder, or find it in the cache. Reports are in the order of the folder.

    Every file's contents are hashed each time; only decoding is saved.
    """
    cache.mkdir(parents=True, exist_ok=True)
    shares = list(folder.shares())
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as threads:  # hashlib lets go of the interpreter's lock
        names = list(threads.map(lambda share: _name(share, wanted), shares))
    made = [cache / f"{name}.parquet" for name in names]
    result = Copy(parquet=made)
    todo = []
    for share, path in zip(shares, made, strict=True):
        if path.exists():
            progress(len(share), sum(log.size for log in share))
        else:
            todo.append((share, path))
            result.fresh += len(share)
    with _pool(workers, sum(log.size for share, _ in todo for log in share)) as pool:
        waiting = [pool.submit(write, share, path, wanted) for share, path in todo]
        for done in as_completed(waiting):
            progress(*done.result())
    for path in made:
        meta = pq.read_metadata(path).metadata
        result.files += [FileReport(**each) for each in json.loads(meta[META])]
    return result


def write(share: Sequence[LogFile], path: Path, wanted: Wanted) -> tuple[int, int]:
    """Read a share of files into one Parquet file, whole or not at all. Returns how many files and bytes."""
    reports: list[dict[str, Any]] = []
    rows: list[list[str | None]] = []
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with pq.ParquetWriter(fresh, SCHEMA, compression="zstd") as writer:
        for log in share:
            report, found = extract(log.path, log.key, wanted)
            reports.append(asdict(report))
            rows += found
            if len(rows) >= ROWS:
                writer.write_table(table(rows))
                rows = []
        if rows:
            writer.write_table(table(rows))
        writer.add_key_value_metadata({META: json.dumps(reports)})
    fresh.replace(path)
    return len(share), sum(log.size for log in share)


def _name(share: Iterable[LogFile], wanted: Wanted) -> str:
    said = hashlib.sha256(f"{FORMAT} {wanted.version} {' '.join(COLUMNS)}".encode())
    for log in share:
        said.update(log.key.encode() + b"\0" + hashlib.sha256(log.path.read_bytes()).digest())
    return said.hexdigest()


class _Here(AbstractContextManager["_Here"]):
    """A pool of no processes: does the work at once."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Do it now."""
        done: Future[Any] = Future()
        done.set_result(work(*arguments))
        return done

    def __exit__(self, *error: object) -> None:
        return None


def _pool(workers: int, size: int) -> Any:
    if workers == 1 or size < FEW_BYTES:
        return _Here()
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("forkserver"))
