"""Turns pydantic's errors into problems that somebody who has never seen Python can mend."""

from __future__ import annotations

import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from lakeproof.plan import names
from lakeproof.plan.document import Document
from lakeproof.plan.models import Plan
from lakeproof.plan.problems import Path, Problem, likely, listed, said

NOT_YET = {
    ("grants", "permissions"): "only SELECT is implemented, and meant when nothing is said",
    ("dataset", "adopt"): "a plan as a whole adopts what is there: provision: adopt, at the top",
}
"""Keys that later versions will know, by part and key: refused by name."""

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
}


def explain(document: Document, data: dict[str, Any], error: ValidationError) -> list[Problem]:
    """A problem for each of pydantic's errors. ``data`` is what was validated: the document and what was filled in."""
    return [
        _problem(document, data, _place(entry["loc"], data, entry["type"]), entry)
        for entry in error.errors(include_url=False)
    ]


def _place(loc: tuple[int | str, ...], data: Any, kind: str) -> Path:
    """The error's path in the data: pydantic's own steps (the branch of a union) are left out."""
    where: list[int | str] = []
    around: Any = data
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        inside = range(len(around)) if isinstance(around, list) else around if isinstance(around, dict) else ()
        if step in inside:
            around = around[step]
        elif not (last and kind in ("missing", "extra_forbidden")):
            continue
        where.append(step)
    return tuple(where)


def _problem(document: Document, data: Any, where: Path, entry: Any) -> Problem:
    kind, value = entry["type"], entry["input"]
    if where not in document.lines and kind == "name":
        return document.problem(where, entry["msg"], said(value), "made from a template and this person's own names")
    if kind == "missing":
        return document.problem(where, f"the key {where[-1]!r}", "nothing", _missing_cause(data, where))
    if kind == "extra_forbidden":
        return _unknown_key(document, where)
    if kind == "name":
        return document.problem(where, entry["msg"], said(value), _name_cause(value, entry["ctx"]["odd"]))
    if kind == "literal_error":
        options = [option.strip("' ") for option in entry["ctx"]["expected"].replace(" or ", ", ").split(",")]
        cause = likely(value, options, "not one of the words that mean something here")
        return document.problem(where, f"one of {listed(options)}", said(value), cause)
    if kind == "too_short":
        return document.problem(
            where,
            f"at least {entry['ctx']['min_length']} of them",
            "none",
            "left empty: a plan that says nothing here proves nothing",
        )
    if kind in _WANTED:
        return document.problem(where, _WANTED[kind], said(value), _type_cause(kind, value))
    return document.problem(where, entry["msg"].removeprefix("Input should be "), said(value), "out of range")


def _unknown_key(document: Document, where: Path) -> Problem:
    key = where[-1]
    part = str(where[0]) if where else ""
    known = keys_at(where[:-1])
    cause = NOT_YET.get((part, str(key))) or likely(key, known, "indented under the wrong part, or not part of a plan")
    return document.problem(where, f"one of the keys {listed(known)}", f"the key {key!r}", cause)


def _missing_cause(data: Any, where: Path) -> str:
    around = data
    for step in where[:-1]:
        around = around[step]
    unknown = [key for key in around if key not in keys_at(where[:-1])] if isinstance(around, dict) else []
    near = likely(where[-1], unknown, "")
    return near.replace("did you mean", "is it") if near else "left out"


def _type_cause(kind: str, value: object) -> str:
    if value is None:
        return "the value after ':' is missing"
    if kind == "string_type" and isinstance(value, bool):
        return "YAML reads yes, no, on, off, true and false as booleans: put the word in quotes"
    if kind == "string_type" and isinstance(value, int | float):
        return "YAML reads it as a number: put it in quotes"
    if kind == "tuple_type" and isinstance(value, str):
        return "a single value: put it in [brackets], or on a line of its own after '- '"
    if kind in ("int_type", "bool_type") and isinstance(value, str):
        return "quotes around it, or letters in it"
    return "the indentation, or a '- ' too many or too few"


def _name_cause(value: object, odd: str) -> str:
    text = str(value)
    unknown = sorted(names.placeholders(text) - set(names.ACCOUNT_PLACEHOLDERS) - set(names.PERSON_PLACEHOLDERS))
    if unknown:
        return likely(
            unknown[0],
            (*names.ACCOUNT_PLACEHOLDERS, *names.PERSON_PLACEHOLDERS),
            f"there is no placeholder {{{unknown[0]}}}",
        )
    if not text:
        return "left empty"
    if text != text.strip() or " " in text:
        return "a space in it"
    if len(text) > 60:
        return "too long"
    if odd:
        return f"{' '.join(map(repr, odd.split()))} in it"
    if text != text.lower():
        return "capital letters in it"
    return "a character out of place, or too long once its placeholders are filled"


def keys_at(where: Path) -> list[str]:
    """The keys that a plan may have at a path, in the models' order; empty where it holds no mapping of known keys."""
    models: list[type[BaseModel]] = [Plan]
    for step in where:
        if isinstance(step, int):
            continue
        models = [
            inner
            for model in models
            if step in model.model_fields
            for inner in _models_in(model.model_fields[step].annotation)
        ]
    hidden = {"documents", "account_id", "region", "run_id"} if models == [Plan] else set()
    return list(dict.fromkeys(name for model in models for name in model.model_fields if name not in hidden))


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in typing.get_args(annotation) for model in _models_in(inner)]
