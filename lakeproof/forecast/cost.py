"""What a sign-off costs, from ``prices.csv``: list prices of one Region, with source and the day they were written.

An estimate: no free tier is taken off. Left out, because it is nothing or below a cent: storage for the time of a run,
IAM, STS, Lake Formation, SageMaker (a domain is free; what runs on an instance is stopped as soon as it was tried).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from lakeproof.forecast.calls import Calls

LEAST_BYTES = 10 * 1024 * 1024
"""Of each query that scans anything, at least so many bytes are charged (Athena pricing)."""
MONTH_H = 730
_PUTS = ("Put", "Create", "List", "Copy", "Post")


@dataclass(frozen=True, slots=True)
class Price:
    """``usd`` for every ``per`` units of an item, as a price list said on the day ``as_of`` (ISO 8601)."""

    item: str
    unit: str
    usd: float
    per: float
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class Item:
    """So many units of something that has a price."""

    price: Price
    units: float

    @property
    def usd(self) -> float:
        """What they cost."""
        return self.units * self.price.usd / self.price.per


def prices() -> dict[str, Price]:
    """The price list, by item."""
    text = files("lakeproof.forecast").joinpath("prices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["item"]: Price(row["item"], row["unit"], float(row["usd"]), float(row["per"]), row["source"], row["as_of"])
        for row in rows
    }


def charged_bytes(scanned: Iterable[int]) -> int:
    """What Athena charges for queries that scanned so many bytes each; a query that scanned nothing is free."""
    return sum(max(each, LEAST_BYTES) for each in scanned if each)


def cost(calls: Calls, scanned: Iterable[int], secrets: int, minutes: float, trail: bool) -> list[Item]:
    """The items of a run of so many minutes; ``trail`` says whether a trail of its own records it."""
    s3 = _summed(calls, "s3")
    writes = sum(number for name, number in s3.items() if name.startswith(_PUTS))
    objects = sum(number for name, number in s3.items() if "Object" in name)
    management = calls.total() - objects
    units = {
        "athena_bytes": charged_bytes(scanned),
        "s3_write": writes,
        "s3_read": sum(s3.values()) - writes,
        "trail_management": management if trail else 0,
        "trail_data": objects if trail else 0,
        "secret_month": secrets * minutes / 60 / MONTH_H,
        "secret_call": sum(_summed(calls, "secretsmanager").values()),
        "glue_call": sum(_summed(calls, "glue").values()),
    }
    return [Item(price, units[name]) for name, price in prices().items()]


def _summed(calls: Calls, service: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for each, number in calls.items():
        if each.service == service:
            found[each.operation] = found.get(each.operation, 0) + number
    return found
