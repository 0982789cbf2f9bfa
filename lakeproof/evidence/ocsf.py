"""A run's verdicts as OCSF Compliance Findings (class 2003, schema 1.4), for security lakes and SIEMs.

One finding for each scenario and control. Only PASS is Pass; FAIL and WAIVED are Fail, a waived one suppressed. What
was not obtained, not run or does not apply is Other, by its own name: no reader can take it for a pass.
Source: https://schema.ocsf.io/1.4.0/classes/compliance_finding
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lakeproof.evidence.controls import controls
from lakeproof.evidence.objectives import objective
from lakeproof.evidence.verdicts import Verdict

VERSION = "1.4.0"
STATUS = {Verdict.PASS: (1, "Pass"), Verdict.FAIL: (3, "Fail"), Verdict.WAIVED: (3, "Fail")}
OTHER = 99
NEW, SUPPRESSED = (1, "New"), (3, "Suppressed")
INFORMATIONAL = (1, "Informational")
SEVERITY = {
    "blocker": (5, "Critical"),
    "critical": (4, "High"),
    "normal": (3, "Medium"),
    "minor": (2, "Low"),
    "trivial": INFORMATIONAL,
}


def to_ocsf(run: Mapping[str, Any], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The findings, from a bundle's ``run.json`` and ``verdicts.json``. Raises KeyError if one lacks what it needs."""
    return list(_findings(run, told))


def _findings(run: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    when = round(datetime.fromisoformat(run.get("ended") or run["started"]).timestamp() * 1000)
    accepted = {each["id"]: each for each in told["waivers"]}
    for scenario in told["scenarios"]:
        for control in scenario["controls"]:
            yield _finding(run, scenario, control, when, [accepted[name] for name in scenario["waivers"]])


def _finding(
    run: Mapping[str, Any], scenario: Mapping[str, Any], control: str, when: int, accepted: list[Mapping[str, Any]]
) -> dict[str, Any]:
    verdict = Verdict(scenario["verdict"])
    known = controls().get(control)
    status, named = STATUS.get(verdict, (OTHER, str(verdict)))
    severity, severe = INFORMATIONAL if verdict is Verdict.PASS else SEVERITY[scenario["severity"]]
    state, stated = SUPPRESSED if verdict is Verdict.WAIVED else NEW
    target = run["target"]
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": when,
        "severity_id": severity,
        "severity": severe,
        "status_id": state,
        "status": stated,
        "message": f"{verdict}: {scenario['title']}",
        "metadata": {
            "version": VERSION,
            "product": {"name": "Lakeproof", "vendor_name": "Lakeproof", "version": run["versions"]["lakeproof"]},
            "correlation_uid": run["run_id"],
            "profiles": ["cloud"],
        },
        "finding_info": {
            "uid": f"{run['run_id']} {control} {scenario['id']}",
            "title": scenario["title"],
            "desc": scenario["said"] or scenario["title"],
            "created_time": when,
        },
        "compliance": {
            "standards": [known.framework if known else control],
            "control": control,
            "requirements": [objective(control, scenario["values"]).id],
            "status_id": status,
            "status": named,
            "status_detail": str(verdict),
        },
        "resources": [{"type": name, "name": value} for name, value in sorted(scenario["values"].items())],
        "cloud": {"provider": "AWS", "account": {"uid": target["account"]}, "region": target["region"]},
        "unmapped": {
            "banner": run["banner"],
            "verdict": str(verdict),
            "waivers": [
                {key: each[key] for key in ("id", "owner", "approver", "expires", "risk")} for each in accepted
            ],
        },
    }
