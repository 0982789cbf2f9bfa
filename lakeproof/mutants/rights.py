"""What every identity of the plan may do, as the account's policy simulator decides it: the evaluator's opinion.

Only for survivors: what no probe notices may still be a right that nobody has tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3

from lakeproof.mutants.world import World
from lakeproof.plan import Person

SERVICES = ("athena", "cloudtrail", "glue", "iam", "lakeformation", "s3", "sagemaker", "sts")
A_CALL = 400
"""So many actions are simulated in one call."""
DECISIONS = {"explicitDeny": "denied", "implicitDeny": "denied", "allowed": "allowed"}
"""What decides about access: which of two locks holds is what probes tell apart, by their cause."""


def rights(world: World) -> Mapping[str, str]:
    """Decision by request: identity, action, resource, and whose profile tag the resource carries."""
    found: dict[str, str] = {}
    for person in world.plan.people:
        made = world.estate.person(person.name)
        console = made.user_arn or made.stand_in_role_arn
        for name, arn in (("at the console", console), ("in Studio", made.execution_role_arn)):
            for resource, tag in _resources(world, person):
                for action, decision in _decided(world, str(arn), resource, _context(world, person, tag)):
                    found[f"{person.name} {name} {action} {resource} {tag or ''}".strip()] = decision
    return found


def _decided(world: World, arn: str, resource: str, context: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    iam, service = world.client("iam"), resource.split(":")[2] if ":" in resource else ""
    actions = [each for each in _actions() if not service or each.startswith(f"{service}:")]
    for start in range(0, len(actions), A_CALL):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=arn,
            ActionNames=actions[start : start + A_CALL],
            ResourceArns=[resource],
            ContextEntries=context,
            MaxItems=1000,
        )
        for each in answer["EvaluationResults"]:
            yield each["EvalActionName"], DECISIONS[each["EvalDecision"]]


def _context(world: World, person: Person, tag: str | None) -> list[dict[str, Any]]:
    values = {"aws:ResourceAccount": world.estate.account_id, "aws:PrincipalAccount": world.estate.account_id}
    if person.sign_in == "iam_user":
        values["aws:username"] = person.user_id
    else:
        values[f"aws:PrincipalTag/{world.plan.studio.profile_tag}"] = person.user_id
    if tag is not None:
        values[f"sagemaker:ResourceTag/{world.plan.studio.profile_tag}"] = tag
    return [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in values.items()
    ]


def _resources(world: World, person: Person) -> Iterator[tuple[str, str | None]]:
    """Resources of every service, own and another's, with the tag that they carry."""
    estate = world.estate
    place = f"{estate.region}:{estate.account_id}"
    other = next((each for each in world.plan.people if each.name != person.name), person)
    yield "*", None
    for owner in {person.name: person, other.name: other}.values():
        yield estate.person(owner.name).profile_arn, owner.user_id
        yield f"arn:aws:sagemaker:{place}:app/{estate.domain_id}/{owner.profile}/KernelGateway/app", None
        yield f"arn:aws:athena:{place}:workgroup/{owner.workgroup}", None
        yield f"arn:aws:s3:::{estate.results_bucket}/{owner.results_prefix}file", None
        yield estate.person(owner.name).execution_role_arn, None
    yield estate.domain_arn, None
    yield f"arn:aws:sagemaker:{place}:notebook-instance/other", None
    yield f"arn:aws:athena:{place}:datacatalog/AwsDataCatalog", None
    yield f"arn:aws:athena:{place}:datacatalog/other", None
    if estate.trail:
        yield f"arn:aws:cloudtrail:{place}:trail/{estate.trail.decoy_prefix}other", None
    for kind in ("catalog", "database/other", f"table/{estate.database}/other"):
        yield f"arn:aws:glue:{place}:{kind}", None
    logs = [estate.trail.log_bucket] if estate.trail else []
    for bucket in (estate.lake_bucket, estate.results_bucket, *logs, "another-bucket"):
        yield f"arn:aws:s3:::{bucket}", None
        yield f"arn:aws:s3:::{bucket}/file", None


@cache
def _actions() -> tuple[str, ...]:
    """Every operation of the services as an action."""
    session = boto3.Session()
    models = {service: session.client(service, region_name="us-east-1").meta.service_model for service in SERVICES}
    return tuple(f"{service}:{name}" for service, model in models.items() for name in model.operation_names)
