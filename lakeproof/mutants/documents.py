"""Mutants of policies: every statement, condition, Deny, action, resource and principal of every policy of the plan.

A change is made in the plan's document and in the account alike, as an engineer's mistake would be, so that comparing
the two cannot notice it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeproof.mutants import edits
from lakeproof.mutants.model import Mutant, Touches, names
from lakeproof.mutants.world import World
from lakeproof.plan import Plan


@dataclass(frozen=True)
class Place:
    """A policy of the plan: what it is called, its file, whose rights it decides, and how the account gets it."""

    subject: str
    file: str
    identities: frozenset[str]
    names: frozenset[str]
    put: Callable[[World], None]


def mutants(world: World) -> Iterator[Mutant]:
    """All of them. The control reader's policy is the harness's own, and is left alone."""
    for place in places(world.plan):
        document = edits.parsed(world.plan.documents[place.file])
        for index, statement in enumerate(document["Statement"]):
            sid = statement.get("Sid", f"statement {index + 1}")
            for edit in edits.of_statement(statement, alone=len(document["Statement"]) == 1, world=world):
                yield _mutant(place, index, sid, statement, edit)


def _mutant(place: Place, index: int, sid: str, statement: Mapping[str, Any], edit: edits.Edit) -> Mutant:
    def change(world: World) -> None:
        statements = world.document(place.file)["Statement"]
        statements[index] = edit.apply(statements[index])
        world.write()
        place.put(world)

    actions = edits.listed(statement.get("Action", statement.get("NotAction", "*")))
    return Mutant(
        id=f"{place.subject}: {sid}: {edit.what}",
        subject=place.subject,
        operator=edit.operator,
        place=f"{place.subject}: {sid}",
        touches=Touches(place.identities, frozenset(), names([*actions, *edit.actions]), place.names),
        change=change,
    )


def places(plan: Plan) -> Iterator[Place]:
    """The policies of the plan that decide what its people may do, and who may act as them."""
    if (way := plan.sign_in.iam_user) is not None and plan.people_by_sign_in("iam_user"):
        yield Place("group policy", way.policy.file, frozenset({"console"}), names([way.policy.name]), _put_group)
    if (center := plan.sign_in.federated) is not None and (people := plan.people_by_sign_in("federated")):
        console = frozenset({"console"})
        stand_ins = names([center.policy.name, *(person.stand_in_role for person in people)])
        yield Place("permission set", center.policy.file, console, stand_ins, _put_permission_set)
        stand_ins = names(person.stand_in_role for person in people)
        yield Place(
            "trust of a console session", center.stand_in_trust, console | {"harness"}, stand_ins, _put_stand_in_trust
        )
    execution = frozenset({"execution"})
    roles = names(person.execution_role for person in plan.people)
    policy = plan.execution.policy
    yield Place("execution policy", policy.file, execution, roles | names([policy.name]), _put_execution)
    yield Place(
        "trust of an execution role", plan.execution.trust, execution | {"console", "harness"}, roles, _put_trust
    )
    default = plan.studio.default_execution_role
    yield Place(
        "trust of the default role", default.trust, frozenset({"harness"}), names([default.name]), _put_default_trust
    )


def _put_group(world: World) -> None:
    way, arn = world.plan.sign_in.iam_user, world.estate.group_policy_arn
    assert way is not None
    _new_version(world, arn, way.policy.file)


def _put_execution(world: World) -> None:
    _new_version(world, world.estate.execution_policy_arn, world.plan.execution.policy.file)


def _new_version(world: World, arn: str | None, file: str) -> None:
    iam = world.client("iam")
    old = [each for each in iam.list_policy_versions(PolicyArn=arn)["Versions"] if not each["IsDefaultVersion"]]
    for version in old:
        iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=world.plan.document(file), SetAsDefault=True)


def _put_permission_set(world: World) -> None:
    way = world.plan.sign_in.federated
    assert way is not None
    document = world.plan.document(way.policy.file)
    for person in world.plan.people_by_sign_in("federated"):
        world.client("iam").put_role_policy(
            RoleName=person.stand_in_role, PolicyName=way.policy.name, PolicyDocument=document
        )
    if world.estate.permission_set_arn is not None:
        world.client("sso-admin").put_inline_policy_to_permission_set(
            InstanceArn=world.estate.identity_center_arn,
            PermissionSetArn=world.estate.permission_set_arn,
            InlinePolicy=document,
        )


def _put_stand_in_trust(world: World) -> None:
    way = world.plan.sign_in.federated
    assert way is not None
    for person in world.plan.people_by_sign_in("federated"):
        _trust(world, str(person.stand_in_role), way.stand_in_trust, person.name)


def _put_trust(world: World) -> None:
    for person in world.plan.people:
        _trust(world, person.execution_role, world.plan.execution.trust, person.name)


def _put_default_trust(world: World) -> None:
    default = world.plan.studio.default_execution_role
    _trust(world, default.name, default.trust, None)


def _trust(world: World, role: str, file: str, person: str | None) -> None:
    document = world.plan.document(file, world.trust_values(person))
    world.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)
