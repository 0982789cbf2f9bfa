"""Runs pytest on small folders of features."""

from __future__ import annotations

from typing import Any

import pytest

from tests.features.folder import Collected, Run, run


@pytest.fixture(scope="session")
def run_features(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``run_features({"features/a.feature": text}, "--collect-only", plan=path)``, in a fresh folder each."""

    def in_fresh_folder(*arguments: Any, **options: Any) -> Collected:
        return run(tmp_path_factory.mktemp("features"), *arguments, **options)

    return in_fresh_folder
