"""The questions on this machine: DuckDB over the Parquet copy of the log files, within a bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from lakeproof.audit.questions.text import TABLES, Row, fingerprint, for_duckdb, statement, values

MEMORY = "700MB"
"""DuckDB's own limit; what does not fit goes to the disk. The rest of the process stays below 2 GB with it."""
ALWAYS = ("0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
_STRUCT = """
{'type': who_type, 'principalid': who_principalid, 'arn': who_arn, 'accountid': who_accountid,
 'username': who_username, 'invokedby': who_invokedby, 'onbehalfof': {'userid': who_userid},
 'sessioncontext': {
  'sessionissuer': {'arn': issuer_arn, 'username': issuer_username, 'principalid': issuer_principalid},
  'sourceidentity': sourceidentity}} AS useridentity"""


@dataclass(frozen=True, slots=True)
class Period:
    """Which events are asked about, by their own time; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def texts(self) -> tuple[str, str]:
        """Both ends as events carry times."""
        first, last = ALWAYS
        return (_text(self.since) if self.since else first, _text(self.until) if self.until else last)

    def days(self) -> tuple[str, str]:
        """First and last day of delivery that may hold events of the period, as partitions are named.

        A log file may be delivered on the day after its events.
        """
        since, until = self.texts()
        last = until[:10] if self.until is None else _text(self.until + timedelta(days=1))[:10]
        return since[:10].replace("-", "/"), last.replace("-", "/")


class Local:
    """A DuckDB of its own over some Parquet files. ``tables`` are those of ``text.TABLES``.

    ``excluded`` are keys of log files whose records do not count. ``cache`` keeps the typed evidence for the next
    question; without it nothing is kept.
    """

    def __init__(
        self,
        parquet: Sequence[Path],
        tables: Mapping[str, Iterable[Row]],
        period: Period | None = None,
        excluded: Collection[str] = (),
        cache: Path | None = None,
    ) -> None:
        self.db = duckdb.connect(config={"memory_limit": MEMORY, "preserve_insertion_order": "false"})
        self._logs(parquet, excluded)
        self._evidence(parquet, period or Period(), excluded, cache)
        for name, columns in TABLES.items():
            rows = values(list(tables.get(name, ())), columns)
            self.db.execute(f"CREATE TABLE {name} AS SELECT * FROM ({for_duckdb(rows)}) AS t({', '.join(columns)})")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a question in Athena's dialect."""
        return self.db.execute(for_duckdb(sql)).fetchall()

    def counts(self) -> tuple[int, int]:
        """How many wanted records were delivered more than once, and how many records the questions are asked of."""
        twice = self.db.execute("SELECT count(eventid) - count(DISTINCT eventid) FROM cloudtrail_logs").fetchone()
        once = self.db.execute("SELECT count(*) FROM evidence").fetchone()
        assert twice is not None and once is not None
        return twice[0], once[0]

    def paths(self, event_ids: Collection[str]) -> dict[str, str]:
        """Which log file each of these events stands in."""
        found = self.db.execute(
            'SELECT eventid, min("$path") FROM cloudtrail_logs WHERE list_contains(?, eventid) GROUP BY eventid',
            [list(event_ids)],
        ).fetchall()
        return dict(found)

    def _logs(self, parquet: Sequence[Path], excluded: Collection[str]) -> None:
        self.db.execute("CREATE TABLE excluded (key VARCHAR)")
        if excluded:
            self.db.executemany("INSERT INTO excluded VALUES (?)", [[key] for key in sorted(excluded)])
        files = ", ".join(f"'{str(path).replace(chr(39), chr(39) * 2)}'" for path in parquet)
        self.db.execute(
            f"CREATE VIEW cloudtrail_logs AS SELECT *, {_STRUCT} FROM read_parquet([{files}]) "
            'WHERE "$path" NOT IN (SELECT key FROM excluded)'
        )

    def _evidence(self, parquet: Sequence[Path], period: Period, excluded: Collection[str], cache: Path | None) -> None:
        since, until = period.texts()
        first_day, last_day = ("", "9999") if period == Period() else ("", period.days()[1])
        asked = for_duckdb(statement("evidence", first_day=first_day, last_day=last_day, since=since, until=until))
        if cache is None:
            self.db.execute(f"CREATE TABLE evidence AS {asked}")
            return
        name = fingerprint(asked, *(path.name for path in parquet), "-", *sorted(excluded))
        kept = cache / f"evidence-{name}.parquet"
        if not kept.exists():
            fresh = kept.with_suffix(".new")
            self.db.execute(f"COPY ({asked}) TO '{fresh}' (FORMAT parquet, COMPRESSION zstd)")
            fresh.replace(kept)
        self.db.execute(f"CREATE VIEW evidence AS SELECT * FROM read_parquet('{kept}')")


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
