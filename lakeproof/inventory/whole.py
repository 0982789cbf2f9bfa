"""Everything that decides who may see and do what, as one document: every page of every list, counted, in one order.

    {"schema_version": 1, "account": …, "region": …, "counts": {subject: n}, "subjects": {subject: {name: facts}}}

Two accounts that hold the same give the same document: no times, no random ids beside the ARNs that carry them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lakeproof.inventory import athena, identity, lake, studio, trails
from lakeproof.inventory.standing import standing
from lakeproof.target import Target

SCHEMA_VERSION = 1
Things = dict[str, Any]
"""Facts by name."""


def read(target: Target) -> dict[str, Any]:
    """Read the account with the harness's rights. Raises botocore's errors: a part of an inventory is none."""
    found = {subject: dict(sorted(of(target).items())) for subject, of in SUBJECTS.items()}
    return {
        "schema_version": SCHEMA_VERSION,
        "account": target.account_id,
        "region": target.region,
        "counts": {subject: len(things) for subject, things in found.items()},
        "subjects": found,
    }


def sha256(document: Any) -> str:
    """Of a policy: over its JSON with sorted keys and no spaces, as hexadecimal text."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _settings(target: Target) -> Things:
    found = lake.settings(target.client("lakeformation"))
    return {name: _ordered(value) for name, value in found.items()}


def _permissions(target: Target) -> Things:
    return {str(row): asdict(row) for row in lake.permissions(target.client("lakeformation"))}


def _data_filters(target: Target) -> Things:
    client = target.client("lakeformation")
    return {
        f"{database}.{row.table}.{row.name}": asdict(row)
        for database in lake.databases(target.client("glue"))
        for row in lake.data_filters(client, database)
    }


def _lf_tags(target: Target) -> Things:
    return {key: list(values) for key, values in lake.lf_tags(target.client("lakeformation")).items()}


def _assigned_tags(target: Target) -> Things:
    glue, client = target.client("glue"), target.client("lakeformation")

    def read(database: str) -> Things:
        found = lake.assigned_tags(client, database, lake.tables(glue, database))
        return {".".join((database, *where)): dict(tags) for where, tags in found.items()}

    found = standing(lambda: lake.databases(glue), read)
    return {where: tags for _, assigned in found for where, tags in assigned.items()}


def _locations(target: Target) -> Things:
    return dict(lake.locations(target.client("lakeformation")))


def _tables(target: Target) -> Things:
    glue = target.client("glue")

    def read(database: str) -> Things:
        return {
            f"{database}.{name}": {
                "columns": [list(column) for column in lake.columns(table)],
                "location": table["StorageDescriptor"].get("Location"),
                "partitions": len(lake.partitions(glue, database, name)) if table.get("PartitionKeys") else 0,
            }
            for name, table in lake.tables(glue, database).items()
        }

    found = standing(lambda: lake.databases(glue), read)
    return {name: facts for _, tables in found for name, facts in tables.items()}


def _databases(target: Target) -> Things:
    return dict.fromkeys(lake.databases(target.client("glue")), True)


def _roles(target: Target) -> Things:
    iam = target.client("iam")
    found = standing(lambda: identity.role_names(iam), lambda name: identity.role(iam, name))
    return {name: _role(role) for name, role in found}


def _role(role: identity.Role) -> Things:
    return {
        "arn": role.arn,
        "tags": dict(sorted(role.tags.items())),
        "trust": {"sha256": sha256(role.trust), "document": role.trust},
        "policies": _policies((*role.inline, *role.attached)),
        "boundary": role.boundary,
    }


def _policies(policies: Iterable[identity.Policy]) -> Things:
    return {
        policy.name: {"arn": policy.arn, "sha256": sha256(policy.document), "document": policy.document}
        for policy in policies
    }


def _users(target: Target) -> Things:
    iam = target.client("iam")

    def read(name: str) -> Things:
        return {
            "groups": list(identity.user_groups(iam, name)),
            "policies": _policies(identity.own_policies(iam, name)),
        }

    return dict(standing(lambda: identity.user_names(iam), read))


def _groups(target: Target) -> Things:
    iam = target.client("iam")

    def read(name: str) -> Things:
        return {
            "members": list(identity.group_members(iam, name)),
            "policies": _policies(identity.group_policies(iam, name)),
        }

    return dict(standing(lambda: identity.group_names(iam), read))


def _workgroups(target: Target) -> Things:
    client = target.client("athena")
    found = standing(lambda: athena.workgroups(client), lambda name: athena.workgroup(client, name))
    return {name: {key: group.get(key) for key in ("State", "Configuration")} for name, group in found}


def _trails(target: Target) -> Things:
    return dict(trails.trails(target.client("cloudtrail")))


def _domains(target: Target) -> Things:
    client = target.client("sagemaker")
    found = standing(lambda: studio.domains(client), lambda each: studio.domain(client, each))
    return {domain["DomainName"]: _domain(domain) for _, domain in found}


def _domain(domain: Mapping[str, Any]) -> Things:
    members = ("DomainId", "Status", "AuthMode", "DefaultUserSettings", "VpcId", "SubnetIds", "AppNetworkAccessType")
    identity = (domain.get("DomainSettings") or {}).get("ExecutionRoleIdentityConfig")
    return {**{name: domain.get(name) for name in members}, "ExecutionRoleIdentityConfig": identity}


def _profiles(target: Target) -> Things:
    client = target.client("sagemaker")

    def listed() -> list[tuple[str, str]]:
        return [(each, name) for each in studio.domains(client) for name in studio.profile_names(client, each)]

    found = standing(listed, lambda where: studio.profile(client, *where))
    return {
        profile.name: {
            "arn": profile.arn,
            "status": profile.status,
            "execution_role": profile.execution_role_arn,
            "tags": dict(sorted(profile.tags.items())),
        }
        for _, profile in found
    }


def _ordered(value: Any) -> Any:
    """A list whose order means nothing, in one order."""
    return sorted(value, key=lambda each: json.dumps(each, sort_keys=True)) if isinstance(value, list) else value


SUBJECTS: Mapping[str, Callable[[Target], Things]] = {
    "data lake settings": _settings,
    "permissions": _permissions,
    "data filters": _data_filters,
    "LF-Tags": _lf_tags,
    "LF-Tag assignments": _assigned_tags,
    "locations": _locations,
    "databases": _databases,
    "tables": _tables,
    "roles": _roles,
    "users": _users,
    "groups": _groups,
    "workgroups": _workgroups,
    "trails": _trails,
    "domains": _domains,
    "profiles": _profiles,
}
