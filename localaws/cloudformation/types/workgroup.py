"""AWS::Athena::WorkGroup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.types.tagging import retagged
from localaws.cloudformation.work import Refused, ResourceType, Work

Properties = Mapping[str, Any]


def _create(work: Work, wanted: Properties) -> None:
    name = wanted["Name"]
    params = {
        "Name": name,
        "Description": wanted.get("Description"),
        "Configuration": wanted.get("WorkGroupConfiguration"),
        "Tags": wanted.get("Tags"),
    }
    work.call("athena", "CreateWorkGroup", params)
    work.born(name)
    if wanted.get("State") == "DISABLED":
        work.call("athena", "UpdateWorkGroup", {"WorkGroup": name, "State": "DISABLED"})
    found = work.call("athena", "GetWorkGroup", {"WorkGroup": name})["WorkGroup"]
    version = found["Configuration"].get("EngineVersion", {}).get("EffectiveEngineVersion", "")
    work.held.attributes["CreationTime"] = str(found["CreationTime"].timestamp())
    work.held.attributes["WorkGroupConfiguration.EngineVersion.EffectiveEngineVersion"] = version


def _update(work: Work, wanted: Properties) -> None:
    former, name = work.held.properties, work.held.physical_id
    said = ("Description", "State", "WorkGroupConfiguration")
    if any(wanted.get(one) != former.get(one) for one in said):
        changes = _changes(former.get("WorkGroupConfiguration", {}), wanted.get("WorkGroupConfiguration", {}))
        params = {"Description": wanted.get("Description", ""), "State": wanted.get("State", "ENABLED")}
        work.call("athena", "UpdateWorkGroup", {"WorkGroup": name, **params, "ConfigurationUpdates": changes or None})
    changed, gone = retagged(former, wanted)
    arn = f"arn:aws:athena:{work.account.region}:{work.account.account_id}:workgroup/{name}"
    if gone:
        work.call("athena", "UntagResource", {"ResourceARN": arn, "TagKeys": gone})
    if changed:
        work.call("athena", "TagResource", {"ResourceARN": arn, "Tags": changed})


def _changes(former: Properties, wanted: Properties) -> dict[str, Any]:
    """The configuration as UpdateWorkGroup takes it: what is no longer there is removed by a member of its own."""
    changes = {name: value for name, value in wanted.items() if name != "ResultConfiguration"}
    results, before = dict(wanted.get("ResultConfiguration", {})), former.get("ResultConfiguration", {})
    for name in ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration"):
        if name in before and name not in results:
            results[f"Remove{name}"] = True
    if results:
        changes["ResultConfigurationUpdates"] = results
    if "BytesScannedCutoffPerQuery" in former and "BytesScannedCutoffPerQuery" not in wanted:
        changes["RemoveBytesScannedCutoffPerQuery"] = True
    return changes


def _delete(work: Work) -> None:
    recursive = work.held.properties.get("RecursiveDeleteOption", False)
    params = {"WorkGroup": work.held.physical_id, "RecursiveDeleteOption": recursive}
    try:
        work.remove("athena", "DeleteWorkGroup", params)
    except Refused as refused:
        if "is not found" not in str(refused):
            raise


TYPES = {"AWS::Athena::WorkGroup": ResourceType(_create, _update, _delete)}
