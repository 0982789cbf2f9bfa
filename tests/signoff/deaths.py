"""A sign-off that is killed after a step of its journal, and what ``lakeproof destroy`` makes of it.

``python -m tests.signoff.deaths [--first N]`` kills one sign-off after each step in turn, provisioning and tear-down,
until one lives to its end. Exit code 1 at the first step after which the account is not as it was before.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakeproof.plan import load
from lakeproof.target import Target, local_target
from provision import create, destroy
from tests.conftest import Embedded, running
from tests.inventory import Inventory, everything
from tests.signoff.runs import REPOSITORY, SMALL, SignOff, checkout, sign_off

POLICY = "docs/iam-policy-for-the-harness.json"
SOME = ("features/studio", "-k", "in_service", "--propagation", "0", "--trail-deadline", "1")
"""One scenario, so that the tear-down comes soon."""
RENAMED = {
    "data-scientist": "neighbour",
    "DataScientist": "Neighbour",
    "federated-": "neighbours-",
    "SageMakerStudioExecutionRole": "NeighbourExecutionRole",
    "SageMakerUserProfile": "Neighbour",
    "LakeproofControlReader": "NeighbourReader",
    "lakeproof-control-reader": "neighbour-reader",
    "LakeproofStandIn": "NeighbourStandIn",
    "amazon_reviews_db": "neighbour_db",
}
"""What makes of the small plan one that lives in the same account."""

KILLED = """
import os
import signal

from provision.journal import Journal

lines, append = 0, Journal._append

def deadly(self, records, *, durable):
    global lines
    append(self, records, durable=durable)
    lines += 1
    if lines == int(os.environ["DEATH"]):
        os.kill(os.getpid(), signal.SIGKILL)

Journal._append = deadly
"""


@contextmanager
def account(directory: Path) -> Iterator[tuple[Embedded, Target]]:
    """An account in which somebody else's run stands; it is undone at the end, and must be whole until then."""
    with running("--digest-interval", "1") as embedded:
        names = ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
        target = local_target({name: getattr(embedded, name) for name in names})
        before = everything(target)
        text = (directory / SMALL).read_text(encoding="utf-8")
        for ours, theirs in RENAMED.items():
            text = text.replace(ours, theirs)
        (directory / SMALL).with_name("neighbour.yaml").write_text(text, encoding="utf-8")
        create(load((directory / SMALL).with_name("neighbour.yaml")), target, directory / "neighbour", _quiet)
        yield embedded, target
        assert destroy(directory / "neighbour", target, _quiet) == []
        assert everything(target) == before


def killed(root: Path, embedded: Embedded, step: int) -> SignOff:
    """A sign-off that gets SIGKILL right after so many writes to its journal, if there are as many."""
    keys = {name: value for name, value in embedded.environment().items() if name.startswith("AWS_")}
    named = ("--target", "aws", "--expect-account", embedded.account_id)
    return sign_off(root, *named, *SOME, plugin=KILLED, observed=False, DEATH=str(step), **keys)


def destroyed(root: Path, embedded: Embedded) -> subprocess.CompletedProcess[str]:
    """``lakeproof destroy RUN`` of the one run of this directory."""
    [run] = (root / ".lakeproof" / "runs").iterdir()
    command = [sys.executable, "-m", "lakeproof", "destroy", run.name]
    return subprocess.run(
        command, cwd=root, env=embedded.environment(), capture_output=True, text=True, timeout=100, check=False
    )


def survived(directory: Path, embedded: Embedded, target: Target, step: int) -> bool:
    """Kill a sign-off after this step and destroy it: the account is as before. False if there is no such step."""
    before: Inventory = everything(target)
    with tempfile.TemporaryDirectory(dir=directory) as place:
        root = checkout(Path(place))
        (root / "docs").mkdir()
        (root / POLICY).write_bytes((REPOSITORY / POLICY).read_bytes())
        done = killed(root, embedded, step)
        if done.code != -signal.SIGKILL:
            assert done.code == 0, done.output
            assert everything(target) == before
            return False
        undone = destroyed(root, embedded)
        assert undone.returncode == 0, f"step {step}: {undone.stdout}{undone.stderr}"
        after = everything(target)
        different = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        assert not different, f"step {step}: {different}"
    return True


def _quiet(text: str) -> None:
    """Nobody reads it."""


def main() -> int:
    """Every step from the first on."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=1, metavar="N", help="go on after an interruption")
    step = parser.parse_args().first
    with tempfile.TemporaryDirectory(prefix="lakeproof-deaths-") as name:
        directory = checkout(Path(name))
        with account(directory) as (embedded, target):
            while survived(directory, embedded, target, step):
                print(f"killed after step {step}: nothing is left, the neighbour is whole", flush=True)
                step += 1
    print(f"{step - 1} steps; whoever lives to the end undoes everything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
