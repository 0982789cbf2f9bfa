"""Fixtures of Athena's tests: a data lake in the module's account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.athena.lake import Lake


@pytest.fixture(scope="module")
def lake(embedded: Any) -> Lake:
    """A provisioned data lake; each module has its own account."""
    return Lake(embedded).provision()


@pytest.fixture(scope="module")
def limited(lake: Lake) -> dict[str, Any]:
    """Credentials of a role that sees three columns of ``db.reviews``."""
    return lake.role("limited", columns=("review_id", "product", "stars"))
