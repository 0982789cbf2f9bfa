"""The table of functions: which signature a call fits, and the engine's text for it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import yaml

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.operators import coerce
from localaws.athena.scope import Bound
from localaws.athena.types import (
    UNKNOWN,
    Type,
    array,
    coercible,
    common_type,
    decimal,
    duck,
    is_integer,
    parse_trino,
)

VARIABLES = ("T", "K", "V", "I", "D")


@dataclass(frozen=True, slots=True)
class Signature:
    """One row of functions.yaml. ``parameters`` and ``result`` are type texts, variables among them."""

    name: str
    parameters: tuple[str, ...]
    result: str
    template: str


@functools.cache
def table(kind: str) -> dict[str, list[Signature]]:
    """The signatures of ``scalar``, ``aggregate`` or ``window`` functions, by name."""
    by_name: dict[str, list[Signature]] = {}
    for row, template in _file()[kind]:
        match = re.fullmatch(r"(\w+)\((.*)\) -> (.+)", row)
        assert match, row
        name, inside, result = match.groups()
        parameters = tuple(re.split(r",\s+", inside)) if inside else ()
        by_name.setdefault(name, []).append(Signature(name, parameters, result, template))
    return by_name


@functools.cache
def _unserved() -> frozenset[str]:
    return frozenset(str(_file()["unserved"]).split())


@functools.cache
def _file() -> dict[str, list[tuple[str, str]]]:
    text = resources.files(__package__).joinpath("functions.yaml").read_text("utf-8")
    rows: dict[str, list[tuple[str, str]]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return rows


def unknown_function(name: str, position: tuple[int, int] | None) -> QueryFailed:
    """The refusal of a name that is not in the table."""
    if name in _unserved():
        return not_supported(f"the function {name}", position)
    return QueryFailed("FUNCTION_NOT_FOUND", f"Function '{name}' not registered", position)


def fit(
    kind: str, name: str, arguments: Sequence[Bound], position: tuple[int, int] | None
) -> tuple[list[Bound], Type, str]:
    """The arguments as the best signature takes them, the result type, and the template with its types filled in.

    The best signature is the one with the fewest conversions, the first of those.
    Raises QueryFailed FUNCTION_NOT_FOUND.
    """
    best: tuple[int, list[Type], Type, Signature] | None = None
    for signature in table(kind)[name]:
        fitted = _match(signature, [a.type for a in arguments])
        if fitted is None:
            continue
        parameters, result = fitted
        conversions = sum(a.type != p for a, p in zip(arguments, parameters, strict=True))
        if best is None or conversions < best[0]:
            best = (conversions, parameters, result, signature)
    if best is None:
        given = ", ".join(str(a.type) for a in arguments)
        expected = ", ".join(f"{name}({', '.join(s.parameters)})" for s in table(kind)[name])
        message = f"Unexpected parameters ({given}) for function {name}. Expected: {expected}"
        raise QueryFailed("FUNCTION_NOT_FOUND", message, position)
    _, parameters, result, signature = best
    values = [coerce(a, p) for a, p in zip(arguments, parameters, strict=True)]
    return values, result, signature.template.replace("{T}", duck(result))


def _match(signature: Signature, given: list[Type]) -> tuple[list[Type], Type] | None:
    if len(given) != len(signature.parameters):
        return None
    variables: dict[str, Type] = {}
    if not all(_bind(p, g, variables) for p, g in zip(signature.parameters, given, strict=True)):
        return None
    parameters = [_substitute(p, variables) for p in signature.parameters]
    if not all(coercible(g, p) for g, p in zip(given, parameters, strict=True)):
        return None
    return parameters, _substitute(signature.result, variables)


def _bind(parameter: str, given: Type, variables: dict[str, Type]) -> bool:
    """Give the variables in ``parameter`` the types that ``given`` asks for; False where they cannot agree."""
    if parameter in VARIABLES:
        if (parameter == "I" and not is_integer(given)) or (parameter == "D" and given.name != "decimal"):
            return False
        joined = common_type(variables.get(parameter, UNKNOWN), given)
        if joined is None:
            return False
        variables[parameter] = joined
        return True
    inside = re.fullmatch(r"(array|map)\((.*)\)", parameter)
    if inside and any(v in re.findall(r"\w+", inside[2]) for v in VARIABLES):
        if given.name != inside[1]:
            return False
        parts = [inside[2]] if inside[1] == "array" else inside[2].split(",")
        return all(_bind(part, given.inner(i), variables) for i, part in enumerate(parts))
    return True


def _substitute(text: str, variables: dict[str, Type]) -> Type:
    if text in variables:
        return variables[text]
    if text.startswith("decimal38("):
        return decimal(38, variables["D"].scale)
    if text.startswith("whole("):
        return decimal(variables["D"].precision - variables["D"].scale + min(variables["D"].scale, 1), 0)
    if text.startswith("cut("):
        return decimal(max(variables["D"].precision - variables["D"].scale, 1), 0)
    if text.startswith("array("):
        return array(_substitute(text[len("array(") : -1], variables))
    if text.startswith("map("):
        key, value = text[len("map(") : -1].split(",")
        return Type("map", (_substitute(key, variables), _substitute(value, variables)))
    return parse_trino(text)
