"""Row filter expressions: the documented subset, and nothing that an engine could read as more than that."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
import sqlglot
import yaml
from hypothesis import example, given, settings
from sqlglot import exp

from localaws.errors import AwsError
from localaws.lakeformation import rowfilter

TYPES = {"a": "string", "n": "int", "d": "decimal(10,2)", "yes": "boolean", "when": "timestamp", "p": "string"}
KEYS = ("p",)
EXPRESSIONS = yaml.safe_load(Path(__file__).with_name("rowfilters.yaml").read_text("utf-8"))
LONG, DEEP, NUL = "n = 1" + " or n = 1" * 300, "(" * 60 + "n = 1" + ")" * 60, "\x00n = 1"
WORDS = ["a", "n", "d", "p", "nope", '"a"', "1", "-2.5", "'x'", "'it''s'", "true", "null", "=", "<>", "<=", "(", ")"]
WORDS += ["and", "or", "not", "in", "between", "like", "is", ",", "--", "/*", "*/", ";", "select", "count", "."]
WORDS += ["||", "'"]
ALLOWED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.LT, exp.GTE, exp.LTE, exp.Between, exp.In,
    exp.Like, exp.Is, exp.Null, exp.Boolean, exp.Literal, exp.Column, exp.Identifier, exp.Neg,
)  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS["accepted"])
def test_the_documented_forms_are_accepted(expression: str) -> None:
    """The examples of the documentation and their kin."""
    assert set(rowfilter.check(expression, TYPES, KEYS)) <= set(TYPES)


@pytest.mark.parametrize("expression", [*EXPRESSIONS["refused"], LONG, DEEP, NUL], ids=lambda text: repr(text)[:30])
def test_anything_else_is_refused(expression: str) -> None:
    """Functions, arithmetic, column against column, subqueries, comments, statements, wrong types, wrong shapes."""
    with pytest.raises(AwsError):
        rowfilter.check(expression, TYPES, KEYS)


@settings(max_examples=400)
@example(["n", "=", "1", "--", "2"])
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_what_is_accepted_is_a_predicate_and_nothing_more(words: list[str]) -> None:
    """An independent parser reads every accepted expression as one predicate over the named columns only."""
    expression = " ".join(words)
    try:
        columns = rowfilter.check(expression, TYPES, KEYS)
    except AwsError:
        return
    (statement,) = sqlglot.parse(f"SELECT 1 FROM t WHERE {expression}", dialect="athena")
    assert statement is not None
    predicate = statement.args["where"].this
    assert all(isinstance(node, ALLOWED) for node in predicate.walk()), expression
    assert {column.name.lower() for column in predicate.find_all(exp.Column)} == set(columns) <= set(TYPES)
