"""Many seeds of faults: ``python -m tests.faults.soak [--seeds 100] [--profile hostile]``.

The sign-off of the small plan must come to the same verdicts under every seed as without faults; on the walkthrough as
published, and on each sabotaged account, the same scenarios must be red. What has been done is kept in ``--state``, so
that a soak which was interrupted goes on where it stopped. Exit code 1 if any verdict changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.signoff.runs import SMALL, SignOff, checkout, sign_off, small
from tests.signoff.sabotages import SABOTAGES

AS_PUBLISHED = "plans/as-published.yaml"
BREAKING = frozenset({"fail", "keep a bucket from being deleted"})
"""Sabotages that are not about a control."""
RETRIED = re.compile(r"^ *(\d+) (\w+)$", re.MULTILINE)
TRIED = re.compile(r"(\d+) of (\d+) tries came to nothing")
SAID = re.compile(r"^ +(expected|seen|likely cause) : |^INTERNALERROR|^E  ")
"""What is kept of the output of a run, to tell why a verdict changed."""
Task = tuple[str, str]
"""What is signed off (a plan, or a sabotage of the small one), and the faults: none for what is compared with."""


def main() -> int:
    """Do what has not been done yet, and tell what came of all of it."""
    options = _options()
    done: dict[str, Any] = json.loads(options.state.read_text()) if options.state.exists() else {}
    todo = [task for task in _tasks(options.profile, options.seeds) if " ".join(task) not in done]
    print(f"{len(done)} runs done, {len(todo)} to do; {options.state} keeps what came of them", flush=True)
    for number, task in enumerate(todo, start=1):
        done[" ".join(task)] = _run(*task)
        options.state.parent.mkdir(parents=True, exist_ok=True)
        options.state.write_text(json.dumps(done))
        print(f"{number} of {len(todo)}: {' '.join(task)}: {done[' '.join(task)]['seconds']} s", flush=True)
    return _judged(done)


def _tasks(profile: str, seeds: int) -> Iterator[Task]:
    """Every seed on the small plan, every tenth on the published one, and one for each sabotage."""
    for what in (SMALL, AS_PUBLISHED, *_sabotages()):
        yield what, ""
    for seed in range(1, seeds + 1):
        yield SMALL, f"{profile}:{seed}"
    for seed in range(10, seeds + 1, 10):
        yield AS_PUBLISHED, f"{profile}:{seed}"
    for seed, what in enumerate(_sabotages(), start=seeds + 1):
        yield what, f"{profile}:{seed}"


def _sabotages() -> list[str]:
    return sorted(SABOTAGES.keys() - BREAKING)


def _run(what: str, fault: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="lakeproof-soak-") as directory:
        root = checkout(Path(directory))
        arguments = ["--seed", "soak", *(("--fault", fault) if fault else ())]
        if what in SABOTAGES:
            arguments += ["-p", "tests.signoff.sabotages", "--sabotage", what]
        plan = SMALL if what in SABOTAGES or what == SMALL else small(root, what)
        began = time.monotonic()
        done = sign_off(root, *arguments, plan=plan)
        return {
            "seconds": round(time.monotonic() - began, 1),
            "code": done.code,
            "verdicts": done.verdicts if (root / "build" / "run.json").exists() else {},
            "tries": sum(int(each) for _, each in TRIED.findall(done.output)),
            "again": _again(done),
            "said": [line for line in done.output.splitlines() if SAID.search(line)],
        }


def _again(done: SignOff) -> dict[str, int]:
    """How many calls were made again, by reason, as the run said at its end."""
    _, _, told = done.output.partition("calls made again")
    told = told.partition("\n")[2].partition("\n==")[0]
    return {why: int(number) for number, why in RETRIED.findall(told)}


def _judged(done: dict[str, Any]) -> int:
    """Print what differs and the figures. 1 if anything differs."""
    wrong, tried, again, ratios = 0, 0, Counter[str](), []
    for name, run in done.items():
        what, _, fault = name.rpartition(" ")
        if not fault:
            continue
        calm = done[f"{what} "]
        again.update(run["again"])
        tried += run.get("tries", 0)
        ratios.append(run["seconds"] / calm["seconds"])
        changed = {id for id in calm["verdicts"] if run["verdicts"].get(id) != calm["verdicts"][id]}
        if changed or run["code"] != calm["code"]:
            wrong += 1
            print(f"{name}: exit code {calm['code']} became {run['code']}")
            for id in sorted(changed):
                print(f"    {id}: {calm['verdicts'][id]} became {run['verdicts'].get(id)}")
            print("\n".join(f"        {line}" for line in run["said"]))
    ratios.sort()
    middle = ratios[len(ratios) // 2] if ratios else 0
    print(
        f"{len(ratios)} runs under faults, {wrong} came to other verdicts; a run took {middle:.2f} times what it takes"
    )
    print(f"without faults (median); {again.total()} of {tried} tries came to nothing and were made again: ")
    print(f"    {dict(again.most_common())}")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--profile", default="hostile")
    parser.add_argument("--state", type=Path, default=Path("build") / "soak-faults.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
