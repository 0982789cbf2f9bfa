"""The values that a projected partition column can have: how they are written, which they are, how many.

Source: Athena User Guide, "Supported types for partition projection" (enum, integer, date, injected). Dates are Java's
DateTimeFormatter patterns, of which the letters y, M, d, H, m and s are served.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {
    "SECONDS": timedelta(seconds=1),
    "MINUTES": timedelta(minutes=1),
    "HOURS": timedelta(hours=1),
    "DAYS": timedelta(days=1),
    "WEEKS": timedelta(weeks=1),
}
MONTHS = {"MONTHS": 1, "YEARS": 12}
MOST_VALUES = 10_000
"""Of an enum: they are matched one after the other [ours]."""
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_FINEST = (("ss", None), ("mm", None), ("HH", None), ("dd", "DAYS"), ("MM", "MONTHS"))
"""The finest letter of a format and the unit of its default interval: a day or a month, none for finer ones."""
_RELATIVE = re.compile(r"NOW(?:\s*([+-])\s*(\d{1,6})\s*([A-Z]+))?")


@dataclass(frozen=True)
class Domain:
    """``form`` is a regular expression that every value matches, ``holds`` decides, ``size`` is how many there are."""

    form: str
    holds: Callable[[str], bool]
    size: int


def domain(kind: str, given: Mapping[str, str], now: datetime) -> Domain:
    """The values of a column. Raises ValueError, saying what is missing or wrong."""
    return {"enum": _enum, "integer": _integer, "date": _date}[kind](given, now)


def injected(values: Collection[str]) -> Domain:
    """The values that a query gives a column whose own are not known. Raises ValueError for too many."""
    return _enum_of(frozenset(values))


def _enum(given: Mapping[str, str], now: datetime) -> Domain:
    return _enum_of(frozenset(_needed(given, "values").split(",")))


def _enum_of(values: frozenset[str]) -> Domain:
    if len(values) > MOST_VALUES:
        raise ValueError(f"an enum of more than {MOST_VALUES} values is not served")
    longest_first = sorted(values, key=len, reverse=True)
    return Domain("|".join(map(re.escape, longest_first)), values.__contains__, len(values))


def _integer(given: Mapping[str, str], now: datetime) -> Domain:
    first, last = _range(given)
    if not all(re.fullmatch(r"-?\d{1,18}", each) for each in (first, last)):
        raise ValueError("range is not two whole numbers")
    low, high, step = int(first), int(last), _positive(given, "interval", "1")
    digits = _positive(given, "digits", "0", least=0)
    if low > high:
        raise ValueError("range ends before it begins")

    def holds(text: str) -> bool:
        value = int(text)
        written = f"{value:0{digits}d}" if digits else str(value)
        return text == written and low <= value <= high and (value - low) % step == 0

    return Domain(r"-?\d{1,18}", holds, (high - low) // step + 1)


def _date(given: Mapping[str, str], now: datetime) -> Domain:
    java = _needed(given, "format")
    form, python = _format(java)
    default = next((unit for letters, unit in _FINEST if letters in java), "YEARS")
    unit = given.get("interval.unit", default or "").upper()
    if unit not in UNITS and unit not in MONTHS:
        raise ValueError(f"interval.unit {unit or 'is needed for this format'}")
    step = _positive(given, "interval", "1")
    start, end = (_moment(each.strip(), python, now) for each in _range(given))
    if start > end:
        raise ValueError("range ends before it begins")

    def holds(text: str) -> bool:
        try:
            value = datetime.strptime(text, python).replace(tzinfo=UTC)
        except ValueError:
            return False
        return value.strftime(python) == text and start <= value <= end and _steps(start, value, unit) % step == 0

    return Domain(form, holds, int(_steps(start, end, unit) // step) + 1)


def _steps(start: datetime, value: datetime, unit: str) -> float:
    """How many units lie between, whole or not."""
    if unit in UNITS:
        return (value - start) / UNITS[unit]
    months = (value.year - start.year) * 12 + value.month - start.month
    apart = (value.day, value.time()) != (start.day, start.time())
    return (months + apart / 2) / MONTHS[unit]


def _format(java: str) -> tuple[str, str]:
    """A date format as a regular expression and as strptime's. Raises ValueError for a letter that is not served."""
    form, python = "", ""
    for part in re.findall(r"([A-Za-z])(\1*)|'([^']*)'|([^A-Za-z'])", java):
        letters, quoted, other = part[0] + part[1], part[2], part[3]
        if letters:
            if letters not in _LETTERS:
                raise ValueError(f"the format {java} is not served: {letters}")
            form, python = form + rf"\d{{{len(letters)}}}", python + _LETTERS[letters]
        else:
            form, python = form + re.escape(quoted or other), python + (quoted or other).replace("%", "%%")
    if "yyyy" not in java:
        raise ValueError(f"the format {java} has no year")
    return form, python


def _moment(text: str, python: str, now: datetime) -> datetime:
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        try:
            return datetime.strptime(text, python).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError(f"{text!r} in range is not written as format says, and not NOW") from None
    sign, number, unit = relative.groups()
    try:
        moved = now if sign is None else _moved(now, int(f"{sign}{number}"), unit if unit.endswith("S") else f"{unit}S")
        return datetime.strptime(moved.strftime(python), python).replace(tzinfo=UTC)
    except (KeyError, OverflowError, ValueError):
        raise ValueError(f"{text!r} in range is no time") from None


def _moved(now: datetime, count: int, unit: str) -> datetime:
    if unit in UNITS:
        return now + count * UNITS[unit]
    months = now.year * 12 + now.month - 1 + count * MONTHS[unit]
    return now.replace(year=months // 12, month=months % 12 + 1, day=min(now.day, 28))


def _range(given: Mapping[str, str]) -> tuple[str, str]:
    first, comma, last = _needed(given, "range").partition(",")
    if not comma or "," in last:
        raise ValueError("range is not two values with a comma between them")
    return first.strip(), last.strip()


def _needed(given: Mapping[str, str], name: str) -> str:
    if not given.get(name):
        raise ValueError(f"{name} is missing")
    return given[name]


def _positive(given: Mapping[str, str], name: str, default: str, least: int = 1) -> int:
    text = given.get(name, default)
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < least:
        raise ValueError(f"{name} is no whole number from {least} on")
    return int(text)
