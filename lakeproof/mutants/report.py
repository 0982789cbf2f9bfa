"""What a run of mutants has shown: subject x mutants x killed by, a score, survivors first. Terminal, JSON, HTML."""

from __future__ import annotations

import html
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakeproof.mutants.model import Result
from lakeproof.target import LOCAL_BANNER

SCHEMA_VERSION = 1
FIRST = ("survived", "error", "equivalent", "killed")
"""The order in which results are shown."""


def summary(results: Sequence[Result], plan: str, seed: str, seconds: float) -> dict[str, Any]:
    """Everything that is reported. ``score`` is killed / (killed + survived), None if neither was;
    ``configuration_score`` how many of all applied mutants a comparison with the plan noticed."""
    counts = Counter(result.status for result in results)
    decided = counts["killed"] + counts["survived"]
    applied = [result for result in results if result.status != "error"]
    ordered = sorted(results, key=lambda result: (FIRST.index(result.status), result.subject, result.id))
    return {
        "schema_version": SCHEMA_VERSION,
        "banner": LOCAL_BANNER,
        "plan": plan,
        "seed": seed,
        "seconds": round(seconds, 1),
        "mutants": len(results),
        "killed": counts["killed"],
        "survived": counts["survived"],
        "equivalent": counts["equivalent"],
        "errors": counts["error"],
        "score": counts["killed"] / decided if decided else None,
        "configuration_score": sum(bool(each.configuration) for each in applied) / len(applied) if applied else None,
        "controls": _controls(ordered),
        "table": _table(ordered),
        "results": [asdict(result) for result in ordered],
    }


def write(found: Mapping[str, Any], directory: Path) -> None:
    """``mutants.json`` and ``mutants.html`` in ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "mutants.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    (directory / "mutants.html").write_text(_page(found), encoding="utf-8")


def table(found: Mapping[str, Any]) -> str:
    """The terminal's report."""
    lines = []
    for result in found["results"]:
        if result["status"] in ("survived", "error"):
            lines += [f"{result['status'].upper():10} {result['id']}", *_why(result)]
    equivalents = Counter(result["reason"] for result in found["results"] if result["status"] == "equivalent")
    lines += [f"equivalent {count:5}  {reason}" for reason, count in sorted(equivalents.items())]
    lines += ["", f"{'what was changed':52} mutants killed  by"]
    for row in found["table"]:
        by = ", ".join(f"{name} ({count})" for name, count in row["killed_by"][:2])
        lines.append(f"{row['subject'][:52]:52} {row['mutants']:7} {row['killed']:6}  {by}")
    lines += ["", f"{'control':52} mutants killed"]
    lines += [f"{row['control']:52} {row['mutants']:7} {row['killed']:6}" for row in found["controls"]]
    lines += ["", _sentence(found), found["banner"]]
    return "\n".join(lines)


def _sentence(found: Mapping[str, Any]) -> str:
    return (
        f"{found['mutants']} mutants in {found['seconds']:.0f} s: {found['killed']} killed, {found['survived']} "
        f"survived, {found['equivalent']} equivalent, {found['errors']} errors. Score {_percent(found['score'])}; "
        f"by comparison with the plan alone {_percent(found['configuration_score'])}. Seed {found['seed']}."
    )


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{100 * share:.1f} %"


def _why(result: Mapping[str, Any]) -> list[str]:
    lines = [f"           {result['reason']}"] if result["reason"] else []
    if result["differences"]:
        lines += [f"           differs: {each}" for each in result["differences"]]
    elif result["status"] == "survived":
        lines.append("           no attempt and no right differs: equivalent if a reason is recorded, else a gap")
    return lines


def _table(results: Sequence[Result]) -> list[dict[str, Any]]:
    rows: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        subject = "two changes" if " + " in result.id else result.subject
        rows[f"{subject}: {result.operator}" if subject != "two changes" else subject].append(result)
    return [
        {
            "subject": name,
            "mutants": len(group),
            "killed": sum(result.status == "killed" for result in group),
            "survived": sum(result.status == "survived" for result in group),
            "equivalent": sum(result.status == "equivalent" for result in group),
            "killed_by": Counter(
                _outline(result.killer.scenario) for result in group if result.killer is not None
            ).most_common(),
        }
        for name, group in sorted(rows.items(), key=lambda row: (all(r.status == "killed" for r in row[1]), row[0]))
    ]


def _controls(results: Sequence[Result]) -> list[dict[str, Any]]:
    """How many mutants scenarios of each control have killed; a killed one counts for every control of its killer."""
    killed: Counter[str] = Counter()
    for result in results:
        if result.killer is not None:
            killed.update(result.killer.controls)
    applied = sum(result.status in ("killed", "survived") for result in results)
    return [{"control": name, "mutants": applied, "killed": count} for name, count in sorted(killed.items())]


def _outline(nodeid: str) -> str:
    path, _, name = nodeid.partition("::")
    return f"{Path(path).stem}: {name.partition('[')[0].removeprefix('test_').replace('_', ' ')}"


def _page(found: Mapping[str, Any]) -> str:
    """One page that opens offline and asks nobody for anything."""
    rows = "".join(
        f"<tr class={html.escape(result['status'])}><td>{html.escape(result['status'])}<td>{html.escape(result['id'])}"
        f"<td>{html.escape(_outline(result['killer']['scenario']) if result['killer'] else result['reason'])}"
        f"<td>{'yes' if result['configuration'] else 'no'}"
        for result in found["results"]
    )
    subjects = "".join(
        f"<tr><td>{html.escape(row['subject'])}<td>{row['mutants']}<td>{row['killed']}<td>{row['survived']}"
        f"<td>{row['equivalent']}<td>{html.escape(', '.join(f'{name} ({n})' for name, n in row['killed_by']))}"
        for row in found["table"]
    )
    return (
        "<!doctype html><meta charset=utf-8><title>Mutants</title>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:80em}table{border-collapse:collapse}"
        "td,th{border:1px solid #ccc;padding:2px 8px;text-align:left;vertical-align:top}"
        ".survived td,.error td{background:#fde2e2}.equivalent td{color:#666}</style>"
        f"<p><strong>{html.escape(found['banner'])}</strong><h1>Mutants of {html.escape(found['plan'])}</h1>"
        f"<p>{html.escape(_sentence(found))}"
        f"<h2>What was changed</h2><table><tr><th>subject<th>mutants<th>killed<th>survived<th>equivalent<th>killed by"
        f"{subjects}</table><h2>Every mutant, survivors first</h2>"
        f"<table><tr><th>status<th>mutant<th>killed by, or why not<th>comparison noticed{rows}</table>"
    )
