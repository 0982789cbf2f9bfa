"""Where catalog objects may lie: the form of a location, and Lake Formation's say about it.

Sources: Lake Formation developer guide, 'Underlying data access control' (DATA_LOCATION_ACCESS). That only one
spelling of a location is taken is stricter than AWS: what is checked must be what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localaws.lakeformation import denials
from localaws.lakeformation.resources import invalid, strict_location, uri_as_arn
from localaws.lakeformation.service import principal_of, within

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.caller import Caller

Document = Mapping[str, Any]


def location_of(document: Document) -> str:
    """The storage descriptor's location of a table or partition, empty if it has none."""
    return (document.get("StorageDescriptor") or {}).get("Location") or ""


def check_form(uri: str | None) -> None:
    """Raises InvalidInputException for a location that is given and is not plainly ``s3://bucket/key``."""
    if uri and not strict_location(uri):
        raise invalid(f"Location is not a valid Amazon S3 location: {uri}")


def check_location(account: Account, who: Caller | str, uri: str | None, database: str | None) -> None:
    """Raises InvalidInputException for its form, AccessDeniedException without the right to a registered location."""
    check_form(uri)
    if uri and not account.lakeformation.data_location_allowed(who, uri, database):
        raise denials.location(uri)


def check_partition(
    account: Account,
    who: Caller | str,
    table: Document,
    partition: Document,
    others: Iterable[Document],
) -> None:
    """A partition within its table's location needs no further right: the table's creator had it [inferred].

    Beside it, the database's own location gives no right. Where the table has data cells filters, only a data lake
    administrator may let a partition's location hold, or lie in, that of one of ``others`` or hold the table's: the
    rows would take other values of the partition keys, by which filters choose [our rule].
    """
    uri, home = location_of(partition), location_of(table)
    check_form(uri)
    if not uri:
        return
    lakeformation = account.lakeformation
    arn, root = uri_as_arn(uri), uri_as_arn(home)
    if not (within(arn, root) and lakeformation.registered_alike(uri, home)):
        check_location(account, who, uri, None)
    state = lakeformation.state
    filtered = state.filters.get((table["DatabaseName"].lower(), table["Name"].lower()))
    if not filtered or state.is_admin(principal_of(who)):
        return
    beside = [uri_as_arn(location_of(other)) for other in others]
    if within(root, arn) or any(within(arn, other) or within(other, arn) for other in beside if other):
        raise denials.location(uri)


def check_values(
    account: Account, who: Caller | str, table: Document, values: Sequence[str], partition: Document
) -> None:
    """Raises AccessDeniedException for other values of a filtered table's partition, unless for an administrator."""
    state = account.lakeformation.state
    filtered = state.filters.get((table["DatabaseName"].lower(), table["Name"].lower()))
    if filtered and not state.is_admin(principal_of(who)) and list(partition.get("Values") or values) != list(values):
        raise denials.not_administrator("UpdatePartition of the values of a table with data cells filters")


def check_columns(account: Account, who: Caller | str, former: Document, stored: Document) -> None:
    """Raises AccessDeniedException for a change of a column that a data cells filter of the table names.

    Name, type, and whether it is a partition key; a data lake administrator may change them [our rule].
    """
    state = account.lakeformation.state
    filters = state.filters.get((former["DatabaseName"].lower(), former["Name"].lower()))
    if not filters or state.is_admin(principal_of(who)):
        return
    named = {name for one in filters.values() for name in (*(one.columns or ()), *one.excluded, *one.row_columns)}
    before, after = _columns(former), _columns(stored)
    if any(before.get(name) != after.get(name) for name in named):
        raise denials.not_administrator("UpdateTable of a column that a data cells filter names")


def _columns(document: Document) -> dict[str, list[tuple[str, bool]]]:
    """By column name, (type, whether a partition key) of each column of that name."""
    data: Sequence[Document] = (document.get("StorageDescriptor") or {}).get("Columns") or ()
    found: dict[str, list[tuple[str, bool]]] = {}
    for columns, key in ((data, False), (document.get("PartitionKeys") or (), True)):
        for column in columns:
            kind = (column.get("Type") or "string").lower()
            found.setdefault(column["Name"].strip().lower(), []).append((kind, key))
    return found
