"""Mutants of identities: tags of profiles and roles, what a profile runs as, who is in the group, policies attached
beside the planned ones, and the source identity that a domain's sessions carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations

from lakeproof.mutants.model import Mutant, Touches, names
from lakeproof.mutants.world import World
from lakeproof.plan import Person

FULL_ACCESS = ("AmazonSageMakerFullAccess", "AmazonAthenaFullAccess", "AmazonS3FullAccess", "AdministratorAccess")
"""AWS managed policies that are attached in a hurry."""
STUDIO = frozenset({"sagemaker:*"})
BOTH = frozenset({"console", "execution"})


def mutants(world: World) -> Iterator[Mutant]:
    """All of them."""
    people = world.plan.people
    for person in people:
        yield from _dropped_tags(person)
    for one, other in combinations(people, 2):
        yield from _exchanged_tags(one, other)
        yield _bound(one, other)
    yield from _memberships(world)
    yield from _attached(world)
    if world.plan.studio.source_identity:
        yield Mutant(
            "source identity: left out by the domain", "source identity", "drop source identity", "domain",
            Touches(frozenset({"execution"}), frozenset(), STUDIO, names([world.estate.domain_id])), _no_identity,
        )  # fmt: skip


def _dropped_tags(person: Person) -> Iterator[Mutant]:
    whose = names([person.name])
    yield Mutant(
        f"profile tag: dropped from {person.profile}", "profile tag", "drop tag", f"profile tag {person.name}",
        Touches(frozenset({"console"}), whose, STUDIO, names([person.profile])), partial(_drop_profile_tag, person),
    )  # fmt: skip
    yield Mutant(
        f"role tag: dropped from {person.execution_role}", "role tag", "drop tag", f"role tag {person.name}",
        Touches(frozenset({"execution"}), whose, STUDIO, names([person.profile])), partial(_drop_role_tag, person),
    )  # fmt: skip


def _exchanged_tags(one: Person, other: Person) -> Iterator[Mutant]:
    people = names([one.name, other.name])
    for subject, kind, tag in (("profile tag", "console", _tag_profile), ("role tag", "execution", _tag_role)):
        touches = Touches(frozenset({kind}), people, STUDIO, names([one.profile, other.profile]))
        place = f"{subject} {one.name}"

        def copied(world: World, tag=tag) -> None:  # type: ignore[no-untyped-def]  # one of the two below
            tag(world, one, other)

        def swapped(world: World, tag=tag) -> None:  # type: ignore[no-untyped-def]  # one of the two below
            tag(world, one, other)
            tag(world, other, one)

        yield Mutant(f"{subject}: {one.name}'s copied from {other.name}", subject, "copy tag", place, touches, copied)
        yield Mutant(
            f"{subject}: {one.name}'s and {other.name}'s swapped", subject, "swap tags", place, touches, swapped
        )


def _arn(world: World, person: Person) -> str:
    return world.estate.person(person.name).profile_arn


def _tag_profile(world: World, person: Person, other: Person) -> None:
    tag = {"Key": world.plan.studio.profile_tag, "Value": other.user_id}
    world.client("sagemaker").add_tags(ResourceArn=_arn(world, person), Tags=[tag])


def _tag_role(world: World, person: Person, other: Person) -> None:
    tag = {"Key": world.plan.execution.role_tag, "Value": other.profile}
    world.client("iam").tag_role(RoleName=person.execution_role, Tags=[tag])


def _drop_profile_tag(person: Person, world: World) -> None:
    world.client("sagemaker").delete_tags(ResourceArn=_arn(world, person), TagKeys=[world.plan.studio.profile_tag])


def _drop_role_tag(person: Person, world: World) -> None:
    world.client("iam").untag_role(RoleName=person.execution_role, TagKeys=[world.plan.execution.role_tag])


def _bound(one: Person, other: Person) -> Mutant:
    def change(world: World) -> None:
        world.client("sagemaker").update_user_profile(
            DomainId=world.estate.domain_id,
            UserProfileName=one.profile,
            UserSettings={"ExecutionRole": world.plan.role_arn(other.execution_role)},
        )

    return Mutant(
        f"profile: {one.profile} runs as {other.execution_role}", "profile", "bind another role",
        f"profile {one.name}", Touches(BOTH, names([one.name, other.name]), STUDIO, names([one.profile])), change,
    )  # fmt: skip


def _memberships(world: World) -> Iterator[Mutant]:
    way = world.plan.sign_in.iam_user
    for person in world.plan.people_by_sign_in("iam_user") if way else ():
        assert way is not None

        def change(world: World, group: str = way.group, user: str = person.user_id) -> None:
            world.client("iam").remove_user_from_group(GroupName=group, UserName=user)

        yield Mutant(
            f"group: {person.name} left out", "group", "drop member", f"group {person.name}",
            Touches(frozenset({"console"}), names([person.name]), STUDIO, names([way.group])), change,
        )  # fmt: skip


def _attached(world: World) -> Iterator[Mutant]:
    """An AWS managed policy attached to the group, to a stand-in, to an execution role, to the default role."""
    plan = world.plan
    for policy in FULL_ACCESS:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        if plan.sign_in.iam_user is not None:
            people = names(person.name for person in plan.people_by_sign_in("iam_user"))
            yield _attach(plan.sign_in.iam_user.group, arn, "console", people, group=True)
        for person in plan.people:
            yield _attach(person.execution_role, arn, "execution", names([person.name]))
            if person.stand_in_role is not None:
                yield _attach(person.stand_in_role, arn, "console", names([person.name]))
        yield _attach(plan.studio.default_execution_role.name, arn, "harness", frozenset())


def _attach(holder: str, arn: str, kind: str, people: frozenset[str], group: bool = False) -> Mutant:
    def change(world: World) -> None:
        if group:
            world.client("iam").attach_group_policy(GroupName=holder, PolicyArn=arn)
        else:
            world.client("iam").attach_role_policy(RoleName=holder, PolicyArn=arn)

    policy = arn.rpartition("/")[2]
    return Mutant(
        f"attached policy: {policy} on {holder}", "attached policy", "attach policy", f"attached {holder} {policy}",
        Touches(frozenset({kind}), people, frozenset({"*"}), names([holder])), change,
    )  # fmt: skip


def _no_identity(world: World) -> None:
    world.client("sagemaker").update_domain(
        DomainId=world.estate.domain_id,
        DomainSettingsForUpdate={"ExecutionRoleIdentityConfig": "DISABLED"},
    )
