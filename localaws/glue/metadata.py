"""Table and partition documents as one principal may see them.

A principal who does not see every column gets the permitted columns only, and nothing that names or measures the
others. AWS leaves the table's ``Parameters`` unfiltered but for ``spark.sql.sources.schema*`` (developer guide, 'Data
filtering limitations'); here every parameter that mentions a hidden column, carries a schema, or counts what is
hidden is removed. The embedded account is stricter than AWS in this, on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from localaws.lakeformation.visibility import Visibility

Document = Mapping[str, Any]

SCHEMA_PARAMETERS = ("spark.sql.sources.schema", "avro.schema", "presto_view", "dbt_")
MEASURING_PARAMETERS = frozenset(
    {
        "averageRecordSize",
        "COLUMN_STATS_ACCURATE",
        "numFiles",
        "numRows",
        "objectCount",
        "rawDataSize",
        "recordCount",
        "sizeKey",
        "totalSize",
    }
)


def table_seen(document: Document, visibility: Visibility, registered: bool) -> dict[str, Any]:
    """The table's document as the principal may see it; ``registered`` becomes IsRegisteredWithLakeFormation."""
    seen = {**document, "IsRegisteredWithLakeFormation": registered}
    if not _partial(visibility):
        return seen
    shown = frozenset(visibility.metadata_columns)
    hides = _hides(column for column in visibility.all_columns if column not in shown)
    for text in ("ViewOriginalText", "ViewExpandedText", "ViewDefinition"):
        seen.pop(text, None)
    if "Parameters" in seen:
        seen["Parameters"] = _parameters(seen["Parameters"], hides)
    if "StorageDescriptor" in seen:
        seen["StorageDescriptor"] = _storage(seen["StorageDescriptor"], shown, hides)
    if "PartitionKeys" in seen:
        seen["PartitionKeys"] = [c for c in seen["PartitionKeys"] if c["Name"].lower() in shown]
    return seen


def partition_seen(document: Document, visibility: Visibility) -> dict[str, Any]:
    """A partition's document as the principal may see it. Its values are shown: keys cannot be filtered."""
    seen = dict(document)
    if not _partial(visibility):
        return seen
    shown = frozenset(visibility.metadata_columns)
    hides = _hides(column for column in visibility.all_columns if column not in shown)
    if "Parameters" in seen:
        seen["Parameters"] = _parameters(seen["Parameters"], hides)
    if "StorageDescriptor" in seen:
        seen["StorageDescriptor"] = _storage(seen["StorageDescriptor"], shown, hides)
    return seen


def _partial(visibility: Visibility) -> bool:
    return visibility.metadata_columns != visibility.all_columns or visibility.row_filter is not None


def _hides(columns: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds any hidden column's name as a word; None if no column is hidden."""
    names = "|".join(re.escape(column) for column in columns)
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{names})(?![A-Za-z0-9_])", re.IGNORECASE) if names else None


def _parameters(parameters: Mapping[str, str] | None, hides: re.Pattern[str] | None) -> dict[str, str]:
    return {
        key: value
        for key, value in (parameters or {}).items()
        if key not in MEASURING_PARAMETERS
        and not key.startswith(SCHEMA_PARAMETERS)
        and not (hides and (hides.search(key) or hides.search(str(value))))
    }


def _storage(storage: Document, shown: frozenset[str], hides: re.Pattern[str] | None) -> dict[str, Any]:
    seen = dict(storage)
    seen["Columns"] = [column for column in storage.get("Columns") or () if column["Name"].lower() in shown]
    if "Parameters" in seen:
        seen["Parameters"] = _parameters(seen["Parameters"], hides)
    serde = storage.get("SerdeInfo")
    if serde and "Parameters" in serde:
        seen["SerdeInfo"] = {**serde, "Parameters": _parameters(serde["Parameters"], hides)}
    if "BucketColumns" in seen:
        seen["BucketColumns"] = [name for name in seen["BucketColumns"] or () if name.lower() in shown]
    if "SortColumns" in seen:
        seen["SortColumns"] = [order for order in seen["SortColumns"] or () if order["Column"].lower() in shown]
    seen.pop("SkewedInfo", None)
    seen.pop("SchemaReference", None)
    return seen
