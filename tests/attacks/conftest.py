"""What every test of the walls stands on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.athena import engine


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Engines with one thread: rows that nobody ordered come in the same order for the same data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "THREADS", 1)
        yield
