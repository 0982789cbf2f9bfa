"""A run's verdicts as OSCAL 1.1.2: assessment results, and the assessment plan that they have to import.

One finding for each objective, satisfied only if everything that was tested for it passed; one observation for each
scenario, with the bundle's files, by hash, as its evidence; one risk for each waiver of something that failed, with
status deviation-approved while it holds and open when it has expired. Identifiers follow from the run's id: the same
bundle gives the same document. Source: https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from lakeproof.evidence.objectives import Objective, objective
from lakeproof.evidence.verdicts import Verdict, of_control
from lakeproof.evidence.waivers import State

VERSION = "1.1.2"
PLAN, RESULTS = "assessment-plan.json", "assessment-results.json"
NAMESPACE = "https://lakeproof.example/ns/oscal"
"""Whose names the properties are; a name, not an address (RFC 2606)."""
EVIDENCE = ("verdicts.json", "ledger.jsonl", "judged.jsonl", "trail.jsonl", "matrix.json")
"""The files of a bundle that an observation rests on."""
REASON = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.WAIVED: "fail"}
RISKS = {State.APPLIED: "deviation-approved", State.EXPIRED: "open"}
Facts = Mapping[str, Any]


def assessment_plan(run: Facts, told: Facts, files: Iterable[Facts]) -> dict[str, Any]:
    """What was planned, by the plan and features that were fixed before the first probe."""
    inputs = [each for each in files if each["path"].startswith("inputs/")]
    named = _id(run, "plan of the system")
    system = {
        "uuid": named,
        "title": f"Plan {run['plan']['name'] or run['plan']['file']}",
        "description": "What each person may see and do, in Lakeproof's own format: it stands for a security plan.",
        **({"rlinks": [_link(each) for each in inputs]} if inputs else {}),
    }
    return {
        "assessment-plan": {
            "uuid": _id(run, "assessment plan"),
            "metadata": _metadata(run, "Assessment plan", run["fixed"]),
            "import-ssp": {"href": f"#{named}"},
            "reviewed-controls": _reviewed(told),
            "assessment-assets": _assets(run),
            "back-matter": {"resources": [system]},
        }
    }


def assessment_results(run: Facts, told: Facts, files: Iterable[Facts]) -> dict[str, Any]:
    """What came of it. Raises KeyError on documents that lack something."""
    by_objective: dict[str, list[Facts]] = defaultdict(list)
    known: dict[str, Objective] = {}
    for scenario in told["scenarios"]:
        for each in _objectives(scenario):
            known[each.id] = each
            by_objective[each.id].append(scenario)
    evidence = [each for each in files if each["path"] in EVIDENCE]
    risks = [_risk(run, each) for each in told["waivers"] if each["state"] in RISKS and each["scenarios"]]
    findings = [_finding(run, known[name], by_objective[name], told["waivers"]) for name in sorted(known)]
    result: dict[str, Any] = {
        "uuid": _id(run, "result"),
        "title": f"Lakeproof run {run['run_id']}",
        "description": run["banner"] or "Tested on an AWS account.",
        "start": run["started"],
        **({"end": run["ended"]} if run.get("ended") else {}),
        "props": [
            _prop("account", run["target"]["account"]),
            _prop("region", run["target"]["region"]),
            _prop("signed-off", str(told["signed_off"]).lower()),
            _prop("exit-code", str(told["exit_code"])),
            *(_prop("partial", why) for why in told["partial"]),
        ],
        "local-definitions": {"assessment-assets": _assets(run)},
        "reviewed-controls": _reviewed(told),
    }
    observations = [_observation(run, each, evidence) for each in told["scenarios"]]
    lists = {"observations": observations, "risks": risks, "findings": findings}
    result.update({name: found for name, found in lists.items() if found})
    resources = [{"uuid": _id(run, each["path"]), "title": each["path"], "rlinks": [_link(each)]} for each in evidence]
    return {
        "assessment-results": {
            "uuid": _id(run, "assessment results"),
            "metadata": _metadata(run, "Assessment results", run.get("ended") or run["started"]),
            "import-ap": {"href": PLAN},
            "results": [result],
            **({"back-matter": {"resources": resources}} if resources else {}),
        }
    }


def _finding(run: Facts, about: Objective, scenarios: list[Facts], waivers: Iterable[Facts]) -> dict[str, Any]:
    verdict = of_control(Verdict(each["verdict"]) for each in scenarios)
    ids = {each["id"] for each in scenarios}
    risks = [
        {"risk-uuid": _id(run, "risk", each["id"])}
        for each in waivers
        if each["state"] in RISKS and each["control"] == about.control and ids & set(each["scenarios"])
    ]
    return {
        "uuid": _id(run, "finding", about.id),
        "title": about.id,
        "description": about.text,
        "props": [_prop("verdict", str(verdict)), _prop("control", about.control)],
        "target": {
            "type": "objective-id",
            "target-id": _token(about.id),
            "status": {
                "state": "satisfied" if verdict is Verdict.PASS else "not-satisfied",
                "reason": REASON.get(verdict, "other"),
                "remarks": str(verdict),
            },
        },
        "related-observations": [{"observation-uuid": _id(run, "observation", each["id"])} for each in scenarios],
        **({"related-risks": risks} if risks else {}),
    }


def _observation(run: Facts, scenario: Facts, evidence: Iterable[Facts]) -> dict[str, Any]:
    proofs = [
        {"href": f"#{_id(run, each['path'])}", "description": f"{each['path']} of the bundle of run {run['run_id']}"}
        for each in evidence
    ]
    return {
        "uuid": _id(run, "observation", scenario["id"]),
        "title": scenario["title"],
        "description": scenario["said"] or f"{scenario['verdict']}: {scenario['title']}",
        "props": [_prop("verdict", scenario["verdict"]), _prop("scenario", scenario["id"])],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": _id(run, "tool")}]}],
        **({"relevant-evidence": proofs} if proofs else {}),
        "collected": run.get("ended") or run["started"],
    }


def _risk(run: Facts, waiver: Facts) -> dict[str, Any]:
    return {
        "uuid": _id(run, "risk", waiver["id"]),
        "title": f"Waiver {waiver['id']} for {waiver['control']}",
        "description": waiver["reason"],
        "statement": waiver["risk"],
        "props": [_prop(name, waiver[name]) for name in ("owner", "approver", "created", "expires", "state")],
        "status": RISKS[waiver["state"]],
        "deadline": f"{waiver['expires']}T23:59:59Z",
        "related-observations": [{"observation-uuid": _id(run, "observation", each)} for each in waiver["scenarios"]],
    }


def _reviewed(told: Facts) -> dict[str, Any]:
    controls = sorted({control for each in told["scenarios"] for control in each["controls"]})
    names = sorted({_token(each.id) for scenario in told["scenarios"] for each in _objectives(scenario)})
    return {
        "control-selections": [{"include-controls": [{"control-id": _control(each)} for each in controls]}],
        "control-objective-selections": [{"include-objectives": [{"objective-id": each} for each in names]}],
    }


def _assets(run: Facts) -> dict[str, Any]:
    tool = {
        "uuid": _id(run, "tool"),
        "type": "software",
        "title": "Lakeproof",
        "description": "Tries, as each person, what must be allowed and what must be refused.",
        "props": [_prop("version", run["versions"]["lakeproof"])],
        "status": {"state": "operational"},
    }
    return {"components": [tool], "assessment-platforms": [{"uuid": _id(run, "platform")}]}


def _metadata(run: Facts, title: str, when: str) -> dict[str, Any]:
    return {
        "title": f"{title} of Lakeproof run {run['run_id']}",
        "last-modified": when,
        "version": run["run_id"],
        "oscal-version": VERSION,
        **({"remarks": run["banner"]} if run["banner"] else {}),
    }


def _objectives(scenario: Facts) -> list[Objective]:
    return [objective(control, scenario["values"]) for control in scenario["controls"]]


def _link(file: Facts) -> dict[str, Any]:
    return {"href": file["path"], "hashes": [{"algorithm": "SHA-256", "value": file["sha256"]}]}


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": NAMESPACE, "value": " ".join(value.split()) or "none"}


def _id(run: Facts, *names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([NAMESPACE, run["run_id"], *names])))


def _control(control: str) -> str:
    """As NIST's catalogue spells its controls (``ac-6.5``); those of others as they are."""
    return _token(control.removeprefix("NIST-").lower() if control.startswith("NIST-") else control)


def _token(text: str) -> str:
    """What OSCAL takes for a name: ``AC-6(5)`` becomes ``AC-6.5``."""
    return re.sub(r"[^\w.-]", "_", text.replace("(", ".").replace(")", ""))
