"""``make check-oscal``: the exported OSCAL documents, read by the models of compliance-trestle (no requirement).

python tests/evidence/check_oscal.py DIR, by a Python that has compliance-trestle. Exits with 1 if a document is
refused, or if one without a required member, or with one too many, is taken.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults

MODELS = {"assessment-plan": AssessmentPlan, "assessment-results": AssessmentResults}


def refused(name: str, document: Any) -> str:
    """Why the models refuse a document; empty if they take it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"{name}.json")
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            MODELS[name].oscal_read(path)
        except Exception as error:  # noqa: BLE001  # whatever it raises, it has refused
            return str(error) or type(error).__name__
    return ""


def main(folder: Path) -> int:
    """Check both documents, and that each would be refused if it were spoilt."""
    problems = []
    for name in MODELS:
        document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        if why := refused(name, document):
            problems.append(f"{name}.json is refused: {why}")
        lacking = {name: {key: value for key, value in document[name].items() if key != "uuid"}}
        for what, spoilt in (("without its uuid", lacking), ("with more", {name: {**document[name], "more": 1}})):
            if not refused(name, spoilt):
                problems.append(f"{name}.json {what} is taken: the check proves nothing")
    print("\n".join(problems) or f"{', '.join(MODELS)}: read by compliance-trestle, and refused when spoilt")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
