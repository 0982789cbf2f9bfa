"""``manifest.json``: every file of a bundle with its size and SHA-256. What it does not name does not belong there.

    {"schema_version": 1, "run_id": "…", "files": [{"path": "ledger.jsonl", "size": 12, "sha256": "…"}, …]}

Paths are relative, with ``/``, and sorted. The manifest names neither itself nor the envelope, which names it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from lakeproof.evidence.files import EvidenceError, canonical

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
ENVELOPE = "envelope.json"
SEAL = (MANIFEST, ENVELOPE)
BLOCK = 1 << 20


def describe(bundle: Path, run_id: str) -> dict[str, Any]:
    """The manifest of the files that are in a bundle now. Raises EvidenceError if one is no ordinary file."""
    files = []
    for name in sorted(names(bundle)):
        path = bundle / name
        if path.is_symlink() or not path.is_file():
            raise EvidenceError(f"{path} is no ordinary file, so it cannot be evidence: remove it")
        files.append({"path": name, "size": path.stat().st_size, "sha256": sha256(path)})
    return {"schema_version": SCHEMA_VERSION, "run_id": run_id, "files": files}


def names(bundle: Path) -> Iterator[str]:
    """Everything in a bundle but its seal: files, links, whatever it is, and directories that hold nothing."""
    for folder, folders, files in os.walk(bundle):
        here = Path(folder).relative_to(bundle)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        found = [(here / name).as_posix() for name in (*files, *links)]
        yield from (name for name in found if name not in SEAL)
        if not folders and not files and here.parts:
            yield here.as_posix()


def sha256(path: Path) -> str:
    """Of a file's content, as hexadecimal text. Raises OSError."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole.update(block)
    return whole.hexdigest()


def read(content: bytes) -> Mapping[str, Any]:
    """A manifest from its bytes. Raises EvidenceError unless it is one, written by us, to the byte."""
    try:
        found = json.loads(content)
        version = found["schema_version"]
        if version != SCHEMA_VERSION:
            raise EvidenceError(
                f"{MANIFEST} is altered, or of another version: schema version {version!r}, this Lakeproof reads "
                f"{SCHEMA_VERSION}; verify it with the version of Lakeproof that the bundle's run.json names"
            )
        paths = [_path(entry) for entry in found["files"]]
        if set(found) != {"schema_version", "run_id", "files"} or not isinstance(found["run_id"], str):
            raise ValueError("it has other members")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EvidenceError(f"{MANIFEST} is altered: it is no manifest of ours ({error})") from error
    if paths != sorted(set(paths)) or content != canonical(found):
        raise EvidenceError(f"{MANIFEST} is altered: it is not spelt as it was written")
    checked: Mapping[str, Any] = found
    return checked


def _path(entry: Any) -> str:
    path, size, digest = entry["path"], entry["size"], entry["sha256"]
    if set(entry) != {"path", "size", "sha256"} or not isinstance(digest, str) or type(size) is not int:
        raise ValueError("an entry has other members")
    parts = PurePosixPath(path).parts
    if not parts or path in SEAL or path.startswith("/") or ".." in parts or PurePosixPath(path).as_posix() != path:
        raise ValueError(f"the path {path!r} does not stay in the bundle")
    return str(path)
