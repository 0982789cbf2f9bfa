"""What one run left for comparing: its access matrix, its inventory and its plan, freed of what differs in every run.

A bundle is checked before it is read: a comparison with an altered one says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from lakeproof.evidence import matrix, runfile
from lakeproof.evidence.files import EvidenceError
from lakeproof.evidence.inputs import FOLDER
from lakeproof.evidence.verify import RUN, load, verify
from lakeproof.inventory import whole
from lakeproof.plan import Plan, PlanError
from lakeproof.plan import load as load_plan

MATRIX, INVENTORY = "matrix.json", "inventory/before.json"
"""The inventory of when the plan was true and nobody had probed: later ones may hold decoys."""
VERSIONS = {RUN: runfile.SCHEMA_VERSION, MATRIX: matrix.SCHEMA_VERSION, INVENTORY: whole.SCHEMA_VERSION}
"""The newest version of each document that this Lakeproof reads. There is no older one yet."""
EACH_RUN = frozenset({"lakeproof:run", "lakeproof:expires", "sha256"})
"""Members that tell nothing: the tags of the run, and hashes of documents that stand beside them."""
PERMISSION_SET_ROLE = re.compile(r"AWSReservedSSO_([\w+=,.@-]+?)_[0-9a-f]{16}")
"""The role that IAM Identity Center makes of a permission set: its end is drawn anew each time (IAM Identity Center
user guide, "Referencing permission sets in resource policies")."""
RECORD_ANEW = "record a new baseline with this version (make baseline)"


@dataclass(frozen=True)
class Snapshot:
    """One run. In ``matrix``, ``subjects`` and ``plan`` the run's id is ``{run}``, a domain's ``{domain NAME}``."""

    run_id: str
    account: str
    region: str
    ended: datetime
    commit: str
    lakeproof: str
    plan: Plan
    matrix: Mapping[str, Any]
    subjects: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]
    """What each placeholder stands for."""


def opened(bundle: Path) -> Snapshot:
    """The snapshot of a bundle. Raises EvidenceError if it is none, is not as it was written, or cannot be compared."""
    found = verify(bundle)
    if found.problems:
        told = "; ".join(found.problems[:3])
        raise EvidenceError(f"{bundle} is not as it was written, and nothing is compared with it: {told}")
    run, found, inventory = (_document(bundle, name) for name in VERSIONS)
    try:
        plan = load_plan(bundle / FOLDER / "plans" / PurePosixPath(run["plan"]["file"]).name)
        return of(run, plan, found, inventory)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(
            f"{bundle} is of a shape that this Lakeproof does not read: {RECORD_ANEW}\n{error!r}"
        ) from error
    except (PlanError, OSError) as error:
        raise EvidenceError(f"the plan of {bundle} cannot be read by this Lakeproof: {RECORD_ANEW}\n{error}") from error


def of(run: Mapping[str, Any], plan: Plan, found: Mapping[str, Any], inventory: Mapping[str, Any]) -> Snapshot:
    """The snapshot of a run from the facts in ``run.json``, its plan as it was loaded, its matrix and its inventory."""
    target, run_id = run["target"], run["run_id"]
    names = {"{run}": run_id}
    for name, domain in inventory["subjects"]["domains"].items():
        names[f"{{domain {name.replace(run_id, '{run}')}}}"] = domain["DomainId"]
    resolved = plan.resolved(target["account"], target["region"], run_id).model_dump(mode="json")
    return Snapshot(
        run_id=run_id,
        account=target["account"],
        region=target["region"],
        ended=datetime.fromisoformat(run.get("ended") or run["fixed"]),
        commit=str((run["git"] or {}).get("commit") or ""),
        lakeproof=str(run["versions"].get("lakeproof", "")),
        plan=Plan.model_validate_json(json.dumps(_plain(resolved, names))),
        matrix=_plain(found, names),
        subjects=_plain(inventory["subjects"], names),
        names=names,
    )


def comparable(before: Snapshot, plan: str, account: str, region: str) -> None:
    """Raises EvidenceError, saying what differs, unless ``before`` is of this plan, account and Region."""
    pairs = (("plan", before.plan.name, plan), ("account", before.account, account), ("Region", before.region, region))
    for what, then, now in pairs:
        if then != now:
            raise EvidenceError(f"the baseline is of {what} {then}, this is {what} {now}: there is nothing to compare")


def _document(bundle: Path, name: str) -> Any:
    if not (bundle / name).is_file():
        raise EvidenceError(f"{bundle} has no {name}: its run did not come to its end, and nothing is compared with it")
    found = load(bundle, name)
    version = found.get("schema_version")
    if version != VERSIONS[name]:
        newer = isinstance(version, int) and version > VERSIONS[name]
        what = "a newer Lakeproof wrote it: update Lakeproof, or" if newer else "this Lakeproof does not read it:"
        raise EvidenceError(f"{bundle}: {name} has schema_version {version!r}; {what} {RECORD_ANEW}")
    return found


def _plain(document: Any, names: Mapping[str, str]) -> Any:
    text = json.dumps(document, ensure_ascii=False)
    for placeholder, value in names.items():
        text = text.replace(value, placeholder)
    text = PERMISSION_SET_ROLE.sub(r"AWSReservedSSO_\1_{id}", text)
    return json.loads(text, object_hook=lambda each: {key: each[key] for key in each if key not in EACH_RUN})
