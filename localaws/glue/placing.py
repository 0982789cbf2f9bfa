"""Where catalog objects may lie: the form of a location, and Lake Formation's say about it.

Sources: Lake Formation developer guide, 'Underlying data access control' (DATA_LOCATION_ACCESS). That only one
spelling of a location is taken is stricter than AWS: what is checked must be what is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from localaws.lakeformation import denials
from localaws.lakeformation.model import database_resource
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


def check_move(account: Account, who: Caller | str, former: Document, stored: Document) -> None:
    """A table that takes another location needs the right to both: to the one it leaves and to the new one.

    Source: developer guide, 'Underlying data access control': data location permissions limit where a principal may
    create or alter tables. That a database's own location gives this right without a grant is documented for creating
    tables; so here it counts only for whoever might create the table there. Afterwards the table's grants hold for
    what lies at the new location, as its registration says.
    """
    before, after = location_of(former), location_of(stored)
    check_form(after)
    if before == after:
        return
    database = former["DatabaseName"].lower()
    creates = account.lakeformation.may(who, "CREATE_TABLE", database_resource(database))
    for uri in (after, before):
        check_location(account, who, uri, database if creates else None)


def check_partition(
    account: Account,
    who: Caller | str,
    table: Document,
    partition: Document,
    others: Iterable[Document],
    former: Document | None = None,
) -> None:
    """A partition within its table's location needs no further right: the table's creator had it [inferred].

    Beside it, the database's own location gives no right. Where row filters choose by partition keys, a location
    decides what a reader sees; so on a table with row filters only a data lake administrator may place a partition
    anywhere but in the folder that spells its values, or over files that other values have or had [our rule].
    ``others`` are the partitions with other values; ``former`` is what the partition was, if it is there already.
    """
    uri, home = location_of(partition), location_of(table)
    check_form(uri)
    if not uri:
        return
    lakeformation = account.lakeformation
    arn, root = uri_as_arn(uri), uri_as_arn(home)
    if not (within(arn, root) and lakeformation.registered_alike(uri, home)):
        check_location(account, who, uri, None)
    if former is not None and uri_as_arn(location_of(former)) == arn:
        return
    state = lakeformation.state
    if not state.filters_rows(*_name(table)) or state.is_admin(principal_of(who)):
        return
    values = tuple(str(value) for value in partition["Values"])
    taken = [uri_as_arn(location_of(other)) for other in others]
    taken += [place for place, had in state.places.get(_name(table), {}).items() if had != values]
    overlaps = any(within(arn, other) or within(other, arn) for other in taken if other)
    if overlaps or not _spelt_out(arn, root, table, values):
        raise denials.location(uri)


def _spelt_out(arn: str, root: str, table: Document, values: tuple[str, ...]) -> bool:
    """Whether the location is ``root/key=value/...`` with these values (Athena User Guide, 'Partition your data')."""
    keys = [key["Name"].lower() for key in table.get("PartitionKeys") or ()]
    folders = arn.removeprefix(root).strip("/").split("/")
    pairs = [folder.partition("=") for folder in folders]
    spelt = [(key.lower(), unquote(value)) for key, _, value in pairs]
    return within(arn, root) and spelt == list(zip(keys, values, strict=True))


def leave(account: Account, table: Document, partitions: Iterable[Document]) -> None:
    """Remember where partitions lay that are dropped or moved, and with which values."""
    places = account.lakeformation.state.places.setdefault(_name(table), {})
    for partition in partitions:
        if arn := uri_as_arn(location_of(partition)):
            places.setdefault(arn, tuple(str(value) for value in partition["Values"]))


def _name(table: Document) -> tuple[str, str]:
    return table["DatabaseName"].lower(), table["Name"].lower()


def check_values(
    account: Account, who: Caller | str, table: Document, values: Sequence[str], partition: Document
) -> None:
    """Raises AccessDeniedException for other values of a filtered table's partition, unless for an administrator."""
    state = account.lakeformation.state
    filtered = state.filters.get(_name(table))
    if filtered and not state.is_admin(principal_of(who)) and list(partition.get("Values") or values) != list(values):
        raise denials.not_administrator("UpdatePartition of the values of a table with data cells filters")


def check_projection(account: Account, who: Caller | str, former: Document, stored: Document) -> None:
    """Raises AccessDeniedException for another partition projection of a table with row filters, unless by an
    administrator [our rule]: which file lies in which partition decides what a reader sees there."""
    state = account.lakeformation.state
    if state.filters_rows(*_name(former)) and not state.is_admin(principal_of(who)):
        before, after = _projected(former), _projected(stored)
        if before != after:
            raise denials.not_administrator("UpdateTable of the partition projection of a table with row filters")


def _projected(document: Document) -> dict[str, str]:
    parameters: Document = document.get("Parameters") or {}
    return {name: parameters[name] for name in parameters if name.startswith(("projection.", "storage.location."))}


def check_columns(account: Account, who: Caller | str, former: Document, stored: Document) -> None:
    """Raises AccessDeniedException for a change of a column that a data cells filter of the table names.

    Name, type, whether it is a partition key, and with row filters the order of the keys (a partition's values go by
    it); a data lake administrator may change them [our rule].
    """
    state = account.lakeformation.state
    filters = state.filters.get(_name(former))
    if not filters or state.is_admin(principal_of(who)):
        return
    named = {name for one in filters.values() for name in (*(one.columns or ()), *one.excluded, *one.row_columns)}
    before, after = _columns(former), _columns(stored)
    keys = [[key["Name"].lower() for key in one.get("PartitionKeys") or ()] for one in (former, stored)]
    reordered = state.filters_rows(*_name(former)) and keys[0] != keys[1]
    if reordered or any(before.get(name) != after.get(name) for name in named):
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
