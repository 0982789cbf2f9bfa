"""What a plan says of each thing in an inventory, only to see whether two plans say the same of it.

That a thing *is* as its plan says is not judged here: the sign-off's scenarios do that. A change is said by the plan
when the two plans speak of the thing, and not alike; a stranger's thing is never said by any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from lakeproof.inventory.lake import IAM_ALLOWED_PRINCIPALS
from lakeproof.plan import Plan
from lakeproof.plan.parts import Part, Person
from lakeproof.plan.permissions import assigned_tags, data_filters, permissions

Thing = tuple[str, str]
"""Subject and name, as an inventory has them; for a permission the name is its principal."""


def sayings(plan: Plan) -> Mapping[Thing, list[Any]]:
    """Whatever a plan says of each thing that it names."""
    found: dict[Thing, list[Any]] = defaultdict(list)
    for subject, name, said in (*_people(plan), *_ways(plan), *_studio(plan), *_reader(plan), *_lake(plan)):
        found[subject, name].append(said)
    return found


def thing(subject: str, name: str, facts: Mapping[str, Any] | None) -> Thing:
    """The thing that an entry of an inventory is about."""
    return (subject, facts["principal"] if subject == "permissions" and facts else name)


Said = Iterator[tuple[str, str, Any]]


def _people(plan: Plan) -> Said:
    for person in plan.people:
        yield "roles", person.execution_role, (_part(plan, plan.execution), _person(plan, person))
        yield "profiles", person.profile, (plan.studio.profile_tag, _person(plan, person))
        yield "workgroups", person.workgroup, (_part(plan, plan.results), _person(plan, person))
        if person.sign_in == "iam_user":
            yield "users", person.user_id, (_part(plan, plan.sign_in.iam_user), _person(plan, person))
        if person.stand_in_role is not None:
            yield "roles", person.stand_in_role, (_part(plan, plan.sign_in.federated), _person(plan, person))


def _ways(plan: Plan) -> Said:
    users, federated = plan.sign_in.iam_user, plan.sign_in.federated
    if users is not None:
        members = sorted(person.user_id for person in plan.people_by_sign_in("iam_user"))
        yield "groups", users.group, (_part(plan, users), members)
    if federated is not None and federated.permission_set is not None:
        yield "roles", f"AWSReservedSSO_{federated.permission_set}_{{id}}", _part(plan, federated)


def _studio(plan: Plan) -> Said:
    yield "domains", plan.studio.domain, _part(plan, plan.studio)
    yield "roles", plan.studio.default_execution_role.name, _part(plan, plan.studio.default_execution_role)
    if plan.audit.has_trail:
        name = f"arn:aws:cloudtrail:{plan.region}:{plan.account_id}:trail/{plan.audit.name}"
        yield "trails", name, (_part(plan, plan.audit), plan.dataset.bucket, plan.results.bucket)


def _reader(plan: Plan) -> Said:
    reader = plan.verification.control_reader
    if reader is not None:
        yield "roles", reader.role, _part(plan, reader)
        yield "workgroups", reader.workgroup, _part(plan, reader)


def _lake(plan: Plan) -> Said:
    dataset, settings = plan.dataset, plan.account
    yield "databases", dataset.database, dataset.database
    yield "locations", f"arn:aws:s3:::{dataset.bucket}", dataset.bucket
    for table in dataset.tables:
        yield "tables", f"{dataset.database}.{table.name}", (_part(plan, table), dataset.bucket)
    for name in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"):
        yield "data lake settings", name, settings.iam_allowed_principals
    yield "permissions", IAM_ALLOWED_PRINCIPALS, settings.iam_allowed_principals
    for each in permissions(plan):
        yield "permissions", plan.role_arn(each.role), each
    for row in data_filters(plan):
        yield "data filters", f"{dataset.database}.{row.table}.{row.name}", row
    for key, values in plan.lf_tags.items():
        yield "LF-Tags", key, sorted(values)
    for where, tags in assigned_tags(plan).items():
        yield "LF-Tag assignments", ".".join((dataset.database, *where)), tags


def _part(plan: Plan, part: Part | None) -> Any:
    """A part of the plan with the texts of the policy files that it names."""
    dumped = part.model_dump(mode="json") if part is not None else None
    return dumped, [plan.documents[text] for text in _texts(dumped) if text in plan.documents]


def _person(plan: Plan, person: Person) -> Any:
    return person.model_dump(mode="json")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in _texts(each))
