"""What can go wrong with one statement of a policy: parts of it removed, or made wider than they were.

To widen is to let more through: an Allow that names more, a Deny that names less.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.mutants.world import World

Statement = dict[str, Any]
ASSUMING = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
"""What a trust policy can allow an AWS principal: IAM takes no pattern there ("AssumeRole policy may only specify STS
AssumeRole actions")."""
VARIABLE = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class Edit:
    """``apply`` returns the changed copy of a statement, None to take it away. ``actions`` are those it adds."""

    operator: str
    what: str
    apply: Callable[[Statement], Statement | None]
    actions: tuple[str, ...] = ()


def parsed(text: str) -> dict[str, Any]:
    """A policy document. Raises ValueError when it is not JSON."""
    document: dict[str, Any] = json.loads(text)
    return document


def listed(value: str | list[str]) -> list[str]:
    """A member of a statement that may be one value or several."""
    return [value] if isinstance(value, str) else list(value)


def of_statement(statement: Statement, *, alone: bool, world: World) -> Iterator[Edit]:
    """Every edit of a statement. ``alone``: it is the only one, and a policy without statements is none."""
    if not alone:
        yield Edit("remove statement" if allows(statement) else "remove Deny", "removed", lambda _: None)
    yield from _conditions(statement)
    if allows(statement):
        yield from _wider_actions(statement)
        yield from _wider_resources(statement)
        yield from _fewer(statement, "NotAction", "widen action")
        yield from _fewer(statement, "NotResource", "widen resource")
    else:
        yield from _fewer(statement, "Action", "narrow Deny: action")
        yield from _fewer(statement, "Resource", "narrow Deny: resource")
        yield from _wider_exceptions(statement)
    yield from _principals(statement, world)


def allows(statement: Mapping[str, Any]) -> bool:
    """Whether it is an Allow."""
    return bool(statement["Effect"] == "Allow")


def _conditions(statement: Statement) -> Iterator[Edit]:
    for operator, tests in statement.get("Condition", {}).items():
        for key in tests:

            def drop(old: Statement, operator: str = operator, key: str = key) -> Statement:
                new = copy.deepcopy(old)
                del new["Condition"][operator][key]
                if not new["Condition"][operator]:
                    del new["Condition"][operator]
                if not new["Condition"]:
                    del new["Condition"]
                return new

            yield Edit("remove condition", f"condition {operator} {key} removed", drop)


def _wider_actions(statement: Statement) -> Iterator[Edit]:
    actions = listed(statement.get("Action", []))
    if "Principal" in statement:
        for more in (action for action in ASSUMING if action not in actions):
            yield Edit("widen action", f"{more} allowed too", _with("Action", [*actions, more]), (more,))
        return
    for action in actions:
        wider = f"{action.partition(':')[0]}:*"
        if ":" in action and action != wider:
            rest = [each for each in actions if each != action]
            yield Edit("widen action", f"{action} widened to {wider}", _with("Action", [*rest, wider]), (wider,))
            break  # the others of one service come to the same
    if actions and "*" not in actions:
        yield Edit("widen action", "actions widened to *", _with("Action", "*"), ("*",))


def _wider_resources(statement: Statement) -> Iterator[Edit]:
    resources = listed(statement.get("Resource", []))
    for resource in resources:
        others = [each for each in resources if each != resource]
        for wider in dict.fromkeys([VARIABLE.sub("*", resource), "*"]):
            if wider != resource:
                edited = _with("Resource", [*others, wider] if wider != "*" else "*")
                yield Edit("widen resource", f"{resource} widened to {wider}", edited)


def _wider_exceptions(statement: Statement) -> Iterator[Edit]:
    exceptions = listed(statement.get("NotResource", []))
    for exception in exceptions:
        wider = VARIABLE.sub("*", exception)
        if wider != exception:
            rest = [each for each in exceptions if each != exception]
            yield Edit("narrow Deny: resource", f"exception widened to {wider}", _with("NotResource", [*rest, wider]))


def _fewer(statement: Statement, member: str, operator: str) -> Iterator[Edit]:
    values = listed(statement.get(member, []))
    for value in values if len(values) > 1 else ():
        rest = [each for each in values if each != value]
        yield Edit(operator, f"{value} left out", _with(member, rest), (value,) if member == "Action" else ())


def _principals(statement: Statement, world: World) -> Iterator[Edit]:
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return
    root = f"arn:aws:iam::{world.estate.account_id}:root"
    stranger = world.estate.people[-1].execution_role_arn
    for kind, value in principal.items():
        yield Edit("widen principal", f"{kind} {value} widened to *", _with("Principal", "*"))
        if kind == "AWS":
            yield Edit(
                "widen principal", "widened to the whole account", _with("Principal", {**principal, "AWS": root})
            )
        second = {**principal, "AWS": [*listed(principal.get("AWS", [])), stranger]}
        yield Edit("second principal", f"{stranger.rpartition('/')[2]} trusted too", _with("Principal", second))


def _with(member: str, value: Any) -> Callable[[Statement], Statement]:
    def edited(old: Statement) -> Statement:
        return {**copy.deepcopy(old), member: value}

    return edited
