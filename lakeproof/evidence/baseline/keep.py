"""Keep a bundle as the baseline of later runs: a whole copy, put in place at once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from lakeproof.evidence.baseline.snapshot import opened
from lakeproof.evidence.files import EvidenceError, unwritten
from lakeproof.evidence.manifest import MANIFEST
from lakeproof.evidence.verify import VERDICTS, load


def replaceable(place: Path) -> None:
    """Raises EvidenceError if something else than a bundle is at ``place``."""
    if place.exists() and not (place / MANIFEST).is_file():
        raise EvidenceError(f"{place} is there and is no evidence bundle: it is not replaced")


def keep(bundle: Path, place: Path) -> Path:
    """Copy a bundle to ``place``, instead of the baseline that is there. Returns ``place``.

    Raises EvidenceError if the bundle cannot be compared with, did not sign off, or cannot be copied, and if something
    else than a bundle is at ``place``: what is there stays then.
    """
    replaceable(place)
    opened(bundle)
    if not load(bundle, VERDICTS)["signed_off"]:
        raise EvidenceError(f"{bundle} did not sign off: a baseline is what a later run is trusted to be measured by")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".baseline-") as work:
            copy, former = Path(work, "new"), Path(work, "former")
            shutil.copytree(bundle, copy, symlinks=True)
            if place.exists():
                place.rename(former)
            copy.rename(place)
    except OSError as error:
        raise EvidenceError(unwritten(place, error)) from error
    return place
