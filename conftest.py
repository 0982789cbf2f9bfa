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
    "fixtures.actions",
    "fixtures.attacking",
    "fixtures.trail",
    "fixtures.retries",
    "fixtures.judgements",
    "fixtures.verdicts",
    "fixtures.preview",
    "fixtures.evidence",
    "fixtures.memory",
    # the words of the Gherkin
    "steps.queries",
    "steps.calls",
    "steps.dataset",
    "steps.identity",
    "steps.attacks",
    "steps.grants",
    "steps.studio",
    "steps.isolation",
    "steps.stranger",
    "steps.least_privilege",
    "steps.trails",
    "steps.log_bucket",
    "steps.actions",
    "steps.results",
    "steps.audit",
    "steps.log_files",
    "steps.reconciliation",
    # the run itself: pytest configures the last one first
    "fixtures.signoff",
]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(hooks)
