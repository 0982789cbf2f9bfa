"""Partition projection: partitions that follow from a table's properties, and are never in the Data Catalog.

The partitions are not enumerated: the objects that lie below the fixed beginning of the location template are matched
against it. So a projection of a million partitions costs no more than the objects that are there. That listing is asked
for there, and not for each partition, is ours.
Sources: Athena User Guide, "Use partition projection with Amazon Athena", "Set up partition projection", "Supported
types for partition projection", "Considerations and limitations" (a million partitions).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import prod
from typing import Any

from localaws.athena.failure import QueryFailed, not_supported
from localaws.athena.projected_types import Domain, domain, injected

ENABLED = "projection.enabled"
TEMPLATE = "storage.location.template"
MOST = 1_000_000
_PLACE = re.compile(r"\$\{([^}]*)\}")
_KNOWN = {
    "enum": {"values"},
    "integer": {"range", "interval", "digits"},
    "date": {"range", "format", "interval", "interval.unit"},
    "injected": set(),
}
"""The properties of each type of projected column."""


@dataclass(frozen=True)
class Projection:
    """The partitions of a table: ``root`` is the fixed beginning of all their locations, up to a slash."""

    bucket: str
    root: str
    keys: tuple[str, ...]
    domains: Mapping[str, Domain]
    pattern: re.Pattern[str]

    def places(self, keys: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each of these object keys that lies in a partition, with the partition's values in the keys' order."""
        for key in keys:
            found = self.pattern.match(key)
            if found is None:
                continue
            values = found.groupdict()
            if all(self.domains[name].holds(value) for name, value in values.items()):
                yield key, tuple(values[name] for name in self.keys)


def is_projected(document: Mapping[str, Any]) -> bool:
    """Whether the table's partitions are projected; those in the catalog count for nothing then."""
    enabled = str((document.get("Parameters") or {}).get(ENABLED, "false")).lower()
    if enabled not in ("true", "false"):
        raise _wrong(f"{ENABLED} is neither true nor false")
    return enabled == "true" and bool(document.get("PartitionKeys"))


def projection(
    document: Mapping[str, Any], now: datetime, pinned: Mapping[str, frozenset[str]] | None = None
) -> Projection:
    """A table's projection at a time (UTC). ``pinned`` are the values that the query gives columns.

    Raises QueryFailed: NOT_SUPPORTED for a property or type that is not known, HIVE_METASTORE_ERROR for one that is
    missing or wrong, HIVE_EXCEEDED_PARTITION_LIMIT beyond a million partitions, CONSTRAINT_VIOLATION for an injected
    column that the query does not give.
    """
    parameters = {str(name): str(value) for name, value in (document.get("Parameters") or {}).items()}
    keys = tuple(key["Name"].lower() for key in document["PartitionKeys"])
    types = {key: _type(key, parameters) for key in keys}
    known = {ENABLED} | {f"projection.{key}.{name}" for key in keys for name in ("type", *_KNOWN[types[key]])}
    for name in parameters:
        if name.startswith("projection.") and name not in known:
            raise not_supported(f"the table property {name}")
    domains = {key: _domain(key, types[key], parameters, now, pinned or {}) for key in keys}
    if prod(each.size for each in domains.values()) > MOST:
        message = f"Query over table '{document['Name']}' can potentially read more than {MOST} partitions"
        raise QueryFailed("HIVE_EXCEEDED_PARTITION_LIMIT", message)
    bucket, template = _template(document, parameters, keys)
    return Projection(bucket, _root(template), keys, domains, _pattern(template, domains))


def _type(key: str, parameters: Mapping[str, str]) -> str:
    kind = parameters.get(f"projection.{key}.type")
    if kind is None:
        raise _wrong(f"the partition column has no projection.{key}.type")
    if kind.lower() not in _KNOWN:
        raise not_supported(f"a projected column of type {kind}")
    return kind.lower()


def _domain(
    key: str, kind: str, parameters: Mapping[str, str], now: datetime, pinned: Mapping[str, frozenset[str]]
) -> Domain:
    prefix = f"projection.{key}."
    given = {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}
    try:
        return injected(_given(key, pinned)) if kind == "injected" else domain(kind, given, now)
    except ValueError as error:
        raise _wrong(f"projection.{key}: {error}") from None


def _given(key: str, pinned: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if not pinned.get(key):
        raise QueryFailed(
            "CONSTRAINT_VIOLATION",
            f"For the injected projected partition column {key}, the WHERE clause must contain only static equality "
            "conditions, and at least one such condition must be present.",
        )
    return pinned[key]


def _template(document: Mapping[str, Any], parameters: Mapping[str, str], keys: tuple[str, ...]) -> tuple[str, str]:
    """Bucket and key template of a partition's location, with a slash at the end; Hive's layout where none is given."""
    home = str((document.get("StorageDescriptor") or {}).get("Location") or "").rstrip("/")
    spelt = "/".join(f"{key}=${{{key}}}" for key in keys)
    template = parameters.get(TEMPLATE, f"{home}/{spelt}")
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", template)
    if found is None:
        raise _wrong(f"{TEMPLATE} is no S3 location with a fixed bucket")
    named = _PLACE.findall(found[2])
    if "}${" in found[2]:
        raise not_supported("a location template with two columns side by side")
    if sorted(named) != sorted(keys):
        raise _wrong(f"{TEMPLATE} names {', '.join(named) or 'no column'}, not each partition column once")
    return found[1], f"{found[2].rstrip('/')}/"


def _root(template: str) -> str:
    """Up to the last slash before the first column."""
    return template[: template.index("${")].rpartition("/")[0] + "/" if "/" in template[: template.index("${")] else ""


def _pattern(template: str, domains: Mapping[str, Domain]) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    written = [re.escape(part) if n % 2 == 0 else _group(part, domains) for n, part in enumerate(parts)]
    return re.compile("".join(written))


def _group(name: str, domains: Mapping[str, Domain]) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise not_supported(f"a projected column named {name}")
    return f"(?P<{name}>{domains[name].form})"


def _wrong(why: str) -> QueryFailed:
    return QueryFailed("HIVE_METASTORE_ERROR", f"The table's partition projection is not valid: {why}")
