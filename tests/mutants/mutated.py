"""``python -m lakeproof.mutants`` in a directory of its own, on the small plan of the sign-off's tests."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.signoff.runs import SMALL, environment_of

TIME_LIMIT_S = 240


@dataclass(frozen=True)
class Mutated:
    """The command that has ended: its exit code, what it printed, and what it wrote."""

    root: Path
    code: int
    output: str

    @cached_property
    def told(self) -> dict[str, Any]:
        """``build/mutants.json``."""
        found: dict[str, Any] = json.loads((self.root / "build" / "mutants.json").read_text(encoding="utf-8"))
        return found

    def result(self, name: str) -> dict[str, Any]:
        """The result of the one mutant with this text in its name."""
        [found] = [each for each in self.told["results"] if name in each["id"]]
        return dict(found)


def mutate(root: Path, *arguments: str, plan: str = SMALL) -> Mutated:
    """Run the command on one worker and wait for its end. Raises subprocess.TimeoutExpired if it does not come."""
    done = subprocess.run(
        [sys.executable, "-m", "lakeproof.mutants", "--plan", plan, "--workers", "1", *arguments],
        cwd=root,
        env=environment_of(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    return Mutated(root, done.returncode, done.stdout)
