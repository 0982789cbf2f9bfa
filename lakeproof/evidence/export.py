"""``lakeproof evidence export``: a bundle's verdicts in the formats of others.

A bundle that is altered is not exported. The files go beside no evidence: never into a bundle, which is closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lakeproof.evidence.files import EvidenceError, canonical, write_whole
from lakeproof.evidence.junit import to_junit
from lakeproof.evidence.manifest import MANIFEST
from lakeproof.evidence.ocsf import to_ocsf
from lakeproof.evidence.oscal import PLAN, RESULTS, assessment_plan, assessment_results
from lakeproof.evidence.verify import RUN, VERDICTS, load, verify

EXPORTS = Path("build") / "exports"
HALF = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair: Python's JSON reads it, strict readers refuse the whole document."""


def _oscal(run: Mapping[str, Any], told: Mapping[str, Any], files: list[Mapping[str, Any]]) -> dict[str, bytes]:
    return {
        PLAN: canonical(assessment_plan(run, told, files)),
        RESULTS: canonical(assessment_results(run, told, files)),
    }


def _ocsf(run: Mapping[str, Any], told: Mapping[str, Any], _files: list[Mapping[str, Any]]) -> dict[str, bytes]:
    return {"ocsf.json": canonical(to_ocsf(run, told))}


def _junit(run: Mapping[str, Any], told: Mapping[str, Any], _files: list[Mapping[str, Any]]) -> dict[str, bytes]:
    return {"junit.xml": to_junit(run, told)}


FORMATS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], list[Mapping[str, Any]]], dict[str, bytes]]] = {
    "oscal": _oscal,
    "ocsf": _ocsf,
    "junit": _junit,
}


def export(bundle: Path, form: str, directory: Path | None = None) -> list[Path]:
    """Write a bundle's verdicts in one of ``FORMATS``; ``build/exports/RUN`` if no directory is given.

    Returns the files. Raises EvidenceError if the bundle is not as it was written, lacks what the format needs, or if
    the directory is a part of it.
    """
    found = verify(bundle)
    if found.problems:
        raise EvidenceError("\n".join([f"{bundle} is not as it was written, and is not exported:", *found.problems]))
    where = directory or EXPORTS / found.run_id
    if where.resolve().is_relative_to(bundle.resolve()):
        raise EvidenceError(f"{where} is in the bundle, which is closed: give another directory by --out")
    run, told = _sayable(load(bundle, RUN)), _sayable(load(bundle, VERDICTS))
    try:
        texts = FORMATS[form](run, told, load(bundle, MANIFEST)["files"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EvidenceError(
            f"{bundle}: {RUN} or {VERDICTS} lacks {error}, which {form} needs; likely another version wrote it: "
            "export with that one"
        ) from error
    for name, text in texts.items():
        write_whole(where / name, text)
    return [where / name for name in texts]


def _sayable(document: Any) -> Any:
    return json.loads(HALF.sub("\ufffd", json.dumps(document, ensure_ascii=False)))
