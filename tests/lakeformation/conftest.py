"""Fixtures of Lake Formation's tests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lakeformation.datalake import Lake


@pytest.fixture(scope="module")
def lake(embedded: Any) -> Lake:
    """A data lake in the module's account, its settings otherwise those of a fresh account."""
    return Lake(embedded).start()
