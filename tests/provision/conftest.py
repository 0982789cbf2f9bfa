"""What the tests of provisioning stand on: an account as a target, and everything that it holds, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakeproof.plan import Plan, load
from lakeproof.target import Target, local_target
from tests.inventory import Inventory, everything

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target(embedded: Any) -> Target:
    """The module's account as a target."""
    return local_target(
        {
            key: getattr(embedded, key)
            for key in ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
        }
    )


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The walkthrough with few rows: what is tested here does not depend on their number."""
    whole = load(ROOT / "plans" / "walkthrough.yaml")
    return whole.model_copy(update={"dataset": whole.dataset.model_copy(update={"rows": 430})})


@pytest.fixture
def inventory(target: Target) -> Callable[[], Inventory]:
    """Read the account: everything that a run could make or change, one list of JSON texts for each subject."""
    return lambda: everything(target)
