"""The condition keys that the embedded account knows. A policy that depends on any other is refused by name."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

import yaml


class KnownKeys(NamedTuple):
    """Keys in lower case. ``tagged`` are the prefixes of keys that end in ``/name``, with the slash.

    ``absent`` are keys that no request can have here, ``elsewhere`` the prefixes of services that are not served.
    """

    single: frozenset[str]
    multi: frozenset[str]
    tagged: frozenset[str]
    absent: frozenset[str]
    elsewhere: frozenset[str]


def _load() -> KnownKeys:
    table = yaml.load(files(__package__).joinpath("keys.yaml").read_text("utf-8"), yaml.CSafeLoader)
    elsewhere = frozenset(table.pop("elsewhere"))

    def named(kind: str) -> frozenset[str]:
        keys = (f"{service}:{name}" for service, kinds in table.items() for name in kinds.get(kind, ()))
        return frozenset(key.lower() for key in keys)

    tagged = frozenset(f"{name}/" for name in named("tagged"))
    return KnownKeys(named("single"), named("multi"), tagged, named("absent"), elsewhere)


KNOWN_KEYS = _load()


def is_known(key: str) -> bool:
    """Whether a condition key, in lower case, is global, a served service's, or another AWS service's."""
    if key in KNOWN_KEYS.single or key in KNOWN_KEYS.multi or key in KNOWN_KEYS.absent:
        return True
    prefix, slash, name = key.partition("/")
    if slash and name and prefix + slash in KNOWN_KEYS.tagged:
        return True
    return key.partition(":")[0] in KNOWN_KEYS.elsewhere


def is_multivalued(key: str) -> bool:
    """Whether a condition key, in lower case, may have several values (and so cannot be a policy variable)."""
    return key in KNOWN_KEYS.multi
