"""Allure's results pass the redaction, whatever they are made of: nothing secret, no path of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from allure_commons import model2 as allure

from fixtures.allure_results import RedactingWriter
from lakeproof.evidence.redaction import REDACTED

KEY = "AKIAIOSFODNN7EXAMPLE"
URL = "https://d-1.studio.us-east-1.sagemaker.aws/auth?token=eyJhbGciOi"


@pytest.fixture
def writer(tmp_path: Path) -> RedactingWriter:
    """A writer into an empty folder; the checkout is /checkout."""
    return RedactingWriter(tmp_path, Path("/checkout"))


def written(folder: Path) -> str:
    """Everything in the folder."""
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.iterdir())


def test_no_field_of_a_result_keeps_a_secret(writer: RedactingWriter, tmp_path: Path) -> None:
    """Name, message, trace, labels, parameters, steps and their attachments' names."""
    details = allure.StatusDetails(
        message=f"lakeproof.evidence.verdicts.NotMet: {KEY}", trace=f"/checkout/steps/a.py {URL}"
    )
    step = allure.TestStepResult(name=f"When {KEY}", status=allure.Status.FAILED, statusDetails=details)
    step.parameters = [allure.Parameter(name="key", value=KEY)]
    step.attachments = [allure.Attachment(name=KEY, source="a", type="text/plain")]
    result = allure.TestResult(
        uuid="u", name=KEY, fullName=KEY, status=allure.Status.FAILED, statusDetails=details, steps=[step]
    )
    result.labels = [allure.Label("person", KEY)]
    result.parameters = [
        allure.Parameter(name="_pytest_bdd_example", value="{}"),
        allure.Parameter(name="person", value=KEY),
    ]
    writer.report_result(result)
    text = written(tmp_path)
    assert KEY not in text and "eyJhbGciOi" not in text and "/checkout" not in text
    told = json.loads(text)
    assert told["statusDetails"]["message"] == REDACTED
    assert [each["name"] for each in told["parameters"]] == ["person"]


def test_no_attachment_keeps_a_secret(writer: RedactingWriter, tmp_path: Path) -> None:
    """As text, as bytes and as a file."""
    source = tmp_path.parent / "source.txt"
    source.write_text(KEY, encoding="utf-8")
    writer.report_attached_data(f"text {KEY}", "1-attachment.txt")
    writer.report_attached_data(f"bytes {KEY} ä".encode(), "2-attachment.txt")
    writer.report_attached_file(str(source), "3-attachment.txt")
    assert len(list(tmp_path.iterdir())) == 3
    assert KEY not in written(tmp_path)


def test_only_fixtures_with_a_title_for_readers_are_shown(writer: RedactingWriter, tmp_path: Path) -> None:
    """Plumbing is left out, with the values that it carries; a container of nothing else is not written."""
    plumbing = [allure.TestBeforeResult(name=name) for name in ("target", "pytestbdd_stepdef_given a b", "people")]
    writer.report_container(allure.TestResultContainer(uuid="1", befores=list(plumbing)))
    assert not list(tmp_path.iterdir())
    titled = allure.TestBeforeResult(name=f"One wait for the trail of {KEY}")
    writer.report_container(allure.TestResultContainer(uuid="2", befores=[*plumbing, titled]))
    [before] = json.loads(written(tmp_path))["befores"]
    assert before["name"] == f"One wait for the trail of {REDACTED}"
