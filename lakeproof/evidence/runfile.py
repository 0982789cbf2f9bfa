"""``run.json``: what a run was about, fixed before its first probe, and what became of it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import write_whole
from lakeproof.evidence.provenance import git, lock
from lakeproof.evidence.redaction import redact_value

SCHEMA_VERSION = 1
PACKAGES = ("lakeproof", "pytest", "pytest-bdd", "pytest-xdist", "hypothesis", "allure-pytest", "boto3", "pyathena")


def describe(
    *,
    run_id: str,
    seed: str,
    started: datetime,
    target: Mapping[str, str],
    plan: Path,
    waivers: Path | None = None,
    root: Path,
    command: Iterable[str],
    documents: Mapping[str, str],
    plan_name: str = "",
    names: Iterable[str] = (),
    caller: str = "",
    clock_skew_s: float | None = None,
) -> dict[str, Any]:
    """The facts that are fixed before the first probe. ``documents`` are the plan's policy files, by name.

    ``caller`` is the ARN that the run acts as; ``names`` is every name that the plan says, for a later comparison.
    """
    policies = hashlib.sha256(json.dumps(documents, sort_keys=True).encode()).hexdigest()
    features = sorted((root / "features").rglob("*.feature"))
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "seed": seed,
        "banner": target["banner"],
        "target": dict(target),
        "caller": caller,
        "clock_skew_s": clock_skew_s,
        "git": git(root),
        "lock": lock(root),
        "plan": {
            "name": plan_name,
            "file": _relative(plan, root),
            "sha256": digest([plan], plan.parent),
            "policies_sha256": policies,
            "names": sorted(set(names)),
        },
        "waivers": {"file": _relative(waivers, root), "sha256": digest([waivers], waivers.parent)} if waivers else None,
        "features": {"files": len(features), "sha256": digest(features, root)},
        "command": list(command),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
        "started": started.isoformat(),
        "fixed": datetime.now(UTC).isoformat(),
    }


def finish(path: Path, copy: Path, **facts: Any) -> None:
    """Add what became of the run to the facts that were fixed before it. Nothing that was fixed is overwritten."""
    fixed = json.loads(path.read_text(encoding="utf-8"))
    told = {name: value for name, value in facts.items() if name not in fixed}
    write({**fixed, "ended": datetime.now(UTC).isoformat(), **told}, path, copy)


def write(facts: Mapping[str, Any], *paths: Path) -> None:
    """Write the facts, redacted, to each path: whole or not at all. Raises EvidenceError."""
    text = json.dumps(redact_value(facts), indent=1, ensure_ascii=False) + "\n"
    for path in paths:
        write_whole(path, text.encode(errors="backslashreplace"))


def digest(files: Iterable[Path], root: Path) -> str:
    """SHA-256 over the names (relative to ``root``) and contents of files, in the order given."""
    whole = hashlib.sha256()
    for file in files:
        name = _relative(file, root).encode()
        content = file.read_bytes()
        whole.update(f"{len(name)} {len(content)} ".encode() + name + content)
    return whole.hexdigest()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
