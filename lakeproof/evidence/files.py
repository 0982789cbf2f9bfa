"""How evidence is written: whole or not at all, in one spelling, and never over something that is already evidence.

A file is written beside its place, synchronised (fsync) and renamed: whoever reads sees the old one or the new one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class EvidenceError(Exception):
    """Evidence could not be written or read. The message says what, where, why and what to do."""


def canonical(value: Any) -> bytes:
    """JSON in the one spelling that two equal values share: sorted keys, one space of indent, UTF-8, a last newline.

    What UTF-8 cannot say (half a surrogate pair) is escaped, as JSON has it.
    """
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode(errors="backslashreplace")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half. Raises EvidenceError, and leaves what was there before."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        _forget(fresh)
        raise EvidenceError(unwritten(path, error)) from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable (fsync of the directory). Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritten(path: Path, error: OSError) -> str:
    """What to tell about a file that could not be written."""
    why = error.strerror or str(error)
    return f"{path} could not be written: {why}. Likely the disk is full or read-only; free it, then run again"


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the disk is read-only, or a part of the path is a file: then nothing of ours is there
        return
