"""Finds what dead runs left, from the account alone: by the tags ``lakeproof:run`` and ``lakeproof:expires``.

What takes no tags is found by what carries them: a group by its path, a registered location by its bucket, a permission
by its role, an Identity Center user by its type. Account-wide settings cannot be found so: a journal restores them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.target import Target
from provision import federation, grants, lake, people, principals, results, settings, studio, trail
from provision.create import harness_arn
from provision.journal import Journal, RunHeader
from provision.site import DESCRIPTION, EXPIRES_TAG, RUN_TAG, Kind, Progress, Site, absent

Found = tuple[Kind, str, Mapping[str, Any], Mapping[str, Any]]
"""Kind, id, what undoing it needs, what making it answered: an entry of a journal."""

_REQUEST = ("Principal", "Resource", "Permissions", "PermissionsWithGrantOption")


@dataclass
class DeadRun:
    """A run whose time is over, and what is left of it."""

    run_id: str
    expires: str
    found: list[Found] = field(default_factory=list)


def expired(target: Target, progress: Progress, now: datetime | None = None) -> list[DeadRun]:
    """Every run of this account and Region whose tag ``lakeproof:expires`` has passed, oldest first. Reads only."""
    site = Site(target, _unwritten(target, "", ""), progress)
    moment = (now or datetime.now(UTC)).isoformat().replace("+00:00", "Z")
    dead: dict[str, DeadRun] = {}
    progress("looking for things that a run made and whose time is over")
    for tags, found in _tagged(site):
        run_id, expires = tags.get(RUN_TAG), tags.get(EXPIRES_TAG)
        if run_id and expires and expires < moment:
            dead.setdefault(run_id, DeadRun(run_id, expires)).found.append(found)
    for run in dead.values():
        run.found += _untagged(site, run)
    return sorted(dead.values(), key=lambda run: run.expires)


def written(run: DeadRun, target: Target, run_dir: Path) -> Journal:
    """A journal of what was found, so that it is undone, and can be undone again, like any other run."""
    journal = Journal.start(run_dir, _unwritten(target, run.run_id, run.expires).header)
    entries = journal.begin([(kind.name, id, undo) for kind, id, undo, _ in run.found])
    for entry, (_, _, _, made) in zip(entries, run.found, strict=True):
        journal.made(entry, made)
    return journal


def _unwritten(target: Target, run_id: str, expires: str) -> Journal:
    return Journal(
        Path("unwritten"),
        RunHeader(
            run_id=run_id,
            plan="",
            plan_sha256="",
            account_id=target.account_id,
            region=target.region,
            endpoint_url=target.endpoint_url,
            profile=target.profile,
            harness_arn=harness_arn(target),
            external_id="",
            started="",
            expires=expires,
        ),
    )


def _tagged(site: Site) -> Iterator[tuple[dict[str, str], Found]]:
    """Everything that carries tags, with them."""
    iam, s3, athena = site.client("iam"), site.client("s3"), site.client("athena")
    nothing: Mapping[str, Any] = {}
    for role in _all(iam, "list_roles", "Roles"):
        if role.get("Description") == DESCRIPTION:
            yield (
                _map(iam.list_role_tags(RoleName=role["RoleName"])["Tags"]),
                (principals.ROLE, role["RoleName"], {"attached": [], "inline": []}, nothing),
            )
    for policy in _all(iam, "list_policies", "Policies", Scope="Local"):
        yield (
            _map(iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"]),
            (principals.POLICY, policy["PolicyName"], nothing, nothing),
        )
    for user in _all(iam, "list_users", "Users"):
        yield (
            _map(iam.list_user_tags(UserName=user["UserName"])["Tags"]),
            (principals.USER, user["UserName"], nothing, nothing),
        )
    for bucket in s3.list_buckets()["Buckets"]:
        tags = _or_none(s3.get_bucket_tagging, Bucket=bucket["Name"])
        yield _map(tags["TagSet"] if tags else ()), (lake.BUCKET, bucket["Name"], nothing, nothing)
    for database in _all(site.client("glue"), "get_databases", "DatabaseList"):
        yield dict(database.get("Parameters", {})), (lake.DATABASE, database["Name"], nothing, nothing)
    for name in results.workgroups(site):
        tags = athena.list_tags_for_resource(ResourceARN=results.workgroup_arn(site, name))
        yield _map(tags["Tags"]), (results.WORKGROUP, name, nothing, nothing)
    for secret in _all(site.client("secretsmanager"), "list_secrets", "SecretList"):
        yield _map(secret.get("Tags", ())), (people.SECRET, secret["Name"], nothing, nothing)
    for domain in studio.domains(site):
        yield (
            _map(site.client("sagemaker").list_tags(ResourceArn=domain["DomainArn"])["Tags"]),
            (studio.DOMAIN, domain["DomainName"], nothing, {"domain_id": domain["DomainId"]}),
        )
    for found in trail.trails(site):
        yield _map(trail.tags(site, found["TrailARN"])), (trail.TRAIL, found["Name"], nothing, nothing)
    for instance in _instances(site):
        for found in federation.permission_sets(site, instance["InstanceArn"]):
            tags = site.client("sso-admin").list_tags_for_resource(
                InstanceArn=instance["InstanceArn"], ResourceArn=found["PermissionSetArn"]
            )["Tags"]
            yield (
                _map(tags),
                (
                    federation.PERMISSION_SET,
                    found["Name"],
                    {"instance": instance["InstanceArn"]},
                    {"arn": found["PermissionSetArn"]},
                ),
            )


def _untagged(site: Site, run: DeadRun) -> Iterator[Found]:
    """What takes no tags, by what it hangs on."""
    arns = {f"arn:aws:s3:::{id}" for kind, id, _, _ in run.found if kind is lake.BUCKET}
    roles = {principals.role_arn(site, id) for kind, id, _, _ in run.found if kind is principals.ROLE}
    sets = [(undo["instance"], made["arn"]) for kind, _, undo, made in run.found if kind is federation.PERMISSION_SET]
    for group in _all(site.client("iam"), "list_groups", "Groups", PathPrefix=f"/lakeproof/{run.run_id}/"):
        yield principals.GROUP, group["GroupName"], {"attached": []}, {}
    for place in settings.registered(site):
        if place["ResourceArn"] in arns:
            yield lake.LOCATION, place["ResourceArn"], {}, {}
    for grant in settings.permissions(site):
        holder = grant["Principal"]["DataLakePrincipalIdentifier"]
        if holder in roles:
            request = {key: grant[key] for key in _REQUEST}
            yield grants.GRANT, f"{holder} {json.dumps(grant['Resource'], sort_keys=True)}", request, {}
    for instance, permission_set in sets:
        yield from _assignments(site, instance, permission_set)
    for instance in _instances(site):
        store = instance["IdentityStoreId"]
        for user in _all(site.client("identitystore"), "list_users", "Users", IdentityStoreId=store):
            if user.get("UserType") == f"lakeproof:{run.run_id}":
                yield federation.IDENTITY_USER, user["UserName"], {"store": store}, {"user": user["UserId"]}


def _assignments(site: Site, instance: str, permission_set: str) -> Iterator[Found]:
    sso, account = site.client("sso-admin"), site.target.account_id
    for given in _all(
        sso,
        "list_account_assignments",
        "AccountAssignments",
        InstanceArn=instance,
        AccountId=account,
        PermissionSetArn=permission_set,
    ):
        request = {
            "InstanceArn": instance,
            "PermissionSetArn": permission_set,
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PrincipalType": given["PrincipalType"],
            "PrincipalId": given["PrincipalId"],
        }
        yield federation.ASSIGNMENT, given["PrincipalId"], request, {}


def _instances(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.client("sso-admin").list_instances()["Instances"]
    return found


def _all(client: Any, operation: str, member: str, **query: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**query):
        yield from page[member]


def _map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _or_none(call: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any] | None:
    try:
        return call(**arguments)
    except ClientError as error:
        if not absent(error):
            raise
        return None
