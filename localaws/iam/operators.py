"""The condition operators of policies: how one value of a request is compared with the values of a policy.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". Each matcher answers the positive question;
``conditions`` turns it round for the negated operators.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from localaws.iam.fault import PolicyFault
from localaws.iam.patterns import ArnPattern, Lookup, Pattern, Variable

T = TypeVar("T")
Matches = Callable[[str, Lookup], bool]
Compile = Callable[[tuple[str, ...], bool], "Compiled"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """``matches`` says whether a request's value fits any of the policy's; ``variables`` are those it depends on."""

    matches: Matches
    variables: tuple[Variable, ...] = ()


class NotComparable(ValueError):
    """A request's value has not the operator's type: no comparison with it is true or false."""


@dataclass(frozen=True, slots=True)
class Operator:
    """``negated`` operators hold when the positive comparison does not, and when the key is absent."""

    name: str
    compile: Compile
    negated: bool = False


def _string_equals(values: tuple[str, ...], variables: bool) -> Compiled:
    return _patterns(tuple(Pattern(value, variables=variables, wildcards=False) for value in values))


def _string_like(values: tuple[str, ...], variables: bool) -> Compiled:
    return _patterns(tuple(Pattern(value, variables=variables) for value in values))


def _patterns(patterns: tuple[Pattern, ...]) -> Compiled:
    literals = frozenset(pattern.literal for pattern in patterns if pattern.literal is not None)
    others = tuple(pattern for pattern in patterns if pattern.literal is None)

    def matches(value: str, lookup: Lookup) -> bool:
        return value in literals or any(pattern.matches(value, lookup) for pattern in others)

    return Compiled(matches, tuple(variable for pattern in patterns for variable in pattern.variables))


def _string_equals_ignore_case(values: tuple[str, ...], variables: bool) -> Compiled:
    patterns = tuple(Pattern(value, variables=variables, wildcards=False) for value in values)

    def text(pattern: Pattern, lookup: Lookup) -> str | None:
        if pattern.literal is not None:
            return pattern.literal
        resolved = pattern.resolved(lookup)
        return None if resolved is None else "".join(str(token) for token in resolved)

    def matches(value: str, lookup: Lookup) -> bool:
        folded = value.lower()
        return any((other := text(pattern, lookup)) is not None and other.lower() == folded for pattern in patterns)

    return Compiled(matches, tuple(variable for pattern in patterns for variable in pattern.variables))


def _arn(values: tuple[str, ...], variables: bool) -> Compiled:
    patterns = tuple(ArnPattern(value, variables=variables) for value in values)

    def matches(value: str, lookup: Lookup) -> bool:
        return any(pattern.matches(value, lookup) for pattern in patterns)

    return Compiled(matches, tuple(variable for pattern in patterns for variable in pattern.variables))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise NotComparable(f"{text!r} is not a number") from None
    if number != number or "_" in text:
        raise NotComparable(f"{text!r} is not a number")
    return number


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 date (a W3C profile of it) or of an epoch time."""
    try:
        if text.lstrip("-").replace(".", "", 1).isdigit():
            return float(text)
        padded = text if len(text) != 4 + 1 + 2 else f"{text}-01"
        moment = datetime.fromisoformat(padded)
    except (ValueError, OverflowError):
        raise NotComparable(f"{text!r} is not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) / timedelta(seconds=1)


def _boolean(text: str) -> bool:
    lower = text.lower()
    if lower not in ("true", "false"):
        raise NotComparable(f"{text!r} is neither true nor false")
    return lower == "true"


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotComparable(f"{text!r} is not base64") from None


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise NotComparable(f"{text!r} is not an IP address") from None


def _ordered(read: Callable[[str], float], fits: Callable[[float, float], bool]) -> Compile:
    """Compare numbers or dates: ``fits(request, policy)``. Policy variables are not supported in these operators."""

    def build(values: tuple[str, ...], _variables: bool) -> Compiled:
        bounds = tuple(_policy_value(read, value) for value in values)

        def matches(value: str, _lookup: Lookup) -> bool:
            number = read(value)
            return any(fits(number, bound) for bound in bounds)

        return Compiled(matches)

    return build


def _policy_value(read: Callable[[str], T], value: str) -> T:
    try:
        return read(value)
    except NotComparable as error:
        raise PolicyFault(str(error)) from None


def _bool(values: tuple[str, ...], _variables: bool) -> Compiled:
    wanted = frozenset(_policy_value(_boolean, value) for value in values)
    return Compiled(lambda value, _lookup: _boolean(value) in wanted)


def _binary(values: tuple[str, ...], _variables: bool) -> Compiled:
    wanted = frozenset(_policy_value(_bytes, value) for value in values)
    return Compiled(lambda value, _lookup: _bytes(value) in wanted)


def _ip(values: tuple[str, ...], _variables: bool) -> Compiled:
    try:
        networks = tuple(ipaddress.ip_network(value, strict=False) for value in values)
    except ValueError as error:
        raise PolicyFault(f"{error}") from None

    def matches(value: str, _lookup: Lookup) -> bool:
        address = _address(value)
        return any(address in network for network in networks)

    return Compiled(matches)


def _operators() -> dict[str, Operator]:
    families: list[tuple[str, str, Compile]] = [
        ("StringEquals", "StringNotEquals", _string_equals),
        ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", _string_equals_ignore_case),
        ("StringLike", "StringNotLike", _string_like),
        ("NumericEquals", "NumericNotEquals", _ordered(_number, lambda a, b: a == b)),
        ("DateEquals", "DateNotEquals", _ordered(_moment, lambda a, b: a == b)),
        ("IpAddress", "NotIpAddress", _ip),
        ("ArnEquals", "ArnNotEquals", _arn),
        ("ArnLike", "ArnNotLike", _arn),
    ]
    found: dict[str, Operator] = {}
    for positive, negative, build in families:
        found[positive.lower()] = Operator(positive, build)
        found[negative.lower()] = Operator(negative, build, negated=True)
    comparisons: list[tuple[str, Callable[[float, float], bool]]] = [
        ("LessThan", lambda a, b: a < b),
        ("LessThanEquals", lambda a, b: a <= b),
        ("GreaterThan", lambda a, b: a > b),
        ("GreaterThanEquals", lambda a, b: a >= b),
    ]
    for suffix, fits in comparisons:
        for family, read in (("Numeric", _number), ("Date", _moment)):
            found[f"{family}{suffix}".lower()] = Operator(family + suffix, _ordered(read, fits))
    found["bool"] = Operator("Bool", _bool)
    found["binaryequals"] = Operator("BinaryEquals", _binary)
    return found


OPERATORS = _operators()
"""Every operator but Null, by its name in lower case."""
