"""How somebody else does a run again: the exact commands, from what the bundle says, in order. Nothing is run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import EvidenceError
from lakeproof.evidence.verify import RUN, VERDICTS, load

RED = ("FAIL", "WAIVED", "NOT_OBTAINED", "NOT_RUN")
BATCH = 50
"""Query ids in one call (Athena API, BatchGetQueryExecution)."""


def commands(bundle: Path) -> list[str]:
    """The lines of a shell script, comments among them. Raises EvidenceError on a bundle that lacks what they need."""
    run, verdicts = load(bundle, RUN), load(bundle, VERDICTS)
    try:
        return list(_commands(bundle, run, verdicts))
    except (KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(f"{bundle}: {RUN} or {VERDICTS} lacks {error}: nobody can tell how it was made") from error


def _commands(bundle: Path, run: Mapping[str, Any], verdicts: Mapping[str, Any]) -> Iterator[str]:
    target, where = run["target"], shlex.quote(str(bundle))
    yield f"# Run {run['run_id']} of {run['plan']['file']} on {target['name']}, {target['account']} {target['region']}"
    yield f"# {run['started']} to {run.get('ended', 'no end')}; {run['banner'] or 'a real account'}"
    yield ""
    yield "# The evidence is as it was written"
    yield f"lakeproof evidence verify {where}"
    yield ""
    yield "# The same version, requirements, features and plan"
    yield from _version(run)
    for folder in sorted({each.name for each in (bundle / "inputs").glob("*")}):
        yield f"diff -r {shlex.quote(str(bundle / 'inputs' / folder))} {folder} | grep -v '^Only in {folder}'"
    yield ""
    yield "# The same run, with the same seed"
    yield _pytest(run["command"][1:], run["seed"])
    red = [each["id"] for each in verdicts["scenarios"] if each["verdict"] in RED]
    if red:
        yield ""
        yield "# Each scenario that was red, alone"
        plan = [each for each in run["command"][1:] if each.startswith("--plan=")]
        yield from (_pytest([*plan, nodeid], run["seed"]) for nodeid in red)
    yield ""
    yield from _queries(bundle, target)


def _version(run: Mapping[str, Any]) -> Iterator[str]:
    git = run.get("git")
    if git:
        yield f"git checkout {git['commit']}"
        if git["dirty"]:
            yield "# there were changes that this commit does not have: compare features and plan as below"
    else:
        yield "# the run was not made in a git checkout: its versions stand in run.json"
    if run.get("lock"):
        yield f"echo '{run['lock']['sha256']}  {run['lock']['file']}' | sha256sum --check"
    yield "make .venv/.installed"


def _pytest(arguments: Sequence[str], seed: str) -> str:
    seeded = any(each == "--seed" or each.startswith("--seed=") for each in arguments)
    return shlex.join([".venv/bin/pytest", *arguments, *(() if seeded else ("--seed", seed))])


def _queries(bundle: Path, target: Mapping[str, Any]) -> Iterator[str]:
    ids = list(dict.fromkeys(_query_ids(bundle / "ledger.jsonl")))
    if target["banner"]:
        yield f"# {len(ids)} queries ran in an embedded account that ended with the run: their ids answer nowhere else"
        return
    yield f"# What Athena says of its {len(ids)} queries"
    for at in range(0, len(ids), BATCH):
        yield f"aws athena batch-get-query-execution --region {target['region']} --query-execution-ids " + " ".join(
            ids[at : at + BATCH]
        )


def _query_ids(ledger: Path) -> Iterator[str]:
    if not ledger.exists():
        return
    with ledger.open(encoding="utf-8", newline="\n") as lines:
        yield from filter(None, (json.loads(line)["query_id"] for line in lines))
