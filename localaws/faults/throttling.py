"""The services' own ways to refuse a call for its rate, from ``throttling.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from localaws.errors import AwsError


def throttled(service: str) -> AwsError:
    """The refusal of a call for its rate. Raises KeyError for a service without a row."""
    code, status, text = _table()[service]
    return AwsError(code, text, status)


@cache
def _table() -> dict[str, tuple[str, int, str]]:
    text = files("localaws.faults").joinpath("throttling.yaml").read_text(encoding="utf-8")
    return {service: tuple(row) for service, row in yaml.safe_load(text).items()}
