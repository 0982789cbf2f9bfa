"""A run's verdicts as JUnit XML, for CI servers. What is red here is red there.

No verdict but NOT_APPLICABLE is a skip: FAIL and WAIVED are failures (an accepted failure is still one), NOT_OBTAINED
and NOT_RUN are errors.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lakeproof.evidence.verdicts import Verdict

ELEMENTS = {
    Verdict.FAIL: "failure",
    Verdict.WAIVED: "failure",
    Verdict.NOT_OBTAINED: "error",
    Verdict.NOT_RUN: "error",
    Verdict.NOT_APPLICABLE: "skipped",
}
UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def to_junit(run: Mapping[str, Any], told: Mapping[str, Any]) -> bytes:
    """The document, from a bundle's ``run.json`` and ``verdicts.json``: one suite for each feature."""
    features: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in told["scenarios"]:
        features[each["feature"]].append(each)
    root = Element("testsuites", {"name": f"Lakeproof run {run['run_id']}", **_counts(told["scenarios"])})
    for feature, scenarios in features.items():
        suite = SubElement(root, "testsuite", {"name": _said(feature), **_counts(scenarios)})
        suite.set("timestamp", run["started"])
        _properties(suite, {"banner": run["banner"], "signed_off": str(told["signed_off"]).lower()})
        for each in scenarios:
            _case(suite, each)
    indent(root, " ")
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _case(suite: Element, scenario: Mapping[str, Any]) -> None:
    verdict = Verdict(scenario["verdict"])
    names = {"classname": scenario["id"].partition("::")[0], "name": scenario["id"].partition("::")[2]}
    case = SubElement(suite, "testcase", {key: _said(name) for key, name in names.items()})
    case.set("time", f"{scenario['duration_s']:.3f}")
    controls = ", ".join(scenario["controls"])
    _properties(case, {"title": scenario["title"], "controls": controls, "verdict": str(verdict)})
    if verdict in ELEMENTS:
        told = SubElement(case, ELEMENTS[verdict], {"type": str(verdict), "message": f"{verdict}: {controls}"})
        told.text = _said(scenario["said"])


def _properties(parent: Element, values: Mapping[str, str]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": _said(value)})


def _counts(scenarios: list[Mapping[str, Any]]) -> dict[str, str]:
    kinds = [ELEMENTS.get(Verdict(each["verdict"]), "") for each in scenarios]
    return {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": f"{sum(each['duration_s'] for each in scenarios):.3f}",
    }


def _said(text: str) -> str:
    return UNSAYABLE.sub("\ufffd", text)
