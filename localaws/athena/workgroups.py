"""Workgroups and their tags. Source: Athena API reference; Athena User Guide, "Use workgroups"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localaws.athena.locations import checked_location, invalid
from localaws.athena.state import PRIMARY, WorkGroup, default_configuration, engine_version, is_spark
from localaws.errors import not_implemented

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call, Handler

Output = Mapping[str, Any]
UNSERVED = (
    "AdditionalConfiguration",
    "ExecutionRole",
    "MonitoringConfiguration",
    "EngineConfiguration",
    "CustomerContentEncryptionConfiguration",
    "EnableMinimumEncryptionConfiguration",
    "IdentityCenterConfiguration",
    "QueryResultsS3AccessGrantsConfiguration",
    "SystemTableStatuses",
)
LEAST_CUTOFF = 10_000_000
"""BytesScannedCutoffPerQuery, minimum (Athena API reference, WorkGroupConfiguration)."""


def create_work_group(account: Account, call: Call) -> Output:
    """CreateWorkGroup."""
    params = call.params
    name = params["Name"]
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,128}", name):
        raise invalid(f"Invalid workgroup name: {name[:128]}", "INVALID_INPUT")
    given = params.get("Configuration") or {}
    _check(given, "CreateWorkGroup")
    configuration = {**default_configuration(), "EnforceWorkGroupConfiguration": True, **given}
    configuration["EngineVersion"] = engine_version(given)
    tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or ()}
    with account.athena.lock:
        if name in account.athena.state.workgroups:
            raise invalid(f"WorkGroup {name} is already created", "INVALID_INPUT")
        account.athena.state.workgroups[name] = WorkGroup(
            name, account.clock.now(), configuration, params.get("Description") or "", "ENABLED", tags
        )
    return {}


def _check(configuration: Mapping[str, Any], operation: str) -> None:
    spark = is_spark(configuration)
    if spark and not configuration.get("ExecutionRole"):
        raise invalid("executionRole is null or empty", "INVALID_INPUT")
    for member in UNSERVED:
        if configuration.get(member) and not (spark and member == "ExecutionRole"):
            raise not_implemented("athena", f"{operation}.{member}")
    location = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    if location is not None:
        checked_location(location)
    managed = (configuration.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")
    if managed and location:
        raise invalid("OutputLocation cannot be set with managed query results", "INVALID_INPUT")
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and cutoff < LEAST_CUTOFF:
        raise invalid(f"BytesScannedCutoffPerQuery must be at least {LEAST_CUTOFF}", "INVALID_INPUT")


def _workgroup(account: Account, name: str) -> WorkGroup:
    workgroup = account.athena.state.workgroups.get(name)
    if workgroup is None:
        raise invalid(f"WorkGroup {name} is not found.", "WORKGROUP_NOT_FOUND")
    return workgroup


def get_work_group(account: Account, call: Call) -> Output:
    """GetWorkGroup."""
    with account.athena.lock:
        workgroup = _workgroup(account, call.params["WorkGroup"])
        document = {
            "Name": workgroup.name,
            "State": workgroup.state,
            "Configuration": workgroup.configuration,
            "CreationTime": workgroup.created,
        }
        if workgroup.description:
            document["Description"] = workgroup.description
        return {"WorkGroup": document}


def list_work_groups(account: Account, call: Call) -> Output:
    """ListWorkGroups, by name, 50 a page."""
    most = call.params.get("MaxResults") or 50
    after = call.params.get("NextToken") or ""
    with account.athena.lock:
        names = sorted(n for n in account.athena.state.workgroups if n > after)
        listed = [
            {
                "Name": w.name,
                "State": w.state,
                "Description": w.description,
                "CreationTime": w.created,
                "EngineVersion": w.configuration["EngineVersion"],
            }
            for w in (account.athena.state.workgroups[n] for n in names[:most])
        ]
    answer: dict[str, Any] = {"WorkGroups": listed}
    if len(names) > most:
        answer["NextToken"] = names[most - 1]
    return answer


def update_work_group(account: Account, call: Call) -> Output:
    """UpdateWorkGroup: members that are given replace the former; ``Remove...`` takes one away."""
    params = call.params
    updates = params.get("ConfigurationUpdates") or {}
    with account.athena.lock:
        workgroup = _workgroup(account, params["WorkGroup"])
        configuration = dict(workgroup.configuration)
        results = dict(configuration.get("ResultConfiguration") or {})
        for member, value in (updates.get("ResultConfigurationUpdates") or {}).items():
            _update(results, member, value)
        managed = dict(configuration.get("ManagedQueryResultsConfiguration") or {})
        for member, value in (updates.get("ManagedQueryResultsConfigurationUpdates") or {}).items():
            _update(managed, member, value)
        for member, value in updates.items():
            if not member.endswith("ConfigurationUpdates"):
                _update(configuration, member, value)
        engine = workgroup.configuration["EngineVersion"]
        if engine != engine_version(configuration):
            raise not_implemented("athena", "UpdateWorkGroup.EngineVersion between SQL and Spark")
        configuration["ResultConfiguration"] = results
        if managed:
            configuration["ManagedQueryResultsConfiguration"] = managed
        configuration["EngineVersion"] = engine
        _check(configuration, "UpdateWorkGroup")
        workgroup.configuration = configuration
        if params.get("Description") is not None:
            workgroup.description = params["Description"]
        workgroup.state = params.get("State") or workgroup.state
    return {}


def _update(configuration: dict[str, Any], member: str, value: Any) -> None:
    if not member.startswith("Remove"):
        configuration[member] = value
    elif value:
        configuration.pop(member.removeprefix("Remove"), None)


def delete_work_group(account: Account, call: Call) -> Output:
    """DeleteWorkGroup: one that holds anything only with RecursiveDeleteOption; ``primary`` never."""
    name = call.params["WorkGroup"]
    with account.athena.lock:
        state = account.athena.state
        _workgroup(account, name)
        if name == PRIMARY:
            raise invalid("Primary WorkGroup cannot be deleted", "INVALID_INPUT")
        queries = {i for i, e in state.executions.items() if e.workgroup == name}
        named = [i for i, n in state.named.items() if n.workgroup == name]
        kept = [key for key in state.prepared if key[0] == name]
        if (queries or named or kept) and not call.params.get("RecursiveDeleteOption"):
            raise invalid(f"WorkGroup {name} is not empty", "INVALID_INPUT")
        for query_id in named:
            del state.named[query_id]
        for key in kept:
            del state.prepared[key]
        for query_id in queries:  # whoever makes a workgroup of this name later gets none of them
            account.athena.stop(query_id)
            del state.executions[query_id]
            state.managed.pop(query_id, None)
        for key in [k for k, (_, query_id) in state.tokens.items() if query_id in queries]:
            del state.tokens[key]
        del state.workgroups[name]
    return {}


def _tagged(account: Account, arn: str) -> WorkGroup:
    base = f"arn:aws:athena:{account.region}:{account.account_id}:workgroup/"
    if not arn.startswith(base):
        raise not_implemented("athena", f"tags of {arn[:200]}")
    workgroup = account.athena.state.workgroups.get(arn.removeprefix(base))
    if workgroup is None:
        from localaws.errors import AwsError

        raise AwsError("ResourceNotFoundException", f"Resource {arn} not found", members={"ResourceName": arn})
    return workgroup


def tag_resource(account: Account, call: Call) -> Output:
    """TagResource, of workgroups."""
    with account.athena.lock:
        workgroup = _tagged(account, call.params["ResourceARN"])
        workgroup.tags |= {tag["Key"]: tag.get("Value", "") for tag in call.params["Tags"]}
    return {}


def untag_resource(account: Account, call: Call) -> Output:
    """UntagResource, of workgroups."""
    with account.athena.lock:
        workgroup = _tagged(account, call.params["ResourceARN"])
        for key in call.params["TagKeys"]:
            workgroup.tags.pop(key, None)
    return {}


def list_tags_for_resource(account: Account, call: Call) -> Output:
    """ListTagsForResource, of workgroups."""
    with account.athena.lock:
        workgroup = _tagged(account, call.params["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(workgroup.tags.items())]}


HANDLERS: dict[str, Handler] = {
    "CreateWorkGroup": create_work_group,
    "DeleteWorkGroup": delete_work_group,
    "GetWorkGroup": get_work_group,
    "ListTagsForResource": list_tags_for_resource,
    "ListWorkGroups": list_work_groups,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateWorkGroup": update_work_group,
}
