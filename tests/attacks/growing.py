"""Statements without end: grown from a grammar around the attacks, and bent as an attacker would bend them.

``choose`` draws one of several things; with the same draws the same statement grows. Hypothesis and a seeded generator
both can draw.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.attacks.oracle import attacks, families

Choose = Callable[[Sequence[Any]], Any]
DEEPEST = 12
LONGEST = 3000
"""Characters of an attack that is bent further."""
NAMES = (
    "review_id", "product", "stars", "category", "maker", "customer", "body", "votes", "secret_tag", "cost", "token",
    "reviews", "products", "secrets",
)  # fmt: skip
WRAPS = (
    "SELECT * FROM ({}) AS w", "WITH w AS ({}) SELECT * FROM w", "SELECT count(*) FROM ({}) AS w", "EXPLAIN {}",
    "SELECT 1 WHERE EXISTS ({})", "({}) UNION ALL ({})", "SELECT ({})",
    "SELECT review_id FROM reviews WHERE product IN ({})",
    "WITH reviews AS ({}) SELECT * FROM reviews", "{} LIMIT 2",
)  # fmt: skip


@functools.cache
def _grammar() -> tuple[str, dict[str, str], dict[str, list[str]]]:
    document = yaml.safe_load(Path(__file__).with_name("grammar.yaml").read_text("utf-8"))
    rules: dict[str, list[str]] = {}
    for name, alternatives in document["rules"].items():
        rules[name] = []
        for one in alternatives:
            rules[name] += [one] if isinstance(one, str) else [one["text"]] * one["weight"]
    return document["start"], document["honest"], rules


@functools.cache
def _attacks() -> tuple[str, ...]:
    return tuple(a.sql for family in families() for a in attacks(family) if len(a.sql) <= LONGEST)


def grown(choose: Choose) -> str:
    """One statement: of the grammar or an attack, as it is or bent up to three times."""
    start, honest, _ = _grammar()
    instead = honest if choose((True, False)) else {}
    text = _expanded(start, choose, instead, 0)
    for _ in range(choose((0, 0, 0, 1, 1, 2, 3) if not instead else (0, 0, 0, 0, 1))):
        text = choose(BENDS)(text, choose)
    return text


def seeded(seed: int, number: int) -> str:
    """The statement of that number in the series of that seed."""
    return grown(random.Random(f"{seed}/{number}").choice)


def _expanded(rule: str, choose: Choose, instead: dict[str, str], depth: int) -> str:
    rule = instead.get(rule, rule)
    if rule == "attack":
        return str(choose(_attacks()))
    alternatives = _grammar()[2][rule]
    text = alternatives[0] if depth > DEEPEST else choose(alternatives)
    return re.sub(r"<(\w+)>", lambda found: _expanded(found[1], choose, instead, depth + 1), text)


def _words(text: str) -> list[re.Match[str]]:
    return list(re.finditer(r"[A-Za-z_]\w*", text))


def _other_case(text: str, choose: Choose) -> str:
    return _at_a_word(text, choose, lambda word: choose((word.upper(), word.lower(), word.swapcase())))


def _quote(text: str, choose: Choose) -> str:
    return _at_a_word(text, choose, lambda word: f'"{word}"')


def _other_name(text: str, choose: Choose) -> str:
    return _at_a_word(text, choose, lambda word: choose(NAMES), only=NAMES)


def _repeat(text: str, choose: Choose) -> str:
    return _at_a_word(text, choose, lambda word: f"{word} {word}")


def _leave_out(text: str, choose: Choose) -> str:
    return _at_a_word(text, choose, lambda word: "")


def _at_a_word(text: str, choose: Choose, change: Callable[[str], str], only: Sequence[str] = ()) -> str:
    words = [word for word in _words(text) if not only or word.group().lower() in only]
    if not words:
        return text
    word = choose(words)
    return text[: word.start()] + change(word.group()) + text[word.end() :]


def _trivia(text: str, choose: Choose) -> str:
    spaces = [match.start() for match in re.finditer(" ", text)]
    if not spaces:
        return text
    at = choose(spaces)
    return text[:at] + choose(("/**/", "\n", " -- x\n", "\t", " /* customer */ ")) + text[at + 1 :]


def _wrap(text: str, choose: Choose) -> str:
    return str(choose(WRAPS)).replace("{}", text)


BENDS = (_other_case, _quote, _other_name, _other_name, _repeat, _leave_out, _trivia, _wrap, _wrap)
"""What an attacker tries on a statement that did not help."""
