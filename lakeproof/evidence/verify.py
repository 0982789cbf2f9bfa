"""What is wrong with a bundle, told by the file: altered, added, removed. Nothing else than the bundle is needed.

The envelope vouches for the manifest, the manifest for every other file. A bundle may be anybody's: nothing in it is
run, followed (links) or trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lakeproof.evidence import envelope, manifest
from lakeproof.evidence.files import EvidenceError
from lakeproof.evidence.keys import key_id
from lakeproof.evidence.manifest import ENVELOPE, MANIFEST

RUN, VERDICTS = "run.json", "verdicts.json"


@dataclass(frozen=True)
class Verification:
    """What came of it. ``problems`` is empty for a bundle as it was written; ``signer`` is None for an unsigned one."""

    problems: tuple[str, ...]
    files: int = 0
    run_id: str = ""
    signer: str | None = None
    expected: str | None = None
    """The id of the key that was asked for."""

    @property
    def trusted(self) -> bool:
        """Whether the key that was given has signed exactly this bundle."""
        return not self.problems and self.expected is not None and self.signer == self.expected


def verify(bundle: Path, key: Ed25519PublicKey | None = None) -> Verification:
    """Check a bundle against its manifest, its envelope and, if given, the key that must have signed it.

    Raises EvidenceError if ``bundle`` is no bundle at all. Never raises for what is wrong with one.
    """
    if not (bundle / MANIFEST).is_file() and not (bundle / ENVELOPE).is_file():
        raise EvidenceError(
            f"{bundle} is no evidence bundle: it has neither {MANIFEST} nor {ENVELOPE}. "
            "A run that ended leaves one in build/evidence/RUN"
        )
    expected = key_id(key) if key is not None else None
    try:
        content = _bytes(bundle / MANIFEST)
        listed = manifest.read(content)
    except EvidenceError as error:
        return Verification((str(error),), expected=expected)
    problems = list(_files(bundle, listed["files"]))
    signer = None
    try:
        signer = _sealed(bundle, content, listed, whole=not problems)
    except EvidenceError as error:
        problems.insert(0, str(error))
    if expected is not None and not problems and signer != expected:
        told = f"it is signed by {signer}" if signer else "it is unsigned"
        problems.append(f"{ENVELOPE}: {told}, not by the key that was given, {expected}")
    return Verification(tuple(problems), len(listed["files"]), listed["run_id"], signer, expected)


def load(bundle: Path, name: str) -> Any:
    """A JSON document of a bundle. Raises EvidenceError if it is not there or is none."""
    try:
        return json.loads(_bytes(bundle / name))
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{name} is altered: it is no JSON ({error})") from error


def _files(bundle: Path, listed: list[dict[str, Any]]) -> Iterator[str]:
    there = set(manifest.names(bundle))
    for entry in listed:
        name, path = entry["path"], bundle / entry["path"]
        if name not in there:
            yield f"{name} is removed"
        elif path.is_symlink() or not path.is_file():
            yield f"{name} is altered: it is no ordinary file any more"
        elif path.stat().st_size != entry["size"]:
            yield f"{name} is altered: {path.stat().st_size} bytes, the manifest says {entry['size']}"
        elif manifest.sha256(path) != entry["sha256"]:
            yield f"{name} is altered: its SHA-256 is not the manifest's"
    known = {entry["path"] for entry in listed}
    yield from (f"{name} is added: the manifest does not name it" for name in sorted(there - known))


def _sealed(bundle: Path, content: bytes, listed: Mapping[str, Any], whole: bool) -> str | None:
    """The id of the key that signed for this manifest, None if nobody did. ``whole``: every file is as it lists it.

    Raises EvidenceError naming the manifest or the envelope. A manifest whose files all fit can only be another one if
    somebody wrote it anew.
    """
    run = load(bundle, RUN) if whole else {}
    if whole and listed["run_id"] != run["run_id"]:
        raise EvidenceError(f"{MANIFEST} is altered: it is of run {listed['run_id']}, {RUN} of {run['run_id']}")
    payload, key = envelope.opened(_bytes(bundle / ENVELOPE))
    if envelope.subject(payload) != hashlib.sha256(content).hexdigest():
        if key is not None or not whole:
            raise EvidenceError(f"{MANIFEST} is altered: {ENVELOPE} vouches for another one")
        raise EvidenceError(f"{ENVELOPE} is altered, or all else was: it vouches for another {MANIFEST}")
    if whole and payload != envelope.statement(content, run, load(bundle, VERDICTS), listed["files"]):
        raise EvidenceError(f"{ENVELOPE} is altered: it does not say what {RUN} and {VERDICTS} say")
    return key_id(key) if key is not None else None


def _bytes(path: Path) -> bytes:
    if path.is_symlink():
        raise EvidenceError(f"{path.name} is altered: it is a link")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise EvidenceError(f"{path.name} is removed") from error
    except OSError as error:
        raise EvidenceError(f"{path.name} cannot be read: {error.strerror}") from error
