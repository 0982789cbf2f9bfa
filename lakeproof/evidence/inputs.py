"""What a run was fixed by, as it was: plan, policies, waivers and features, copied before the first probe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lakeproof.evidence.files import EvidenceError, unwritten, write_whole
from lakeproof.evidence.redaction import redact

FOLDER = "inputs"


def keep(directory: Path, root: Path, plan: Path, documents: Mapping[str, str], waivers: Path | None) -> None:
    """Copy the inputs into ``directory/inputs``, as a checkout has them: ``plans/``, ``features/``. Redacted.

    ``documents`` are the plan's policy files by name, relative to the plan. Raises EvidenceError.
    """
    texts = {f"plans/{plan.name}": _text(plan)}
    texts |= {f"plans/{_inside(name)}": text for name, text in documents.items()}
    if waivers is not None:
        texts[f"plans/{waivers.name}"] = _text(waivers)
    for feature in sorted((root / "features").rglob("*.feature")):
        texts[feature.relative_to(root).as_posix()] = _text(feature)
    for name, text in texts.items():
        write_whole(directory / FOLDER / name, redact(text).encode())


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    return path.name if path.is_absolute() or ".." in path.parts else path.as_posix()


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise EvidenceError(unwritten(path, error)) from error
