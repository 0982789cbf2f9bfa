"""Which records the questions are about: everything else is counted and passed over."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from importlib.resources import files

from lakeproof.audit.logs.records import Record


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``part`` must stand in the request: S3's data events are a flood, results are few."""

    part: bytes = b""
    writes_only: bool = False


@dataclass(frozen=True)
class Wanted:
    """A selection: by source and name, ``*`` for every name of a source. An empty table keeps everything.

    ``version`` changes when the selection does, so that a copy made by another selection is not used.
    """

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    version: str = "everything"

    def of(self, found: list[Record]) -> list[Record]:
        """The records to keep, in order."""
        rows = self.rows
        if not rows:
            return found
        return [each for each in found if each.eventSource in rows and self._keeps(each)]

    def _keeps(self, record: Record) -> bool:
        names = self.rows[record.eventSource]
        row = names.get(record.eventName) or names.get("*")
        if row is None or (row.writes_only and record.readOnly in (True, "true")):
            return False
        return not row.part or row.part in bytes(record.requestParameters)


def wanted() -> Wanted:
    """The selection of ``wanted.csv``."""
    table = files("lakeproof.audit.logs").joinpath("wanted.csv").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Row]] = {}
    for line in csv.DictReader(table.splitlines()):
        rows.setdefault(line["source"], {})[line["name"]] = Row(line["part"].encode(), line["only"] == "writes")
    return Wanted(rows, hashlib.sha256(table.encode()).hexdigest()[:12])


EVERYTHING = Wanted()
