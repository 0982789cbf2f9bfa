"""The formats that a table's files may have: Parquet, and CloudTrail's log files. Others are refused by name.

Source: Athena User Guide, "Query AWS CloudTrail logs" (CloudTrailInputFormat with Hive's JsonSerDe or the CloudTrail
SerDe), "Supported SerDes and data formats". A property that changes how files are read and is not known is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from localaws.athena.failure import not_supported

PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
CLOUDTRAIL_SERDES = ("org.apache.hive.hcatalog.data.JsonSerDe", "com.amazon.emr.hive.serde.CloudTrailSerde")
CLOUDTRAIL_INPUT = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
SERDE_PARAMETERS = {"serialization.format": "1"}
"""What a SerDe of log files may be told: the value that every tool writes, which means nothing to JSON."""
READING = ("skip.", "recurse", "exclusions", "has_encrypted_data", "orc.", "parquet.", "transient_compression")
"""Beginnings of table properties that say how files are read."""


class Format(Enum):
    """How an object of a table becomes rows."""

    PARQUET = "parquet"
    CLOUDTRAIL = "cloudtrail"


def format_of(document: Mapping[str, Any]) -> Format:
    """A table's format. Raises QueryFailed NOT_SUPPORTED, naming what is not served."""
    storage = document.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    library = serde.get("SerializationLibrary") or ""
    if library == PARQUET_SERDE:
        return Format.PARQUET
    if library not in CLOUDTRAIL_SERDES:
        raise not_supported(f"a table with the SerDe {library or 'none'}")
    if storage.get("InputFormat") != CLOUDTRAIL_INPUT:
        raise not_supported(f"the SerDe {library} with the input format {storage.get('InputFormat') or 'none'}")
    for name, value in (serde.get("Parameters") or {}).items():
        if SERDE_PARAMETERS.get(name) != value:
            raise not_supported(f"the SerDe property {name}={value}")
    for name in document.get("Parameters") or {}:
        if name.lower().startswith(READING):
            raise not_supported(f"the table property {name}")
    return Format.CLOUDTRAIL
