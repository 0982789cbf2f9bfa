"""What became of each mutant, kept while a run goes on, so that one that was interrupted goes on where it stopped.

A file of JSON lines: the first says what the results are of (plan, scenarios, a digest of all that decides what becomes
of a mutant), each further one is a result. A last line that was cut off is dropped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lakeproof.mutants.judgement import reasoned
from lakeproof.mutants.model import Red, Result

PACKAGES = Path(__file__).resolve().parents[2]
DECIDES = ("fixtures", "lakeproof", "localaws", "provision", "steps")
"""The packages in which a change may change what becomes of a mutant."""
KINDS = (".py", ".yaml", ".json", ".csv", ".feature")


class KeptError(Exception):
    """The file is of other mutants or none of ours; the text says expected, seen and what to do."""


class Kept:
    """The results of earlier parts of a run, by id, and the file that takes new ones; without a path nothing is kept.

    ``seed`` is the file's, from which the pairs of its first part were drawn, or ``seed`` for a new one. Errors are
    tried again. A survivor is judged again by the equivalents recorded since. Raises KeptError if the file's first line
    says something else than ``about``: results of another plan or of other code would be counted as this run's.
    """

    def __init__(self, path: Path | None, about: Mapping[str, Any], seed: str) -> None:
        self._path, self.seed = path, seed
        self.results: dict[str, Result] = {}
        if path is None:
            return
        *whole, _ = path.read_text(encoding="utf-8").split("\n") if path.exists() else [""]
        if whole:
            self.seed = _checked(path, whole[0], about)
            results = [_judged(_result(line)) for line in whole[1:]]
            self.results = {each.id: each for each in results if each.status != "error"}
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = whole or [json.dumps({**about, "seed": seed})]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def add(self, result: Result) -> None:
        """Keep one more."""
        self.results[result.id] = result
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")


def _checked(path: Path, line: str, about: Mapping[str, Any]) -> str:
    """The seed of the file. Raises KeptError if it is about something else."""
    try:
        seen = dict(json.loads(line))
        seed = str(seen.pop("seed"))
    except (ValueError, TypeError, KeyError) as error:
        raise KeptError(f"{path} keeps no results of mutants. Name another file with --state") from error
    if seen != about:
        differ = [f"{key} {seen.get(key)!r}, not {value!r}" for key, value in about.items() if seen.get(key) != value]
        raise KeptError(f"{path} keeps results of another run: {'; '.join(differ)}. Delete it, or name another file")
    return seed


def digest(root: Path, plan: Path) -> str:
    """Of the plan with its policies, the features in ``root``, and the code: one change, and results are of another."""
    files = {*plan.parent.rglob("*"), *(root / "features").rglob("*")}
    files |= {file for name in DECIDES for file in (PACKAGES / name).rglob("*")}
    found = hashlib.sha256()
    for file in sorted(file for file in files if file.suffix in KINDS and file.name != "equivalents.yaml"):
        found.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _result(line: str) -> Result:
    row: dict[str, Any] = json.loads(line)
    killer, differences = row["killer"], row["differences"]
    row["killer"] = None if killer is None else _red(killer)
    row["reds"] = tuple(map(_red, row["reds"]))
    row["differences"] = None if differences is None else tuple(differences)
    return Result(**row)


def _red(row: dict[str, Any]) -> Red:
    return Red(**{**row, "controls": tuple(row["controls"])})


def _judged(result: Result) -> Result:
    return reasoned(result) if result.status in ("survived", "equivalent") else result
