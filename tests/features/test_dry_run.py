"""``pytest --collect-only`` is a dry run: it touches no account."""

from __future__ import annotations

from tests.features.folder import Run, feature

TEA = {"features/tea.feature": feature("Then there is tea"), "tests/test_plain.py": "def test_plain():\n    pass\n"}


def test_collecting_starts_no_account_and_writes_nothing(run_features: Run) -> None:
    """No process ``python -m localaws`` is started, and no directory of results or state is made."""
    done = run_features(TEA, "--collect-only")
    assert done.code == 0, done.output
    assert len(done.ids) == 1
    assert not done.started
    assert not (done.folder / "build").exists() and not (done.folder / ".lakeproof").exists()


def test_running_does_start_one(run_features: Run) -> None:
    """The trace that proves the dry run is left when the same scenario runs; an account that dies is no pass."""
    done = run_features(TEA)
    assert done.started
    assert done.code == 4, done.output
    assert "provisioning failed, nothing was verified" in done.output
    assert "the embedded account" in done.output and "did not become ready" in done.output


def test_tests_without_features_start_no_account(run_features: Run) -> None:
    """Whoever runs plain tests under the same conftest.py is left alone, without a plan and without a run."""
    done = run_features(TEA, "tests")
    assert done.code == 0, done.output
    assert not done.started
    assert "run: " not in done.output


def test_a_plan_with_an_error_ends_the_run_before_anything_is_collected(run_features: Run) -> None:
    """A plan that cannot be read is a usage error (exit code 4) that names the file; nothing is started."""
    done = run_features(TEA, "--plan=no-such-plan.yaml")
    assert done.code == 4, done.output
    assert "no-such-plan.yaml" in done.output
    assert not done.started
