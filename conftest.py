"""Wires the harness together; everything lives in plugins, so this file is their table of contents."""

from __future__ import annotations

import pytest

from fixtures import hooks

pytest_plugins = [
    # how feature files become scenarios and results
    "fixtures.features",
    "fixtures.tags",
    "fixtures.weaknesses",
    "fixtures.allure_results",
    "fixtures.allure_gherkin",
    # what a scenario stands on
    "fixtures.target",
    "fixtures.lake",
    "fixtures.people",
    "fixtures.probing",
    "fixtures.attacking",
    "fixtures.trail",
    "fixtures.verdicts",
    # the words of the Gherkin
    "steps.queries",
    "steps.calls",
    "steps.dataset",
    "steps.identity",
    "steps.attacks",
    "steps.grants",
    "steps.studio",
    "steps.isolation",
    "steps.audit",
    "steps.reconciliation",
    # the run itself: pytest configures the last one first
    "fixtures.signoff",
]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)
