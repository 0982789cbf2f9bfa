"""The Condition element: compiled once, tested against each request.

Sources: IAM User Guide, "Condition operators", "Set operators for multivalued context keys", "Single-valued vs.
multivalued context keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from localaws.iam.fault import PolicyFault
from localaws.iam.keys import is_known
from localaws.iam.operators import OPERATORS, Matches, NotComparable
from localaws.iam.patterns import Lookup, Variable

Quantifier = Literal["", "ForAllValues:", "ForAnyValue:"]
NULL = ("",)
"""To a set operator this is no value ("a null data set, such as an empty string")."""


SHORT = 1000
"""Characters: what is compiled from a longer text is not kept for other policies."""


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one key. ``key`` is in lower case; ``name`` and ``values`` are as the policy has them.

    ``otherwise`` is the answer where AWS documents none (several values without a set operator, a value that
    is not of the operator's type, an empty list of values): false in an Allow, true in a Deny.
    """

    operator: str
    key: str
    name: str
    values: tuple[str, ...]
    matches: Matches
    quantifier: Quantifier
    negated: bool
    if_exists: bool
    otherwise: bool
    variables: tuple[Variable, ...] = ()

    def holds(self, lookup: Lookup) -> bool:
        """Whether a request satisfies the test."""
        found = lookup(self.key)
        try:
            if not found:
                return self._holds_absent()
            if self.quantifier and found == NULL:
                return self.quantifier == "ForAllValues:"
            if self.quantifier == "ForAllValues:":
                return all(self.matches(value, lookup) is not self.negated for value in found)
            if self.quantifier == "ForAnyValue:":
                return any(self.matches(value, lookup) is not self.negated for value in found)
            if len(found) > 1 or not self.values:
                return self.otherwise
            return self.matches(found[0], lookup) is not self.negated
        except NotComparable:
            return self.otherwise

    def _holds_absent(self) -> bool:
        if self.if_exists or self.quantifier == "ForAllValues:":
            return True
        return self.negated and not self.quantifier


@dataclass(frozen=True, slots=True)
class NullTest(Test):
    """``Null``: "true" holds when the key is absent, "false" when it is there with a value."""

    def holds(self, lookup: Lookup) -> bool:
        """Whether a request satisfies the test."""
        absent = not lookup(self.key)
        return any((value.lower() == "true") is absent for value in self.values) if self.values else self.otherwise


@dataclass(frozen=True, slots=True)
class Conditions:
    """A compiled Condition element. ``tests`` must all hold.

    ``unknown`` names condition keys, among those tested or used as variables, that are neither global nor a
    service's as far as the embedded account knows. Nothing may be allowed on their account.
    """

    tests: tuple[Test, ...] = ()
    unknown: tuple[str, ...] = ()


def compile_conditions(block: Any, *, denies: bool, variables: bool) -> Conditions:
    """Compile a Condition element. Raises PolicyFault when it has no meaning to IAM."""
    if not isinstance(block, Mapping):
        raise PolicyFault("Condition is not an object")
    tests: list[Test] = []
    unknown: list[str] = []
    for operator, entries in block.items():
        if not isinstance(entries, Mapping):
            raise PolicyFault(f"the condition operator {operator} has no object of keys")
        seen: set[str] = set()
        for name, values in entries.items():
            if name.lower() in seen:
                raise PolicyFault(f"the condition key {name} appears twice under {operator}")
            seen.add(name.lower())
            texts = _texts(name, values)
            compile_it = _compiled_before if sum(map(len, texts)) <= SHORT else _compile
            test = compile_it(operator, name, texts, denies, variables)
            keys = (test.key, *(variable.key for variable in test.variables))
            strangers = [key for key in keys if not is_known(key)]
            unknown.extend(name if key == test.key else key for key in strangers)
            if test.key not in strangers:
                tests.append(test)
        if not entries:
            _operator(operator)
    return Conditions(tuple(tests), tuple(dict.fromkeys(unknown)))


def _compile(operator: str, name: str, values: tuple[str, ...], denies: bool, variables: bool) -> Test:
    quantifier, base, if_exists = _operator(operator)
    key = name.lower()
    if ":" not in key:
        raise PolicyFault(
            f"the condition key {name} has no service prefix",
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        )
    if base == "null":
        for value in values:
            if value.lower() not in ("true", "false"):
                raise PolicyFault(f"Null takes true or false, not {value!r}")
        return NullTest(operator, key, name, values, _never, "", False, False, denies)
    found = OPERATORS[base]
    compiled = found.compile(values, variables)
    matches, used = compiled.matches, compiled.variables
    return Test(operator, key, name, values, matches, quantifier, found.negated, if_exists, denies, used)


_compiled_before = lru_cache(maxsize=8192)(_compile)
"""One test for one text: many policies say the same, and what all requests read should fit a processor's cache."""


def _never(_value: str, _lookup: Lookup) -> bool:
    return False


def _operator(text: str) -> tuple[Quantifier, str, bool]:
    """Split an operator into set operator, name in lower case and IfExists. Raises PolicyFault by name."""
    quantifier: Quantifier = ""
    rest = text
    prefixes: tuple[Quantifier, ...] = ("ForAllValues:", "ForAnyValue:")
    for prefix in prefixes:
        if text.lower().startswith(prefix.lower()):
            quantifier, rest = prefix, text[len(prefix) :]
    base = rest.lower()
    if_exists = base.endswith("ifexists")
    if if_exists:
        base = base[: -len("ifexists")]
    if base == "null" and not if_exists and not quantifier:
        return quantifier, base, False
    if base not in OPERATORS:
        raise PolicyFault(f"the condition operator {text} is unknown")
    return quantifier, base, if_exists


def _texts(name: str, values: Any) -> tuple[str, ...]:
    """The values of a condition as texts; JSON numbers and booleans are written as IAM writes them."""
    listed = values if isinstance(values, list) else [values]
    return tuple(_text(name, value) for value in listed)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str):
        return value
    raise PolicyFault(f"the condition key {name} has a value that is no text, number or boolean")
