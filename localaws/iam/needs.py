"""From a call to the questions that IAM must answer: each action on each resource, with the context of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from localaws.iam.context import Values
from localaws.iam.table import Need, Row, ServiceTable
from localaws.iam.tags import as_mapping
from localaws.iam.template import read

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call


class Question(NamedTuple):
    """May the caller do ``action`` on ``resource``? ``given`` are condition keys in lower case."""

    action: str
    resource: str
    given: dict[str, Values]


def questions(account: Account, call: Call, row: Row, table: ServiceTable) -> Iterator[Question]:
    """Every question that a call raises, none when its operation is open to all."""
    for need in row.needs:
        if need.when is not None and not need.when.texts(account, call):
            continue
        if need.unless is not None and need.unless.texts(account, call):
            continue
        yield from _asked(account, call, need, table)


def _asked(account: Account, call: Call, need: Need, table: ServiceTable) -> Iterator[Question]:
    given: dict[str, Values] = {
        key: tuple(template.texts(account, call)) or None for key, template in need.context.items()
    }
    if need.passed_to is not None:
        given["iam:passedtoservice"] = (need.passed_to,)
        for role in need.on[0].texts(account, call):
            yield Question(need.action, role, given)
        return
    if need.tags is not None:
        tags = {key: value for found in read(call.params, need.tags) for key, value in as_mapping(found).items()}
        given[table.tag_keys] = tuple(tags) or None
        given.update({table.tag_prefix + key.lower(): (value,) for key, value in tags.items()})
    if need.tag_keys is not None:
        given[table.tag_keys] = tuple(str(key) for keys in read(call.params, need.tag_keys) for key in keys) or None
    if not need.on:
        yield Question(need.action, "*", given)
    for template in need.on:
        for resource in template.texts(account, call) or ["*"]:
            yield Question(need.action, resource, given)
