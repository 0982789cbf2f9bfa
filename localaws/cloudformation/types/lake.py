"""AWS::LakeFormation::Resource, DataLakeSettings, DataCellsFilter, Tag and TagAssociation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
LF = "lakeformation"
SETTINGS = {
    "CreateDatabaseDefaultPermissions": "CreateDatabaseDefaultPermissions",
    "CreateTableDefaultPermissions": "CreateTableDefaultPermissions",
    "Parameters": "Parameters",
    "TrustedResourceOwners": "TrustedResourceOwners",
    "AllowExternalDataFiltering": "AllowExternalDataFiltering",
    "AllowFullTableExternalDataAccess": "AllowFullTableExternalDataAccess",
    "AuthorizedSessionTagValueList": "AuthorizedSessionTagValueList",
    "ExternalDataFilteringAllowList": "ExternalDataFilteringAllowList",
}
ADMINS = {"Admins": "DataLakeAdmins", "ReadOnlyAdmins": "ReadOnlyAdmins"}


def _registration(wanted: Properties) -> dict[str, Any]:
    names = ("ResourceArn", "RoleArn", "WithFederation", "HybridAccessEnabled")
    return {name: wanted[name] for name in names if name in wanted}


def _create_resource(work: Work, wanted: Properties) -> None:
    linked = {"UseServiceLinkedRole": wanted["UseServiceLinkedRole"]}
    work.call(LF, "RegisterResource", {**_registration(wanted), **linked})
    work.born(wanted["ResourceArn"], Id=wanted["ResourceArn"])


def _update_resource(work: Work, wanted: Properties) -> None:
    if "RoleArn" not in wanted:
        raise Failed("A registered location returns to the service-linked role only by another registration")
    work.call(LF, "UpdateResource", _registration(wanted))


def _delete_resource(work: Work) -> None:
    work.remove(LF, "DeregisterResource", {"ResourceArn": work.held.physical_id})


def _create_settings(work: Work, wanted: Properties) -> None:
    _settle(work, {}, wanted)
    work.born(f"{work.account.account_id}-settings", Id=work.account.account_id)


def _update_settings(work: Work, wanted: Properties) -> None:
    _settle(work, work.held.properties, wanted)


def _settle(work: Work, former: Properties, wanted: Properties) -> None:
    """What the template says replaces what is there; administrators are added with MutationType APPEND."""
    settings = dict(work.call(LF, "GetDataLakeSettings", {})["DataLakeSettings"])
    for name, member in SETTINGS.items():
        if name in wanted:
            settings[member] = wanted[name]
    for name, member in ADMINS.items():
        if name not in wanted and name not in former:
            continue
        held = [one for one in settings.get(member, []) if one not in former.get(name, [])]
        base = held if wanted.get("MutationType") == "APPEND" or name not in wanted else []
        settings[member] = base + [one for one in wanted.get(name, []) if one not in base]
    work.call(LF, "PutDataLakeSettings", {"DataLakeSettings": settings})


def _delete_settings(work: Work) -> None:
    """The administrators that the resource named are none any more; the other settings stay [inferred]."""
    _settle(work, work.held.properties, {})


def _filter(properties: Properties) -> dict[str, str]:
    return {name: properties[name] for name in ("TableCatalogId", "DatabaseName", "TableName", "Name")}


def _create_filter(work: Work, wanted: Properties) -> None:
    work.call(LF, "CreateDataCellsFilter", {"TableData": wanted})
    work.born("|".join(_filter(wanted).values()))


def _update_nothing(work: Work, wanted: Properties) -> None:
    raise Failed(f"{work.held.type} has no property that can be changed in place")


def _delete_filter(work: Work) -> None:
    work.remove(LF, "DeleteDataCellsFilter", _filter(work.held.properties))


def _create_tag(work: Work, wanted: Properties) -> None:
    work.call(LF, "CreateLFTag", wanted)
    work.born(wanted["TagKey"])


def _update_tag(work: Work, wanted: Properties) -> None:
    before, after = set(work.held.properties["TagValues"]), set(wanted["TagValues"])
    work.call(
        LF,
        "UpdateLFTag",
        {
            "TagKey": wanted["TagKey"],
            "TagValuesToAdd": sorted(after - before) or None,
            "TagValuesToDelete": sorted(before - after) or None,
        },
    )


def _delete_tag(work: Work) -> None:
    work.remove(LF, "DeleteLFTag", {"TagKey": work.held.physical_id})


def _create_association(work: Work, wanted: Properties) -> None:
    answer = work.call(LF, "AddLFTagsToResource", wanted)
    if answer.get("Failures"):
        raise Failed(str(answer["Failures"][0]["Error"]["ErrorMessage"]))
    resource, tags = str(wanted["Resource"]), str(wanted["LFTags"])
    work.born(f"{resource}|{tags}", ResourceIdentifier=resource, TagsIdentifier=tags)


def _delete_association(work: Work) -> None:
    work.remove(LF, "RemoveLFTagsFromResource", work.held.properties)


TYPES = {
    "AWS::LakeFormation::Resource": ResourceType(_create_resource, _update_resource, _delete_resource),
    "AWS::LakeFormation::DataLakeSettings": ResourceType(_create_settings, _update_settings, _delete_settings),
    "AWS::LakeFormation::DataCellsFilter": ResourceType(_create_filter, _update_nothing, _delete_filter),
    "AWS::LakeFormation::Tag": ResourceType(_create_tag, _update_tag, _delete_tag),
    "AWS::LakeFormation::TagAssociation": ResourceType(_create_association, _update_nothing, _delete_association),
}
