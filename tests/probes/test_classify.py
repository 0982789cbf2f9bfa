"""Who refused a probe: the table of causes, row by row, and what never counts as a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.probes import classify as table
from lakeproof.probes.classify import Failure, Known, Row, classify
from lakeproof.probes.outcome import Cause, Denied, NotObtained

ANSWERS = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))
EXAMPLES: list[dict[str, Any]] = [*ANSWERS["not_obtained"], *ANSWERS["denied"]]
NAMED = [
    pytest.param(number, each, id=f"{number} {each.get('cause') or each['why']}")
    for number, each in enumerate(EXAMPLES)
]


def failure(example: Mapping[str, Any]) -> Failure:
    """The error answer of an example."""
    return Failure(
        example.get("service", "athena"),
        example.get("operation", "StartQueryExecution"),
        example.get("code", "FAILED"),
        example["text"],
    )


def known(example: Mapping[str, Any]) -> Known:
    """What the inventory lists in an example."""
    return Known(**{kind: frozenset(names) for kind, names in example.get("known", {}).items()})


def decided_by(example: Mapping[str, Any]) -> Iterator[Row]:
    """The rows that match and whose proof holds, the deciding one first."""
    for row in table.rows():
        match = row.match(failure(example))
        if match is None:
            continue
        name = match.groupdict().get("name")
        if row.proof is None or (name is not None and known(example).lists(row.proof, name)):
            yield row


def said(outcome: Denied | NotObtained) -> str:
    """The word for an outcome that ``becomes`` uses."""
    return str(outcome.cause) if isinstance(outcome, Denied) else "NOT_OBTAINED"


def test_every_row_of_the_table_has_its_examples() -> None:
    """The examples follow the table row by row: a new row needs an example and a near miss."""
    told = [str(row.cause) if row.cause else row.why for row in table.rows()]
    assert [each.get("cause") or each["why"] for each in EXAMPLES] == told


@pytest.mark.parametrize(("number", "example"), NAMED)
def test_a_near_miss_is_not_decided_by_the_row(number: int, example: dict[str, Any]) -> None:
    """What is almost the row's answer is another cause, or no evidence."""
    near = example["near"]
    assert next(decided_by(near), None) is not table.rows()[number]
    assert said(classify(failure(near), known(near))) == near["becomes"]


@pytest.mark.parametrize(("number", "example"), NAMED)
def test_an_answer_is_decided_by_its_row(number: int, example: dict[str, Any]) -> None:
    """The row is the first that matches, and its cause, or the reason why nothing was proved, is the outcome."""
    match = example["match"]
    assert next(decided_by(match)) is table.rows()[number]
    outcome = classify(failure(match), known(match))
    assert said(outcome) == example.get("cause", "NOT_OBTAINED")
    assert match["text"] in (outcome.text if isinstance(outcome, Denied) else outcome.error)


@pytest.mark.parametrize(("number", "example"), [each for each in NAMED if "cause" not in each.values[1]])
def test_no_evidence_says_why_and_what_helps(number: int, example: dict[str, Any]) -> None:
    """A row that proves nothing tells the reader why, with AWS's code, and what to do about it."""
    outcome = classify(failure(example["match"]), Known())
    assert isinstance(outcome, NotObtained)
    assert outcome.error.startswith(example["why"])
    assert example["match"].get("code", "FAILED") in outcome.error
    assert outcome.remedy


@pytest.mark.parametrize(
    "listed",
    [Known(), Known(columns=frozenset({"customer"})), Known(tables=frozenset({"customer_id"}))],
    ids=["nothing", "another column", "a table of that name"],
)
def test_a_column_that_the_inventory_does_not_list_proves_nothing(listed: Known) -> None:
    """Athena's text is the same for a column that does not exist: without the inventory's word it is no refusal."""
    text = (
        "COLUMN_NOT_FOUND: line 1:8: Column 'customer_id' cannot be resolved or requester is not authorized to access"
    )
    outcome = classify(Failure("athena", "StartQueryExecution", "FAILED", text), listed)
    assert isinstance(outcome, NotObtained)
    assert "LF_COLUMN cannot be told from a column that does not exist (customer_id)" in outcome.error


@pytest.mark.parametrize("written", ["customer_id", "CUSTOMER_ID", "a.customer_id", "lake.reviews.customer_id"])
def test_a_listed_column_counts_however_the_query_wrote_it(written: str) -> None:
    """Upper case, alias and table are no part of a column's name."""
    text = f"COLUMN_NOT_FOUND: line 1:8: Column '{written}' cannot be resolved or requester is not authorized to access"
    outcome = classify(
        Failure("athena", "StartQueryExecution", "FAILED", text), Known(columns=frozenset({"customer_id"}))
    )
    assert isinstance(outcome, Denied)
    assert outcome.cause is Cause.LF_COLUMN


def test_no_text_of_a_refusal_makes_a_refusal_of_another_error() -> None:
    """Whatever the sentence says: under the code of a throttle or an expired token it proves nothing."""
    codes = sorted({code for row in table.rows() if row.cause is None for code in row.codes} - {"FAILED"})
    texts = [example["match"]["text"] for example in ANSWERS["denied"]]
    everything = Known(*[frozenset({"customer_id", "reviews", "lake"})] * 3)
    for code in codes:
        if code == "InvalidRequestException":
            continue  # Athena uses this one for both, and its rows tell them apart by text
        for text in texts:
            for service in ("athena", "s3", "sts"):
                outcome = classify(Failure(service, "AssumeRole", code, text), everything)
                assert isinstance(outcome, NotObtained), (code, text)


@pytest.mark.parametrize("code", ["", "InternalServerError", "AccessDenied", "FAILED"])
def test_an_error_that_no_row_knows_proves_nothing(code: str) -> None:
    """An unknown answer is kept in full and is no refusal."""
    outcome = classify(Failure("athena", "StartQueryExecution", code, "something else happened"), Known())
    assert outcome == NotObtained(f"{code}: something else happened")


@pytest.mark.parametrize(
    "row",
    ["{why: w, code: [A]}", "{codes: [A], remedy: r}"],
    ids=["an unknown key", "no reason"],
)
def test_a_row_that_is_not_understood_is_refused(row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt key in the table would make a row match too much: it is an error that shows the row."""
    file = tmp_path / "causes.yaml"
    file.write_text(f"not_obtained:\n  - {row}\ndenied: []\n", encoding="utf-8")
    monkeypatch.setattr(table, "TABLE", file)
    with pytest.raises(ValueError, match=r"causes\.yaml: row"):
        table.rows.__wrapped__()
