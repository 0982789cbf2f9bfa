"""What the tests of SageMaker stand on."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain


@pytest.fixture
def sagemaker(embedded: Embedded) -> Any:
    """A client of the administrator."""
    return embedded.client("sagemaker")


@pytest.fixture
def domain_id(embedded: Embedded) -> str:
    """A domain of the test's own."""
    return make_domain(embedded, f"domain-{uuid.uuid4()}")
