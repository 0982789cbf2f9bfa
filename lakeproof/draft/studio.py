"""The Studio domain, where results go, the trail, and the reader of everything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lakeproof.draft.facts import Draft, Someone, Subjects, managed, name_of, own

EMPTY = {"Version": "2012-10-17", "Statement": []}


class DraftError(Exception):
    """The account holds nothing that a plan could be drafted from, or several of what there may be one."""


def studio(subjects: Subjects, domain: str, tag: str, draft: Draft) -> dict[str, Any]:
    """The domain as the plan says it."""
    facts = subjects["domains"][domain]
    role = name_of((facts.get("DefaultUserSettings") or {}).get("ExecutionRole"))
    known = subjects["roles"].get(role, {})
    if named := own(known.get("policies", {})):
        draft.review("studio", f"the domain's default role has policies that a plan cannot say: {', '.join(named)}")
    identity = facts["ExecutionRoleIdentityConfig"]
    if identity != "USER_PROFILE_NAME":
        draft.review("studio", "sessions do not name their profile in CloudTrail (F11): source_identity is off")
    return {
        "domain": domain,
        "vpc_id": facts["VpcId"],
        "subnet_ids": list(facts["SubnetIds"]),
        "profile_tag": tag,
        "source_identity": identity == "USER_PROFILE_NAME",
        "default_execution_role": {
            "name": role or "ROLE",
            "trust": draft.file("trust-default", known.get("trust", {}).get("document", EMPTY)),
            "managed_policies": managed(known.get("policies", {})),
        },
    }


def results(subjects: Subjects, people: Sequence[Someone], told: list[dict[str, Any]], draft: Draft) -> dict[str, Any]:
    """Where results go. Fills in each person's workgroup and prefix in ``told``."""
    buckets = set()
    for each, person in zip(people, told, strict=True):
        name = next((one for one in (each.profile, each.user_id) if one in subjects["workgroups"]), None)
        if name is None:
            draft.review("results", f"no workgroup is named like {each.profile}: which one is theirs alone (F4, F5)?")
            continue
        bucket, prefix = _place(subjects["workgroups"][name])
        if not bucket:
            draft.review("results", f"workgroup {name} enforces no result location")
            continue
        buckets.add(bucket)
        person |= {"workgroup": name, "results_prefix": prefix}
    if len(buckets) > 1:
        draft.review("results", f"results lie in several buckets, and a plan says one: {', '.join(sorted(buckets))}")
    return {"bucket": min(buckets, default="RESULTS-BUCKET")}


def _place(workgroup: Mapping[str, Any]) -> tuple[str, str]:
    location = (workgroup.get("Configuration") or {}).get("ResultConfiguration", {}).get("OutputLocation") or ""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/"


def audit(subjects: Subjects, draft: Draft) -> dict[str, Any]:
    """The trail to adopt: one that records all Regions and signs its files."""
    good = {
        arn: each
        for arn, each in subjects["trails"].items()
        if each.get("IsMultiRegionTrail") and each.get("LogFileValidationEnabled") and each.get("IsLogging")
    }
    if len(good) != 1:
        told = ", ".join(map(name_of, good)) or "none"
        draft.review("audit", f"trails that log all Regions and sign their files: {told}; one of them is to be adopted")
    if not good:
        return {"trail": "none"}
    arn = min(good)
    return {"trail": "adopt", "name": name_of(arn), "log_bucket": good[arn]["S3BucketName"]}


def control_reader(subjects: Subjects, tables: Sequence[str], people: Sequence[Someone], draft: Draft) -> Any:
    """A role that may read every column and is nobody's: the twin of last resort. None if there is none."""
    reads: dict[str, set[str]] = {}
    for facts in subjects["permissions"].values():
        whole = (
            facts["columns"] is None and not facts["excluded"] and not facts["name"] and ":role/" in facts["principal"]
        )
        if whole and "SELECT" in facts["permissions"]:
            reads.setdefault(name_of(facts["principal"]), set()).add(facts["table"])
    theirs = {each.role for each in people}
    for role, read in sorted(reads.items()):
        policies = own(subjects["roles"].get(role, {}).get("policies", {}))
        if role in theirs or not read >= set(tables) or len(policies) != 1:
            continue
        [(name, policy)] = policies.items()
        text = json.dumps(policy["document"])
        places = {one: _place(facts) for one, facts in subjects["workgroups"].items() if f'workgroup/{one}"' in text}
        for workgroup, (bucket, prefix) in places.items():
            if bucket:
                draft.review("verification", f"{role} is taken for the control reader: it reads everything, for nobody")
                trust = draft.file("trust-control-reader", subjects["roles"][role]["trust"]["document"])
                file = draft.file("control-reader", policy["document"])
                return {
                    "role": role,
                    "trust": trust,
                    "policy": {"name": name, "file": file},
                    "workgroup": workgroup,
                    "prefix": prefix,
                }
    return None
