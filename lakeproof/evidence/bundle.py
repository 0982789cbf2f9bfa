"""The bundle: one directory with all evidence of a run, closed when the run has ended and never touched again.

A run writes into ``build/runs/RUN``. When everything is there, manifest and envelope are written, all of it is made
durable, and the directory is renamed to ``build/evidence/RUN``: there is a whole bundle there, or none.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakeproof.evidence import envelope, manifest
from lakeproof.evidence.files import EvidenceError, canonical, sync_directory, unwritten, write_whole
from lakeproof.evidence.manifest import ENVELOPE, MANIFEST
from lakeproof.evidence.verify import RUN, VERDICTS, load

SYNCS = 32
"""Files that are made durable at the same time: a disk writes many as fast as one, and a large run has thousands."""


def close(directory: Path, bundle: Path, run_id: str, key: Ed25519PrivateKey | None) -> Path:
    """Turn a run's directory into the bundle. Returns the bundle.

    Raises EvidenceError if that is impossible: what the run wrote is still in ``directory`` then, and there is no
    bundle. An earlier bundle is never replaced.
    """
    if bundle.exists():
        raise EvidenceError(f"{bundle} is there already: evidence is never overwritten")
    write_seal(directory, run_id, key)
    try:
        folders = list(os.walk(directory))
        with ThreadPoolExecutor(SYNCS) as pool:
            for _ in pool.map(_sync, [Path(folder, name) for folder, _, files in folders for name in files]):
                pass  # the first that a disk refuses is raised here
        for folder, _, _ in folders:
            sync_directory(Path(folder))
        bundle.parent.mkdir(parents=True, exist_ok=True)
        directory.rename(bundle)
        sync_directory(bundle.parent)
    except OSError as error:
        raise EvidenceError(unwritten(bundle, error)) from error
    return bundle


def write_seal(directory: Path, run_id: str, key: Ed25519PrivateKey | None) -> None:
    """Write manifest and envelope over what is in a directory. Raises EvidenceError."""
    described = manifest.describe(directory, run_id)
    content = canonical(described)
    try:
        payload = envelope.statement(content, load(directory, RUN), load(directory, VERDICTS), described["files"])
    except (KeyError, TypeError) as error:
        raise EvidenceError(f"{directory} lacks what a bundle needs: {error}; the run did not end in order") from error
    write_whole(directory / MANIFEST, content)
    write_whole(directory / ENVELOPE, envelope.seal(payload, key))


def sign(bundle: Path, key: Ed25519PrivateKey) -> str:
    """Sign a bundle that is whole. Only its envelope changes. Returns the key's id. Raises EvidenceError."""
    from lakeproof.evidence.keys import key_id
    from lakeproof.evidence.verify import verify

    found = verify(bundle)
    if found.problems:
        raise EvidenceError("\n".join([f"{bundle} is not as it was written, and is not signed:", *found.problems]))
    payload, _ = envelope.opened((bundle / ENVELOPE).read_bytes())
    write_whole(bundle / ENVELOPE, envelope.seal(payload, key))
    return key_id(key.public_key())


def copy_files(source: Path, destination: Path) -> int:
    """Copy the files of a folder (none of its folders) into a new one. Returns how many. Raises EvidenceError."""
    count = 0
    try:
        destination.mkdir(parents=True, exist_ok=True)
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.is_symlink():
                shutil.copyfile(path, destination / path.name)
                count += 1
    except OSError as error:
        raise EvidenceError(unwritten(destination, error)) from error
    return count


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
