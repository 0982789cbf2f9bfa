"""The audit's report as text, JSON, CSV or one HTML page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from html import escape
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape as plain
from rich.table import Table

from lakeproof.audit.report import Report, Use

Rows = list[tuple[str, ...]]
SHOWN = 20
"""So many findings of one kind are told in the text; the other formats have them all."""
UNKNOWN = "not known: the SQL is not at hand"


def text(report: Report) -> str:
    """For a terminal, 120 characters wide."""
    out = io.StringIO()
    console = Console(file=out, width=120, highlight=False)
    for title, heads, rows in _tables(report, shown=SHOWN):
        table = Table(*heads, title=title, title_justify="left", box=box.SIMPLE)
        for row in rows:
            table.add_row(*map(plain, row))
        console.print(table)
    for line in _summary(report):
        console.print(plain(line))
    return out.getvalue()


def as_json(report: Report) -> str:
    """Everything, for a program."""
    told: dict[str, Any] = {"schema_version": 1, **asdict(report)}
    told["found"] = [
        {
            "id": each.question.id,
            "title": each.question.title,
            "severity": each.question.severity,
            "remedy": each.question.remedy,
            "subject": each.subject,
            "at": each.at,
            "said": each.said,
            "events": list(each.events),
            "sealed": each.sealed,
        }
        for each in report.found
    ]
    return json.dumps(told, indent=2) + "\n"


def as_csv(report: Report) -> str:
    """The findings, one in a row."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("id", "severity", "title", "subject", "at", "said", "events", "sealed", "remedy"))
    for each in report.found:
        asked = each.question
        row = (asked.id, asked.severity, asked.title, each.subject, each.at, each.said, " ".join(each.events))
        writer.writerow([*map(_harmless, row), each.sealed, asked.remedy])
    return out.getvalue()


def html(report: Report) -> str:
    """One page that opens offline and runs nothing."""
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Audit of the trail</title>"]
    parts.append(
        "<style>body{font:14px sans-serif;margin:2em}td,th{padding:.3em .6em;text-align:left;vertical-align:top;"
    )
    parts.append("border-bottom:1px solid #ccc;overflow-wrap:anywhere}table{border-collapse:collapse}</style>")
    parts.append(f"<h1>Audit of {escape(report.source)}</h1><ul>")
    parts += [f"<li>{escape(line)}</li>" for line in _summary(report)]
    parts.append("</ul>")
    for title, heads, rows in _tables(report, shown=None):
        parts.append(f"<h2>{escape(title)}</h2><table><tr>{''.join(f'<th>{escape(head)}' for head in heads)}</tr>")
        parts += [f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}</tr>" for row in rows]
        parts.append("</table>")
    return "".join(parts) + "\n"


FORMATS: Mapping[str, Callable[[Report], str]] = {"text": text, "json": as_json, "csv": as_csv, "html": html}


def _tables(report: Report, shown: int | None) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    if report.use:
        use: Rows = [(each.person, each.table, str(each.queries), _columns(each)) for each in report.use]
        yield "Who read what", ("person", "table", "queries", "columns"), use
    if report.found:
        yield "Findings", ("finding", "severity", "subject and what was seen", "sealed"), _findings(report, shown)


def _findings(report: Report, shown: int | None) -> Rows:
    rows: Rows = []
    told: dict[str, int] = {}
    for each in report.found:
        told[each.question.id] = told.get(each.question.id, 0) + 1
        if shown is None or told[each.question.id] <= shown:
            what = f"{each.question.title}\n{each.subject} {each.at}\n{each.said[:600]}\nremedy: {each.question.remedy}"
            rows.append((each.question.id, each.question.severity, what, "yes" if each.sealed else "no"))
    for finding, count in told.items():
        if shown is not None and count > shown:
            rows.append((finding, "", f"and {count - shown} more: --format json or csv has them all", ""))
    return rows


def _columns(use: Use) -> str:
    return UNKNOWN if use.columns is None else ", ".join(use.columns) or "none"


def _summary(report: Report) -> Iterator[str]:
    yield f"{report.files} files, {report.events} events read, {report.wanted} of them asked about"
    yield f"{report.duplicates} delivered more than once, counted once"
    for reason, count in report.skipped.items():
        yield f"left out, {count} {reason}"
    for state, count in sorted(report.sealed.items()):
        yield f"{count} events: {state}"
    yield from (f"digests of {chain}" for chain in report.chains)
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"not asked: {finding}: {why}" for finding, why in report.unasked.items())
    yield f"{len(report.found)} findings"


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
