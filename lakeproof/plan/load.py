"""Load a plan: read the YAML, fill in what follows from it, validate, check, and explain everything that is wrong."""

from __future__ import annotations

import copy
import json
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from lakeproof.plan import (
    check,
    check_adopt,
    check_grants,
    check_tags,
    check_trail,
    least_privilege,
    names,
    policies,
    shape,
)
from lakeproof.plan.document import Document, read
from lakeproof.plan.explain import explain
from lakeproof.plan.models import SCHEMA_VERSION, Plan
from lakeproof.plan.parts import Execution, FederatedSignIn, Results
from lakeproof.plan.problems import Path, PlanError, Problem, said

INTERNAL = ("documents", "account_id", "region", "run_id")
"""Fields of the model that are no keys of the YAML."""


def load(path: str | FilePath) -> Plan:
    """The plan in a YAML file, policy files read with it. Raises PlanError with every problem there is."""
    return parse(read(FilePath(path)), FilePath(path).parent)


def parse(document: Document, folder: FilePath) -> Plan:
    """The plan in a document that is read already; policy files are looked for in ``folder``. Raises PlanError."""
    version = document.data.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise PlanError([_wrong_version(document, version)])
    completed, made = _completed(document.data)
    documents, problems = policies.texts(document, folder)
    table, wrong = least_privilege.texts(document, folder)
    documents, problems = documents | table, problems + wrong
    plan: Plan | None = None
    try:
        plan = Plan.model_validate_json(json.dumps(completed | {"documents": documents}))
    except ValidationError as error:
        problems += explain(document, completed, error)
    problems += [
        *document.problems,
        *_internal_keys(document),
        *shape.problems(document),
        *check.problems(document, completed),
        *check_grants.problems(document),
        *check_tags.problems(document),
        *check_trail.problems(document),
        *check_adopt.problems(document),
    ]
    if plan is not None and not problems:
        problems += check_tags.meaning(document, plan)
    if problems or plan is None:
        raise PlanError(_own(problems, made))
    return plan


def _own(problems: list[Problem], made: set[Path]) -> list[Problem]:
    """Without the problems of what was made from a person's names, where these names are told to be wrong anyway."""
    told = {problem.where[:2] for problem in problems if problem.where[:1] == ("people",) and problem.where not in made}
    return [problem for problem in problems if problem.where not in made or problem.where[:2] not in told]


def _wrong_version(document: Document, version: object) -> Problem:
    if version is None:
        cause = f"left out, or no plan: put 'schema_version: {SCHEMA_VERSION}' on the first line"
    elif isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        cause = f"written for a newer Lakeproof: update Lakeproof, or rewrite the plan for version {SCHEMA_VERSION}"
    elif isinstance(version, int) and not isinstance(version, bool):
        cause = f"written for an older Lakeproof: set it to {SCHEMA_VERSION}, mend what 'lakeproof plan check' names"
    else:
        cause = f"the version is a plain number: {SCHEMA_VERSION}"
    return document.problem(("schema_version",), f"schema_version {SCHEMA_VERSION}", said(version), cause)


def _internal_keys(document: Document) -> list[Problem]:
    known = [name for name in Plan.model_fields if name not in INTERNAL]
    return [
        document.problem(
            (key,),
            f"one of the keys {', '.join(known)}",
            f"the key {key!r}",
            "Lakeproof sets it; it has no place in the file",
        )
        for key in INTERNAL
        if key in document.data
    ]


def _completed(data: dict[str, Any]) -> tuple[dict[str, Any], set[Path]]:
    """The data with each person's resources named; and which of them were made here."""
    completed = copy.deepcopy({key: value for key, value in data.items() if key not in INTERNAL})
    made: set[Path] = set()
    templates = {
        "execution_role": _template(data, ("execution", "role"), Execution.model_fields["role"].default),
        "workgroup": _template(data, ("results", "workgroup"), Results.model_fields["workgroup"].default),
        "results_prefix": _template(data, ("results", "prefix"), Results.model_fields["prefix"].default),
    }
    stand_in = _template(data, ("sign_in", "federated", "stand_in"), FederatedSignIn.model_fields["stand_in"].default)
    people = completed.get("people")
    for index, person in enumerate(people if isinstance(people, list) else []):
        if not isinstance(person, dict):
            continue
        wanted = templates | ({"stand_in_role": stand_in} if person.get("sign_in") == "federated" else {})
        values = {"person": person.get("name"), "user_id": person.get("user_id"), "profile": person.get("profile")}
        known = {key: value for key, value in values.items() if isinstance(value, str)}
        for key, template in wanted.items():
            if key not in person:
                person[key] = template
                made.add(("people", index, key))
            if isinstance(person[key], str):
                person[key] = names.fill(person[key], known)
    return completed, made


def _template(data: Any, where: tuple[str, ...], default: Any) -> str:
    for step in where:
        data = data.get(step) if isinstance(data, dict) else None
    return data if isinstance(data, str) else str(default)
