"""Lake Formation's ``Resource`` shape (a union) to our resource, and back as ListPermissions shows it.

``SELECT`` on a whole table is listed as a row of its own, TableWithColumns with an empty ColumnWildcard; a table
wildcard is listed with the name ALL_TABLES (observed, as noted in Terraform's AWS provider).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from localaws.errors import AwsError, not_implemented
from localaws.lakeformation.model import ALL_TABLES_NAME, CATALOG, Grant, Kind, Resource

Shape = Mapping[str, Any]

_LOCATION = re.compile(r"s3[an]?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/([^/?#\x00-\x1f\x7f][^?#\x00-\x1f\x7f]*)?)?")


def parsed(shape: Shape, account_id: str) -> Resource:
    """The resource that a request names. Raises InvalidInputException unless exactly one member is set.

    Another account's catalog, and the members that the embedded account does not know, are refused by name.
    """
    named = [member for member in shape if shape[member] is not None]
    if len(named) != 1:
        raise invalid("Resource must have exactly one of the fields set.")
    member = named[0]
    parse = _PARSERS.get(member)
    if parse is None:
        raise not_implemented("lakeformation", f"Resource.{member}")
    content = shape[member]
    catalog = content.get("CatalogId") or content.get("TableCatalogId") or content.get("Id") or account_id
    own_catalog(catalog, account_id)
    return parse(content)


def own_catalog(catalog_id: str | None, account_id: str) -> None:
    """Refuse another account's catalog: cross-account sharing is not served."""
    if catalog_id is not None and catalog_id != account_id:
        raise not_implemented("lakeformation", "CatalogId", f"serves the account's own catalog only, not {catalog_id}")


def invalid(message: str) -> AwsError:
    """InvalidInputException with a message."""
    return AwsError("InvalidInputException", message)


def location_name(arn: str) -> str:
    """The ARN of an S3 location as we key it: without a final slash. Raises InvalidInputException otherwise."""
    if not arn.startswith("arn:aws:s3:::") or not arn.removeprefix("arn:aws:s3:::").strip("/"):
        raise invalid(f"Resource ARN is not a valid Amazon S3 location: {arn}")
    return arn.rstrip("/")


def uri_as_arn(uri: str) -> str:
    """``s3://bucket/prefix/`` as ``arn:aws:s3:::bucket/prefix``; an ARN stays one. Empty for anything else."""
    for scheme in ("s3://", "s3a://", "s3n://"):
        if uri.startswith(scheme):
            return "arn:aws:s3:::" + uri.removeprefix(scheme).rstrip("/")
    return uri.rstrip("/") if uri.startswith("arn:aws:s3:::") else ""


def strict_location(uri: str) -> bool:
    """Whether the URI is ``s3://bucket/key`` in the one spelling that everybody reads alike.

    The scheme and bucket in lower case, no empty first segment of the key, no query, fragment or control character.
    """
    return _LOCATION.fullmatch(uri) is not None


def _names(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.lower() for value in values))


def _table(content: Shape) -> Resource:
    database = content["DatabaseName"].lower()
    name = content.get("Name")
    if content.get("TableWildcard") is not None:
        if name is not None and name != ALL_TABLES_NAME:
            raise invalid("Table must have either a Name or a TableWildcard, not both.")
        return Resource(Kind.ALL_TABLES, database)
    if not name:
        raise invalid("Table must have a Name or a TableWildcard.")
    return Resource(Kind.TABLE, database, name.lower())


def _columns(content: Shape) -> Resource:
    database, table = content["DatabaseName"].lower(), content["Name"]
    names, wildcard = content.get("ColumnNames"), content.get("ColumnWildcard")
    if bool(names) == (wildcard is not None):
        raise invalid("TableWithColumns must have either ColumnNames or a ColumnWildcard.")
    if any("." in name for name in [*(names or ()), *((wildcard or {}).get("ExcludedColumnNames") or ())]):
        raise not_implemented("lakeformation", "TableWithColumns", "does not serve nested columns")
    if names:
        return Resource(Kind.COLUMNS, database, table.lower(), values=_names(names))
    excluded = _names((wildcard or {}).get("ExcludedColumnNames") or [])
    if excluded:
        return Resource(Kind.COLUMNS_EXCEPT, database, table.lower(), values=tuple(sorted(excluded)))
    if table == ALL_TABLES_NAME:
        return Resource(Kind.ALL_TABLES, database)
    return Resource(Kind.TABLE, database, table.lower())


def _filter(content: Shape) -> Resource:
    if not (content.get("DatabaseName") and content.get("TableName") and content.get("Name")):
        raise invalid("DataCellsFilter must have DatabaseName, TableName and Name.")
    return Resource(Kind.FILTER, content["DatabaseName"].lower(), content["TableName"].lower(), content["Name"])


def _tag(content: Shape) -> Resource:
    values = tuple(sorted({value.lower() for value in content["TagValues"]}))
    return Resource(Kind.TAG, name=content["TagKey"].lower(), values=values)


def expression(pairs: list[Shape]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """An LF-Tag expression, sorted by key and value. Raises InvalidInputException for a repeated key."""
    keys = [pair["TagKey"].lower() for pair in pairs]
    if not keys or len(set(keys)) != len(keys):
        raise invalid("An LF-Tag expression must name each LF-Tag key once.")
    return tuple(sorted((p["TagKey"].lower(), tuple(sorted({v.lower() for v in p["TagValues"]}))) for p in pairs))


def _policy(content: Shape) -> Resource:
    if content.get("ExpressionName"):
        raise not_implemented("lakeformation", "LFTagPolicy.ExpressionName", "(saved LF-Tag expressions)")
    kind = Kind.TAG_POLICY_DATABASE if content["ResourceType"] == "DATABASE" else Kind.TAG_POLICY_TABLE
    return Resource(kind, expression=expression(content.get("Expression") or []))


_PARSERS: dict[str, Callable[[Shape], Resource]] = {
    "Catalog": lambda content: CATALOG,
    "Database": lambda content: Resource(Kind.DATABASE, content["Name"].lower()),
    "Table": _table,
    "TableWithColumns": _columns,
    "DataLocation": lambda content: Resource(Kind.LOCATION, name=location_name(content["ResourceArn"])),
    "DataCellsFilter": _filter,
    "LFTag": _tag,
    "LFTagPolicy": _policy,
}


def rendered(resource: Resource, account_id: str, select: bool = False) -> dict[str, Any]:
    """The shape of a resource; ``select`` asks for the form in which SELECT on whole tables is listed."""
    table = {"CatalogId": account_id, "DatabaseName": resource.database, "Name": resource.table}
    match resource.kind:
        case Kind.CATALOG:
            return {"Catalog": {"Id": account_id}}
        case Kind.DATABASE:
            return {"Database": {"CatalogId": account_id, "Name": resource.database}}
        case Kind.TABLE:
            return {"TableWithColumns": {**table, "ColumnWildcard": {}}} if select else {"Table": table}
        case Kind.ALL_TABLES:
            named = {**table, "Name": ALL_TABLES_NAME}
            if select:
                return {"TableWithColumns": {**named, "ColumnWildcard": {}}}
            return {"Table": {**named, "TableWildcard": {}}}
        case Kind.COLUMNS:
            return {"TableWithColumns": {**table, "ColumnNames": list(resource.values)}}
        case Kind.COLUMNS_EXCEPT:
            wildcard = {"ExcludedColumnNames": list(resource.values)}
            return {"TableWithColumns": {**table, "ColumnWildcard": wildcard}}
        case Kind.LOCATION:
            return {"DataLocation": {"CatalogId": account_id, "ResourceArn": resource.name}}
        case Kind.FILTER:
            return {
                "DataCellsFilter": {
                    "TableCatalogId": account_id,
                    "DatabaseName": resource.database,
                    "TableName": resource.table,
                    "Name": resource.name,
                }
            }
        case Kind.TAG:
            return {"LFTag": {"CatalogId": account_id, "TagKey": resource.name, "TagValues": list(resource.values)}}
        case _:
            pairs = [{"TagKey": key, "TagValues": list(values)} for key, values in resource.expression]
            kind = "DATABASE" if resource.kind is Kind.TAG_POLICY_DATABASE else "TABLE"
            return {"LFTagPolicy": {"CatalogId": account_id, "ResourceType": kind, "Expression": pairs}}


def rows(grant: Grant, account_id: str) -> list[dict[str, Any]]:
    """The rows in which ListPermissions shows a grant: SELECT on whole tables apart from the rest."""
    if grant.resource.kind not in (Kind.TABLE, Kind.ALL_TABLES):
        return [_row(grant, rendered(grant.resource, account_id), grant.permissions)]
    rest = grant.permissions - {"SELECT"}
    listed = [_row(grant, rendered(grant.resource, account_id), rest)] if rest else []
    if "SELECT" in grant.permissions:
        shape = rendered(grant.resource, account_id, select=True)
        listed.append(_row(grant, shape, frozenset({"SELECT"})))
    return listed


def _row(grant: Grant, shape: dict[str, Any], permissions: frozenset[str]) -> dict[str, Any]:
    return {
        "Principal": {"DataLakePrincipalIdentifier": grant.principal},
        "Resource": shape,
        "Permissions": sorted(permissions),
        "PermissionsWithGrantOption": sorted(grant.grantable & permissions),
        "LastUpdated": grant.updated,
        "LastUpdatedBy": grant.updated_by,
    }
