"""What changed since an earlier run: told by name, with who did it, and red unless the plan says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.__main__ import main
from lakeproof.evidence.bundle import write_seal
from tests.signoff.runs import WALKTHROUGH, SignOff, sign_off
from tests.signoff.test_evidence import lakeproof

ROWS = yaml.safe_load(Path(__file__).with_name("baseline_changes.yaml").read_text(encoding="utf-8"))
COMPARED = ("run.json", "verdicts.json", "matrix.json", "inventory/before.json", "inputs/plans")
Compare = Callable[..., tuple[int, str, str]]
ONE = "reads_column and product_id"


@pytest.fixture
def compared(capsys: pytest.CaptureFixture[str]) -> Compare:
    """``lakeproof evidence compare``, in this process: exit code, output, errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["evidence", "compare", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def later(earlier: Path, directory: Path) -> Path:
    """What a comparison reads of a bundle, copied, to be changed and sealed as another one."""
    for name in COMPARED:
        target = directory / "later" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (earlier / name).is_dir() else shutil.copy)(earlier / name, target)
    return directory / "later"


def sealed(bundle: Path) -> Path:
    """The copy with a manifest of its own, as a run would have closed it."""
    write_seal(bundle, json.loads((bundle / "run.json").read_text())["run_id"], None)
    return bundle


def rewritten(path: Path, change: Callable[[Any], object]) -> None:
    """Change a JSON document in place."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def merged(things: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Merge mappings into mappings, to any depth; None takes away."""
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(things.get(name), dict):
            merged(things[name], value)
        elif value is None:
            del things[name]
        else:
            things[name] = value


def observed(matrix: dict[str, Any], row: Mapping[str, Any]) -> None:
    """Make the cells of a row of the table say what it says."""
    for person, column, word, *expected in row.get("columns", ()):
        [cell] = [each for each in matrix["columns"] if (each["identity"], each["column"]) == (person, column)]
        cell |= {"observed": word, "expected": (expected or [cell["expected"]])[0]}
    for identity, action, on, word in row.get("actions", ()):
        found = [each for each in matrix["actions"] if (each["identity"], each["action"]) == (identity, action)]
        [cell] = [each for each in found if each["on"] == on and not each["simulated"]]
        cell["observed"] = word


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_each_change_is_told_once_and_only_what_the_plan_says_is_planned(
    row: dict[str, Any], whole: SignOff, compared: Compare, tmp_path: Path
) -> None:
    """Exactly the changes of the table, each as planned or not; exit code 1 if one is not."""
    bundle = later(whole.bundle, tmp_path)
    rewritten(bundle / "matrix.json", lambda matrix: observed(matrix, row))
    rewritten(bundle / "inventory/before.json", lambda found: merged(found["subjects"], row.get("inventory", {})))
    if "plan" in row:
        plan = bundle / "inputs" / WALKTHROUGH
        text = plan.read_text()
        assert row["plan"][0] in text
        plan.write_text(text.replace(*row["plan"]))
    code, output, _ = compared(whole.bundle, sealed(bundle), "--format", "json")
    assert code == (1 if row["unplanned"] else 0)
    told = json.loads(output)["changes"]
    assert sorted(each["title"] for each in told if not each["planned"]) == sorted(row["unplanned"])
    assert sorted(each["title"] for each in told if each["planned"]) == sorted(row["planned"])


SPOILT: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a byte is another": (
        lambda bundle: (bundle / "matrix.json").write_text(
            (bundle / "matrix.json").read_text().replace("visible", "visibly", 1)
        ),
        "matrix.json is altered",
    ),
    "a file is gone": (lambda bundle: (bundle / "inventory/before.json").unlink(), "inventory/before.json is removed"),
    "it is no bundle": (
        lambda bundle: (bundle / "manifest.json").unlink() or (bundle / "envelope.json").unlink(),
        "is no evidence bundle",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_baseline_that_is_not_as_it_was_written_is_refused(
    how: str, whole: SignOff, compared: Compare, tmp_path: Path
) -> None:
    """Exit code 2 and the file; the order of the two makes no difference."""
    bundle = sealed(later(whole.bundle, tmp_path))
    spoil, words = SPOILT[how]
    spoil(bundle)
    for pair in ((bundle, whole.bundle), (whole.bundle, bundle)):
        code, _, said = compared(*pair)
        assert code == 2 and words in said, said


UNFIT: Mapping[str, tuple[str, Callable[[Any], object], str]] = {
    "of another account": (
        "run.json",
        lambda run: run["target"].update(account="210987654321"),
        "of account 123456789012, this is account 210987654321",
    ),
    "of another Region": (
        "run.json",
        lambda run: run["target"].update(region="eu-west-1"),
        "of Region us-east-1, this is Region eu-west-1",
    ),
    "written by a newer Lakeproof": (
        "matrix.json",
        lambda matrix: matrix.update(schema_version=2),
        "a newer Lakeproof wrote it: update Lakeproof, or record a new baseline",
    ),
    "in no version": (
        "inventory/before.json",
        lambda inventory: inventory.pop("schema_version"),
        "does not read it: record a new baseline with this version (make baseline)",
    ),
}


@pytest.mark.parametrize("how", UNFIT)
def test_a_run_that_cannot_be_compared_is_refused_with_what_to_do(
    how: str, whole: SignOff, compared: Compare, tmp_path: Path
) -> None:
    """Exit code 2: what differs, or which document and what to do about it."""
    bundle = later(whole.bundle, tmp_path)
    name, change, words = UNFIT[how]
    rewritten(bundle / name, change)
    code, _, said = compared(whole.bundle, sealed(bundle))
    assert code == 2 and words in said, said


def test_a_run_of_another_plan_or_with_a_spoilt_baseline_is_not_started(whole: SignOff, root: Path) -> None:
    """Usage error, exit code 4, before anything is made; nor is a directory of somebody's replaced by a baseline."""
    done = sign_off(root, f"--baseline={whole.bundle}", plan="plans/as-published.yaml")
    assert done.code == 4 and "is of plan walkthrough, this is plan as-published" in done.output, done.output
    bundle = later(whole.bundle, root)
    done = sign_off(root, f"--baseline={bundle}", plan=WALKTHROUGH)
    assert done.code == 4 and "is no evidence bundle" in done.output and "Nothing was started" in done.output
    done = sign_off(root, "--keep-baseline", "plans", plan=WALKTHROUGH)
    assert done.code == 4 and "plans is there and is no evidence bundle: it is not replaced" in done.output
    assert not (root / "build").exists() and (root / WALKTHROUGH).exists()


CHANGED = """
import json

def pytest_lakeproof_provisioned(target, plan):
    iam = target.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=json.dumps(trust))
    table = plan.dataset.tables[0].name
    target.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": plan.role_arn(plan.person("data-scientist-limited").execution_role)},
        Resource={"TableWithColumns": {"DatabaseName": plan.dataset.database, "Name": table,
                                       "ColumnNames": ["customer_id"]}},
        Permissions=["SELECT"],
    )
"""
GRANTED = "reads_column and product_id or selects_everything"


def test_what_was_changed_in_the_account_is_told_with_who_did_it_and_when(whole: SignOff, root: Path) -> None:
    """The column that shows now, with the grant that decides; the role; the calls in CloudTrail; red for each alone."""
    kept = whole.root / "build" / "baseline" / "walkthrough"
    run = sign_off(root, "-k", ONE, f"--baseline={kept}", plan=WALKTHROUGH, plugin=CHANGED)
    assert run.code == 1, run.output  # every scenario passed
    assert run.those("FAIL", "NOT_OBTAINED", "NOT_RUN") == set()
    told = run.document("changes.json")
    assert told["baseline"]["run_id"] == whole.facts["run_id"] and told["unplanned"] == len(told["changes"]) == 3
    by_title = {each["title"]: each for each in told["changes"]}
    [stranger] = [each for title, each in by_title.items() if title == "new in roles: stranger"]
    assert any("iam:CreateRole by arn:aws:iam::123456789012:user/administrator" in call for call in stranger["calls"])
    grants = [each for title, each in by_title.items() if "in permissions" in title]
    assert {each["kind"] for each in grants} == {"new", "gone"}
    assert all(any("lakeformation:GrantPermissions by" in call for call in each["calls"]) for each in grants)
    assert "NOT IN PLAN  new in roles: stranger" in run.output
    assert "changes since run" in run.output and not run.facts["signed_off"]
    assert lakeproof("evidence", "verify", run.bundle).returncode == 0
    assert "new in roles: stranger" in (run.bundle / "changes.html").read_text()


def test_nothing_is_told_of_a_run_like_its_baseline(whole: SignOff, root: Path) -> None:
    """The twin: exit code 0, everything compared, and the cells that were not probed this time counted."""
    assert "kept as baseline: compare a later run with it by --baseline=" in whole.output
    kept = whole.root / "build" / "baseline" / "walkthrough"
    assert lakeproof("evidence", "verify", kept).returncode == 0
    run = sign_off(root, "-k", GRANTED, f"--baseline={kept}", plan=WALKTHROUGH)
    assert run.code == 0, run.output
    assert f"nothing changed since run {whole.facts['run_id']}" in run.output
    told = run.document("changes.json")
    assert told["changes"] == [] and told["compared"] > 60 and told["uncompared"]["only in the baseline"] > 100
