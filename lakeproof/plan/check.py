"""Checks of people that no single field can make: who signs in how, and with what that is theirs alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakeproof.plan import names
from lakeproof.plan.document import Document
from lakeproof.plan.problems import Problem, said
from lakeproof.plan.shape import mappings, overlapping, part, texts, twice


def problems(document: Document, completed: dict[str, Any]) -> list[Problem]:
    """Everything wrong with people. ``completed`` is the data with people's resources named."""
    return [*_people(document, completed), *_sign_in(document)]


def _people(document: Document, completed: dict[str, Any]) -> Iterator[Problem]:
    people, where = completed.get("people"), ("people",)
    for key, what, cause, same in (
        ("name", "a person's name", "copied and not renamed", str),
        ("user_id", "a user id", "one console identity for two people: nobody could tell them apart", str.lower),
        ("profile", "a profile", "two people would share one Studio profile", str.lower),
    ):
        yield from twice(document, texts(people, where, key), what, cause, same)
    roles = texts(people, where, "execution_role") + texts(people, where, "stand_in_role")
    for path in (("studio", "default_execution_role", "name"), ("verification", "control_reader", "role")):
        if isinstance(part(completed, *path), str):
            roles.append((path, part(completed, *path)))
    yield from twice(
        document,
        roles,
        "a role's name",
        "one role for two: grants and the audit trail could not tell them apart",
        str.lower,
    )
    workgroups, prefixes = texts(people, where, "workgroup"), texts(people, where, "results_prefix")
    if part(completed, "results", "shared") is True:
        workgroups, prefixes = workgroups[:1], prefixes[:1]
    for key, found in (("workgroup", workgroups), ("prefix", prefixes)):
        reader = ("verification", "control_reader", key)
        if isinstance(part(completed, *reader), str):
            found.append((reader, part(completed, *reader)))
    yield from twice(
        document,
        workgroups,
        "a workgroup",
        "a shared workgroup shows one person's queries to another (use {profile}, or say results.shared)",
        str,
    )
    yield from overlapping(document, prefixes, "one person could read another's results (use {profile})")


def _sign_in(document: Document) -> Iterator[Problem]:
    for where, person in mappings(document.data.get("people"), ("people",)):
        way, user_id = person.get("sign_in"), person.get("user_id")
        if way not in ("iam_user", "federated"):
            continue
        if part(document.data, "sign_in", way) is None:
            yield document.problem(
                (*where, "sign_in"),
                "a way of signing in that the plan describes",
                said(way),
                f"the part sign_in.{way} is left out",
            )
        rule = names.EMAIL if way == "federated" else names.USER
        if isinstance(user_id, str) and not rule.accepts(user_id):
            cause = (
                "sign_in should be iam_user"
                if way == "federated" and names.USER.accepts(user_id)
                else "a character that is not allowed"
            )
            yield document.problem((*where, "user_id"), rule.expected(), said(user_id), cause)
        if way == "iam_user" and "stand_in_role" in person:
            yield document.problem(
                (*where, "stand_in_role"),
                "no stand-in role",
                said(person["stand_in_role"]),
                "an IAM user signs in with its own keys",
            )
