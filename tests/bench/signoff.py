"""How long a user waits for the sign-off: to the first verdict, and to the end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]


def rows(runs: int = 3) -> Iterator[tuple[str, str]]:
    """Rows (what, figure): medians of ``runs`` pairs of whole sign-offs, after one pair that is not counted."""
    pairs = [(_run("-n", "0"), _run("-n", "2")) for _ in range(runs + 1)][1:]
    measured = [alone for alone, _ in pairs]
    yield (
        "sign-off: command to first verdict, median s (goal: under 6)",
        f"{median(first for first, _ in measured):.1f}",
    )
    yield "sign-off: command to end, median s (goal: under 30)", f"{median(whole for _, whole in measured):.1f}"
    yield (
        "sign-off: -n 2 to -n 0, command to end, median of pairs in turn (goal: at most 1)",
        f"{median(two[1] / alone[1] for alone, two in pairs):.2f}",
    )


def _run(*arguments: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "pytest", "-v", "--color=no", "-p", "no:cacheprovider", *arguments]
    started = time.perf_counter()
    first = None
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        tail: list[str] = []
        for line in process.stdout:
            tail = [*tail[-30:], line]
            if first is None and " PASSED" in line:
                first = time.perf_counter() - started
    if process.returncode != 0 or first is None:
        sys.exit(
            f"the sign-off ended with exit code {process.returncode}, so there is nothing to measure:\n{''.join(tail)}"
        )
    return first, time.perf_counter() - started
