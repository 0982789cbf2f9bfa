"""Where a run comes from: the commit, the locked requirements, and whether this machine's clock can be believed."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

LOCK = "requirements.txt"


def git(root: Path) -> dict[str, object] | None:
    """The commit of a checkout, and whether anything in it differs from that commit. None outside of git."""
    commit = _git(root, "rev-parse", "HEAD")
    state = _git(root, "status", "--porcelain")
    return None if commit is None or state is None else {"commit": commit.strip(), "dirty": bool(state.strip())}


def lock(root: Path) -> dict[str, str] | None:
    """File and SHA-256 of the locked requirements. None where there are none, as in a checkout without them."""
    path = root / LOCK
    return {"file": LOCK, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} if path.exists() else None


def clock_skew_s(date: str | None, now: datetime) -> float | None:
    """Seconds by which this machine's clock is ahead of AWS's, from the ``Date`` of an answer that came at ``now``.

    That header has whole seconds, and the answer was under way: up to about a second means none. None without a date.
    """
    if not date:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    return round((now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds(), 1)


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
