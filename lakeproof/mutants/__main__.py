"""``python -m lakeproof.mutants``: weaken a plan's account in one place at a time, and see if the sign-off notices.

Exit codes: 0 every mutant was killed or is equivalent, 1 some survived, 2 wrong usage, 3 the sign-off is not green to
begin with or did not run, 4 some mutants could not be applied.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lakeproof.mutants import report
from lakeproof.mutants.generate import pairs
from lakeproof.mutants.kept import Kept, KeptError, digest
from lakeproof.mutants.model import Baseline, Result
from lakeproof.mutants.pool import Named, Pool, WorkerError, workers
from lakeproof.plan import PlanError, load

ALL_KILLED, SURVIVORS, USAGE, NOT_GREEN, ERRORS = 0, 1, 2, 3, 4
PAIRS = 1000
"""So many mutants of the second order are made with ``--pairs``."""
LOGS = Path("build/mutants")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit code; argparse itself exits with 2 on wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        load(chosen.plan)
    except (PlanError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        kept = _kept(chosen)
    except (KeptError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    seed = chosen.seed or kept.seed
    print(f"plan: {chosen.plan}, {chosen.workers} workers, seed {seed}", flush=True)
    started = time.perf_counter()
    try:
        with workers(chosen.workers, chosen.plan, _selection(chosen), LOGS) as pool:
            return _run(pool, chosen, seed, started, kept)
    except WorkerError as error:
        print(f"nothing was mutated: {error}", file=sys.stderr)
        return NOT_GREEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m lakeproof.mutants", description="Proves that the sign-off can fail.")
    parser.add_argument("--plan", default="plans/walkthrough.yaml", metavar="FILE")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="default: one a core")
    parser.add_argument("--only", action="append", metavar="TEXT", help="only mutants with this text in their name")
    parser.add_argument("--scenarios", action="append", default=[], metavar="FEATURES",
                        help="only the scenarios of this file or folder; repeatable")  # fmt: skip
    parser.add_argument("-k", dest="keyword", metavar="EXPRESSION", help="only scenarios that pytest selects by this")
    parser.add_argument("--pairs", type=int, nargs="?", const=PAIRS, default=0, metavar="N",
                        help=f"mutants of the second order as well, {PAIRS} if no number is given")  # fmt: skip
    parser.add_argument("--seed", metavar="TEXT", help="of the draw of pairs; drawn and printed if not given")
    parser.add_argument("--state", type=Path, metavar="FILE",
                        help="keep each result there, and go on where an interrupted run stopped")  # fmt: skip
    parser.add_argument("--no-change", type=int, default=0, metavar="N",
                        help="instead of mutants: N times the whole sign-off on the unchanged account")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="print the mutants' names, and try none")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="for mutants.json and mutants.html (default: build)")  # fmt: skip
    return parser


def _run(pool: Pool, chosen: argparse.Namespace, seed: str, started: float, kept: Kept) -> int:
    wanted = [number for number, each in enumerate(pool.mutants) if _is_chosen(each[0], chosen.only)]
    if not wanted:
        print(f"no mutant has {' or '.join(map(repr, chosen.only))} in its name; --list prints them", file=sys.stderr)
        return USAGE
    if chosen.list:
        print("\n".join(pool.mutants[number][0] for number in wanted))
        return ALL_KILLED
    refusal = _refusal(pool.everyone("baseline"))
    if refusal:
        print(f"nothing was mutated: the sign-off is not green to begin with\n{refusal}", file=sys.stderr)
        return NOT_GREEN
    print(
        f"the unchanged account is green; {len(wanted)} mutants, of {len(kept.results)} the result is kept", flush=True
    )
    if chosen.no_change:
        return _unchanged(pool, chosen.no_change, seed, started)
    _tried(pool, {pool.mutants[number][0]: ("mutant", number) for number in wanted}, kept)
    results = [kept.results[pool.mutants[number][0]] for number in wanted]
    if chosen.pairs:
        tasks = dict(_pairs(pool.mutants, wanted, results, chosen.pairs, seed))
        _tried(pool, tasks, kept)
        results += [kept.results[name] for name in tasks]
    summary = report.summary(results, chosen.plan, seed, time.perf_counter() - started)
    report.write(summary, chosen.output)
    print(report.table(summary))
    if summary["errors"]:
        return ERRORS
    return SURVIVORS if summary["survived"] else ALL_KILLED


def _selection(chosen: argparse.Namespace) -> list[str]:
    """pytest's own arguments for the scenarios that are to be played."""
    return [*chosen.scenarios, *(["-k", chosen.keyword] if chosen.keyword else [])]


def _is_chosen(name: str, texts: Sequence[str] | None) -> bool:
    return texts is None or any(text in name for text in texts)


def _refusal(baselines: Sequence[Baseline | str]) -> str:
    """Why the plan cannot be mutated, empty if it can."""
    for each in baselines:
        if isinstance(each, str):
            return each
        if each.reds():
            return "\n".join(f"  {red.verdict:12} {red.nodeid}: {red.seen}" for red in each.reds())
        if not any(scenario.verdict == "PASS" for scenario in each.scenarios):
            return "  no scenario passed"
    return ""


def _unchanged(pool: Pool, count: int, seed: str, started: float) -> int:
    """The whole sign-off, again and again, each time in an order of its own: a red one is a false alarm."""
    alarms = 0
    for number, found in enumerate(pool.each(("order", f"{seed}-{number}") for number in range(count)), start=1):
        alarm = _refusal([found])
        alarms += bool(alarm)
        print(f"{number}/{count}: {'green' if not alarm else f'FALSE ALARM{chr(10)}{alarm}'}", flush=True)
    print(f"{count} orders, {alarms} false alarms, {time.perf_counter() - started:.0f} s")
    return SURVIVORS if alarms else ALL_KILLED


def _pairs(
    mutants: Sequence[Named], wanted: Sequence[int], results: Sequence[Result], count: int, seed: str
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Names and tasks for pairs of mutants that could be applied, what killed their parts in front."""
    by_id = {result.id: result for result in results}
    usable = [number for number in wanted if by_id[mutants[number][0]].status != "error"]
    for one, other in pairs([mutants[number][3] for number in usable], count, seed):
        parts = [by_id[mutants[usable[number]][0]] for number in (one, other)]
        first = tuple(part.killer.scenario for part in parts if part.killer is not None)
        name = " + ".join(part.id for part in parts)
        yield name, ("pair", usable[one], usable[other], first)


def _kept(chosen: argparse.Namespace) -> Kept:
    """What earlier parts of this run have shown. Raises KeptError."""
    plan = Path(chosen.plan)
    about = {"plan": str(plan), "scenarios": _selection(chosen), "of": digest(Path.cwd(), plan)} if chosen.state else {}
    return Kept(chosen.state, about, chosen.seed or secrets.token_hex(4))


def _tried(pool: Pool, tasks: Mapping[str, tuple[object, ...]], kept: Kept) -> None:
    """Try those that no result is kept of, and keep what becomes of them."""
    for result in _told(pool.each(task for name, task in tasks.items() if name not in kept.results)):
        kept.add(result)


def _told(results: Iterator[Result]) -> Iterator[Result]:
    """The same results; what is not killed is said at once."""
    for number, result in enumerate(results, start=1):
        if result.status != "killed":
            print(f"{number:5} {result.status.upper():10} {result.id} {result.reason}", flush=True)
        elif number % 50 == 0:
            print(f"{number:5} tried", flush=True)
        yield result


if __name__ == "__main__":
    sys.exit(main())
