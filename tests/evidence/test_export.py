"""A bundle in the formats of others: what did not pass is a pass in none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lakeproof.__main__ import main
from lakeproof.evidence.bundle import close
from lakeproof.evidence.results import Ran, Results
from lakeproof.evidence.verdicts import Verdict
from lakeproof.evidence.waivers import State, Use
from tests.evidence.bundles import RUN, RUN_ID
from tests.evidence.waivers import TODAY, scenario, waiver

RUN_FACTS = {
    **RUN,
    "target": {"name": "local", "account": "123456789012", "region": "us-east-1"},
    "plan": {"file": "plans/p.yaml", "name": "p", "sha256": "", "policies_sha256": ""},
    "versions": {"lakeproof": "0.1.0"},
    "started": "2026-11-25T01:02:01.265826+00:00",
    "fixed": "2026-11-25T01:02:03.422580+00:00",
    "ended": "2026-11-25T01:03:46.240541+00:00",
}
SAID = "seen: allowed, 10 rows \x1b[31m of \ud800 customer_id <&>"
SCENARIOS = {each: scenario(str(each).lower()) for each in Verdict}
EXPIRED = waiver(id="W-2", expires=date(2026, 11, 24))
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"[^\W\d][\w.-]*")


def made(directory: Path, *verdicts: Verdict) -> Path:
    """The bundle of a run with a scenario of each verdict; W-1 accepts the waived one, W-2 no longer the failed one."""
    ran = [
        Ran(SCENARIOS[each], each, 0.25, SAID if each is not Verdict.PASS else "", ("W-1",) * (each is Verdict.WAIVED))
        for each in verdicts
    ]
    uses = [
        Use(waiver(), State.APPLIED, "1 failed", (SCENARIOS[Verdict.WAIVED].id,)),
        Use(EXPIRED, State.EXPIRED, "over", (SCENARIOS[Verdict.FAIL].id,)),
        Use(waiver(id="W-3"), State.UNNEEDED, "what it covers passes"),
    ]
    told = Results(RUN_ID, TODAY, tuple(ran), tuple(uses) if Verdict.WAIVED in verdicts else (), exit_code=1).document()
    work = directory / "runs" / RUN_ID
    (work / "inputs").mkdir(parents=True)
    for name, document in {"run.json": RUN_FACTS, "verdicts.json": told, "ledger.jsonl": {}}.items():
        (work / name).write_text(json.dumps(document), encoding="utf-8")
    (work / "inputs" / "p.yaml").write_text("name: p\n")
    return close(work, directory / "evidence" / RUN_ID, RUN_ID, None)


def exported(bundle: Path, form: str, name: str) -> Any:
    """The JSON document that the command writes."""
    out = bundle.parent.parent / "out"
    assert main(["evidence", "export", str(bundle), "--format", form, "--out", str(out)]) == 0
    text = (out / name).read_text(encoding="utf-8")
    assert "\\ud8" not in text, "half a surrogate pair: strict readers refuse it"
    return json.loads(text)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Of a run with one scenario of each verdict."""
    return made(tmp_path, *Verdict)


def members(value: Any, name: str) -> Iterator[Any]:
    """Every value of that name, at any depth."""
    if isinstance(value, dict):
        yield from (found for key, found in value.items() if key == name)
        for each in value.values():
            yield from members(each, name)
    if isinstance(value, list):
        for each in value:
            yield from members(each, name)


def test_an_oscal_finding_is_satisfied_only_by_what_passed(tmp_path: Path) -> None:
    """Each other verdict alone makes every objective not satisfied, for its own reason."""
    reasons = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.WAIVED: "fail"}
    for verdict in Verdict:
        [result] = exported(made(tmp_path / verdict, verdict), "oscal", "assessment-results.json")[
            "assessment-results"
        ]["results"]
        assert {each["title"] for each in result["findings"]} == {"ac-3_obj", "ac-6_obj"}
        for finding in result["findings"]:
            status = finding["target"]["status"]
            assert status["state"] == ("satisfied" if verdict is Verdict.PASS else "not-satisfied")
            assert (status["reason"], status["remarks"]) == (reasons.get(verdict, "other"), verdict)


def test_an_oscal_waiver_is_a_risk_that_somebody_accepted(bundle: Path) -> None:
    """Its deviation is approved while it holds; an expired one's is open; one that covers nothing is no risk."""
    [result] = exported(bundle, "oscal", "assessment-results.json")["assessment-results"]["results"]
    assert {each["title"]: (each["status"], each["deadline"]) for each in result["risks"]} == {
        "Waiver W-1 for NIST-AC-3": ("deviation-approved", "2026-12-31T23:59:59Z"),
        "Waiver W-2 for NIST-AC-3": ("open", "2026-11-24T23:59:59Z"),
    }
    related = {each["title"]: len(each.get("related-risks", [])) for each in result["findings"]}
    assert related == {"ac-3_obj": 2, "ac-6_obj": 0}


def test_oscal_references_lead_somewhere(bundle: Path) -> None:
    """Plan and results name each thing once; observations, risks, tool and evidence that are referred to are there."""
    results = exported(bundle, "oscal", "assessment-results.json")
    plan = json.loads((bundle.parent.parent / "out" / "assessment-plan.json").read_text())
    body = results["assessment-results"]
    assert body["import-ap"]["href"] == "assessment-plan.json"
    for document in (results, plan):
        ids = list(members(document, "uuid"))
        assert len(ids) == len(set(ids)) and all(map(UUID.fullmatch, ids))
        referred = [*members(document, "observation-uuid"), *members(document, "risk-uuid")]
        referred += [*members(document, "actor-uuid")]
        referred += [each.removeprefix("#") for each in members(document, "href") if each.startswith("#")]
        assert referred and set(referred) <= set(ids)
        assert list(members(document, "oscal-version")) == ["1.1.2"]
    names = [name for kind in ("target-id", "control-id", "objective-id") for name in members([results, plan], kind)]
    assert {"ac-3", "ac-3_obj", "ac-6", "ac-6_obj"} == set(names) and all(map(TOKEN.fullmatch, names))
    assert len(body["results"][0]["observations"]) == len(Verdict)
    assert all(each["relevant-evidence"] for each in body["results"][0]["observations"])
    listed = {each["path"]: each["sha256"] for each in json.loads((bundle / "manifest.json").read_text())["files"]}
    links = [link for links in members([results, plan], "rlinks") for link in links]
    assert {link["href"] for link in links} == {"verdicts.json", "ledger.jsonl", "inputs/p.yaml"}
    assert all(link["hashes"] == [{"algorithm": "SHA-256", "value": listed[link["href"]]}] for link in links)


def test_the_same_bundle_gives_the_same_oscal(bundle: Path) -> None:
    """Identifiers follow from the run: nothing is drawn."""
    assert exported(bundle, "oscal", "assessment-results.json") == exported(bundle, "oscal", "assessment-results.json")


def test_ocsf_has_a_compliance_finding_for_each_scenario_and_control(bundle: Path) -> None:
    """Class 2003; only PASS is Pass, a waived failure is a suppressed Fail, the rest is Other by its own name."""
    found = exported(bundle, "ocsf", "ocsf.json")
    assert len(found) == 2 * len(Verdict)
    assert {(each["class_uid"], each["type_uid"]) for each in found} == {(2003, 200301)}
    seen = {
        each["compliance"]["status_detail"]: (each["compliance"]["status_id"], each["compliance"]["status"])
        for each in found
    }
    other = {str(each): (99, str(each)) for each in Verdict}
    assert seen == {**other, "PASS": (1, "Pass"), "FAIL": (3, "Fail"), "WAIVED": (3, "Fail")}
    assert {each["unmapped"]["verdict"] for each in found if each["status_id"] == 3} == {"WAIVED"}
    [accepted] = {json.dumps(each["unmapped"]["waivers"]) for each in found if each["unmapped"]["waivers"]}
    assert json.loads(accepted)[0]["approver"] == "head of compliance"
    assert {each["severity"] for each in found if each["unmapped"]["verdict"] == "PASS"} == {"Informational"}
    assert len({each["finding_info"]["uid"] for each in found}) == len(found)


def test_junit_skips_only_what_does_not_apply(bundle: Path) -> None:
    """Failures and waived failures fail, missing evidence is an error, and whatever was said is well-formed XML."""
    out = bundle.parent / "junit"
    assert main(["evidence", "export", str(bundle), "--format", "junit", "--out", str(out)]) == 0
    root = ElementTree.parse(out / "junit.xml").getroot()
    counts = {name: root.attrib[name] for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "2", "errors": "2", "skipped": "1"}
    kinds = {}
    for case in root.iter("testcase"):
        [verdict] = [each.get("value") for each in case.iter("property") if each.get("name") == "verdict"]
        kinds[verdict] = [each.tag for each in case if each.tag != "properties"]
    assert kinds == {
        "PASS": [],
        "FAIL": ["failure"],
        "WAIVED": ["failure"],
        "NOT_OBTAINED": ["error"],
        "NOT_RUN": ["error"],
        "NOT_APPLICABLE": ["skipped"],
    }
    [told] = {each.text for each in root.iter("failure")}
    assert told == "seen: allowed, 10 rows \ufffd[31m of \ufffd customer_id <&>"


def test_an_altered_bundle_is_not_exported(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named, and nothing is written."""
    (bundle / "verdicts.json").write_text((bundle / "verdicts.json").read_text().replace("FAIL", "PASS"))
    out = bundle.parent / "out"
    assert main(["evidence", "export", str(bundle), "--format", "ocsf", "--out", str(out)]) == 2
    assert "is not exported:\nverdicts.json is altered" in capsys.readouterr().err
    assert not out.exists()


def test_an_export_never_goes_into_the_bundle(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle is closed: what is added to it would be told as added."""
    assert main(["evidence", "export", str(bundle), "--format", "junit", "--out", str(bundle / "more")]) == 2
    assert "is in the bundle, which is closed" in capsys.readouterr().err
    assert not (bundle / "more").exists()


def test_a_bundle_of_another_version_is_not_exported_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it lacks is said, and nothing is written."""
    whole = made(tmp_path, Verdict.PASS)
    work = tmp_path / "runs" / "again"
    work.mkdir(parents=True)
    (work / "run.json").write_text(json.dumps({key: each for key, each in RUN_FACTS.items() if key != "versions"}))
    (work / "verdicts.json").write_bytes((whole / "verdicts.json").read_bytes())
    older = close(work, tmp_path / "evidence" / "again", RUN_ID, None)
    assert main(["evidence", "export", str(older), "--format", "oscal", "--out", str(tmp_path / "out")]) == 2
    assert "run.json or verdicts.json lacks 'versions', which oscal needs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
