"""What a sign-off leaves for an auditor: a bundle that says everything, that a stranger verifies, or none at all."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.signoff.runs import FULL, LIMITED, REPOSITORY, SignOff, checkout, sign_off

ONE = "reads_column and product_id"
ALWAYS = {
    *("run.json", "verdicts.json", "ledger.jsonl", "judged.jsonl", "trail.jsonl"),
    *("matrix.json", "matrix.csv", "matrix.svg", "inventory/before.json", "inventory/after.json"),
    *("inputs/plans/walkthrough.yaml", "inputs/features/visibility/columns.feature"),
    *("manifest.json", "envelope.json"),
}
SUBJECTS = {
    *("data lake settings", "permissions", "data filters", "LF-Tags", "LF-Tag assignments", "locations", "databases"),
    *("tables", "roles", "users", "groups", "workgroups", "trails", "domains", "profiles"),
}


def lakeproof(*arguments: object, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Run the command, as on another machine: nothing but its arguments is known to it."""
    command = [sys.executable, "-m", "lakeproof", *map(str, arguments)]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """A narrowed sign-off whose evidence is signed."""
    root = checkout(tmp_path_factory.mktemp("signed"))
    made = lakeproof("evidence", "key", root / "key")
    assert made.returncode == 0, made.stderr
    return sign_off(root, "-k", ONE, "--sign-key", "key", "--seed", "5eed")


def test_a_run_leaves_one_whole_bundle(whole: SignOff) -> None:
    """Everything that an auditor needs is in it, it verifies, and nothing of it is left anywhere else."""
    found = {path.relative_to(whole.bundle).as_posix() for path in whole.bundle.rglob("*") if path.is_file()}
    assert found >= ALWAYS
    results = {path.name for path in (whole.root / "build" / "allure-results").iterdir()}
    assert {f"allure-results/{name}" for name in results} == {each for each in found if each.startswith("allure-")}
    assert not list((whole.root / "build" / "runs").iterdir())
    done = lakeproof("evidence", "verify", whole.bundle)
    assert done.returncode == 0 and "UNSIGNED" in done.stdout, done.stdout + done.stderr
    assert "unsigned; lakeproof evidence verify build/evidence/" in whole.output


def test_run_json_says_what_the_run_was_fixed_by(whole: SignOff) -> None:
    """Caller, account, Region, window, clock, hashes, versions, seed and command, fixed before the first probe."""
    run = whole.document("run.json")
    assert run["caller"].endswith(":user/administrator")
    assert abs(run["clock_skew_s"]) < 5
    assert run["started"] < run["fixed"] < run["ended"]
    assert run["seed"] and run["command"][0] == "pytest" and {"lakeproof", "hypothesis"} <= run["versions"].keys()
    assert run["git"] is None, "the directory of this test is no git checkout"
    assert all(len(run[name]["sha256"]) == 64 for name in ("plan", "features"))
    ledger = (whole.bundle / "ledger.jsonl").read_text().splitlines()
    assert min(json.loads(line)["started"] for line in ledger) > run["fixed"]
    assert run["trail"]["read"] and run["trail"]["records"] == len(
        (whole.bundle / "trail.jsonl").read_text().splitlines()
    )


def test_the_inputs_are_those_of_the_run(whole: SignOff) -> None:
    """Plan, policies and features stand in the bundle as they were."""
    inputs = whole.bundle / "inputs"
    for name in ("plans/walkthrough.yaml", "plans/policies/group.json", "features/visibility/columns.feature"):
        assert (inputs / name).read_bytes() == (whole.root / name).read_bytes()


def test_the_inventories_are_complete_counted_and_show_no_change(whole: SignOff) -> None:
    """Every subject, each thing counted; policies with their hashes; before the first probe and after the last."""
    before, after = whole.document("inventory/before.json"), whole.document("inventory/after.json")
    assert set(before["subjects"]) == SUBJECTS
    assert before["counts"] == {subject: len(things) for subject, things in before["subjects"].items()}
    made = {name for name in after["subjects"]["trails"] if "/lakeproof-decoy-" in name}  # undone with the run
    after["subjects"]["trails"] = {k: v for k, v in after["subjects"]["trails"].items() if k not in made}
    after["counts"]["trails"] -= len(made)
    assert before == after
    role = before["subjects"]["roles"][f"SageMakerStudioExecutionRole_{LIMITED}"]
    [policy] = role["policies"].values()
    assert len(policy["sha256"]) == len(role["trust"]["sha256"]) == 64
    assert {LIMITED, FULL} <= set(before["subjects"]["profiles"])
    assert any("SELECT" in name and LIMITED in name for name in before["subjects"]["permissions"])


def test_the_matrix_shows_every_person_with_every_column_and_what_they_tried(whole: SignOff) -> None:
    """Expected beside observed, none disagreeing; hidden means refused by Lake Formation; as JSON, CSV and picture."""
    matrix = whole.document("matrix.json")
    people = [cell for cell in matrix["columns"] if cell["identity"] != "the control reader"]
    assert len(people) == 4 * 16 and all(cell["agrees"] for cell in people)
    assert Counter(cell["observed"] for cell in people if cell["identity"] == LIMITED) == {"visible": 8, "hidden": 8}
    hidden = [cell for cell in people if cell["observed"] == "hidden"]
    assert hidden and all("LF_COLUMN" in cell["causes"] for cell in hidden)
    actions = {(each["identity"], each["action"], each["on"]): each for each in matrix["actions"]}
    opened = actions[f"{LIMITED} at the console", "sagemaker:CreatePresignedDomainUrl", f"of {FULL}"]
    assert (opened["expected"], opened["observed"], opened["causes"]) == ("refused", "refused", ["IAM_EXPLICIT"])
    own = actions[f"{LIMITED} at the console", "sagemaker:CreatePresignedDomainUrl", "their own"]
    assert (own["expected"], own["observed"]) == ("allowed", "allowed")
    assert all(each["agrees"] for each in matrix["actions"])
    rows = (whole.bundle / "matrix.csv").read_text().splitlines()
    assert len(rows) == 1 + len(matrix["columns"]) + len(matrix["actions"])
    attached = [file.read_text() for file in (whole.root / "build/allure-results").glob("*-attachment.*")]
    assert (whole.bundle / "matrix.svg").read_text() in attached


def test_a_signed_bundle_is_verified_with_nothing_but_the_public_key(signed: SignOff, tmp_path: Path) -> None:
    """Exit code 0 and the key's id; with another key 1; the private key is in no file of the bundle."""
    assert signed.code == 0, signed.output
    done = lakeproof("evidence", "verify", signed.bundle, "--key", signed.root / "key.pub", cwd=tmp_path)
    assert done.returncode == 0 and "signed by the key that was given" in done.stdout, done.stderr
    lakeproof("evidence", "key", tmp_path / "other")
    done = lakeproof("evidence", "verify", signed.bundle, "--key", tmp_path / "other.pub")
    assert done.returncode == 1 and "not by the key that was given" in done.stderr
    assert "whose key that is was NOT checked" in lakeproof("evidence", "verify", signed.bundle).stdout
    secret = "".join((signed.root / "key").read_text().splitlines()[1:-1])
    assert not [file for file in signed.bundle.rglob("*") if file.is_file() and secret in file.read_text()]


def test_the_statement_of_a_partial_run_is_no_pass(signed: SignOff) -> None:
    """A narrowed run is WARNED, not PASSED, and says that it is partial."""
    said = json.loads(base64.b64decode(signed.document("envelope.json")["payload"]))["predicate"]
    assert said["result"] == "WARNED" and said["run"]["partial"] and not said["run"]["signed_off"]


def test_what_was_done_to_a_bundle_is_named_by_the_command(signed: SignOff, tmp_path: Path) -> None:
    """Altered, added and removed, all at once, exit code 1; no bundle at all is 2."""
    subprocess.run(["cp", "-r", signed.bundle, tmp_path / "copy"], check=True)
    copy = tmp_path / "copy"
    (copy / "verdicts.json").write_text((copy / "verdicts.json").read_text().replace("PASS", "FAIL", 1))
    (copy / "matrix.csv").unlink()
    (copy / "more.txt").write_text("")
    done = lakeproof("evidence", "verify", copy, "--key", signed.root / "key.pub")
    assert done.returncode == 1
    for words in ("verdicts.json is altered", "matrix.csv is removed", "more.txt is added"):
        assert words in done.stderr
    done = lakeproof("evidence", "verify", tmp_path)
    assert done.returncode == 2 and "is no evidence bundle" in done.stderr


def test_how_to_do_the_run_again_is_printed_to_the_letter(signed: SignOff) -> None:
    """The command with its seed, the requirements, the comparison of the inputs."""
    done = lakeproof("evidence", "reperform", signed.bundle)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert f"lakeproof evidence verify {signed.bundle}" in lines
    assert "make .venv/.installed" in lines
    [again] = [line for line in lines if line.startswith(".venv/bin/pytest")]
    assert "--plan plans/small.yaml" in again and "--seed 5eed" in again and f"-k '{ONE}'" in again
    assert any(line.startswith("diff -r ") and "inputs/plans" in line for line in lines)


def test_a_red_run_leaves_its_evidence_too(crashed: SignOff) -> None:
    """A worker died: the bundle is whole, and its statement says FAILED."""
    assert lakeproof("evidence", "verify", crashed.bundle).returncode == 0
    said = json.loads(base64.b64decode(crashed.document("envelope.json")["payload"]))["predicate"]
    assert said["result"] == "FAILED" and len(said["failedTests"]) == 1
    again = lakeproof("evidence", "reperform", crashed.bundle).stdout
    assert sum(line.startswith(".venv/bin/pytest") for line in again.splitlines()) == 2


FULL_DISK = """
import resource

from fixtures import evidence
from tests.signoff.observer import around

def no_file_grows(*_, **__):
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))

def pytest_configure(config):
    around(evidence, "copy_files", before=no_file_grows)
"""


def test_a_disk_that_is_full_leaves_no_bundle_and_no_sign_off(signed: SignOff) -> None:
    """Exit code 10, the file and the reason; earlier bundles are untouched; the tear-down was done."""
    earlier = signed.bundle
    run = sign_off(signed.root, "-k", ONE, plugin=FULL_DISK)
    assert run.code == 10, run.output
    assert "NO BUNDLE" in run.output and "could not be written: File too large" in run.output
    assert "Traceback" not in run.output and "nothing is left" in run.output
    assert list((run.root / "build" / "evidence").iterdir()) == [earlier]
    assert lakeproof("evidence", "verify", earlier, "--key", run.root / "key.pub").returncode == 0
    assert not (run.root / "build" / "verdicts.json").exists(), "it told of a sign-off"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: (root / "build").write_text(""), "build could not be written"),
        (lambda root: (root / "key").write_text("no key"), "expected a private Ed25519 key"),
        (lambda root: (root / "key").mkdir(), "cannot be read: Is a directory"),
        (lambda root: None, "cannot be read: No such file or directory"),
    ],
    ids=["read-only", "no-key", "directory", "missing"],
)
def test_what_would_keep_the_evidence_from_being_written_is_said_before_anything_is_started(
    spoil: object, words: str, root: Path
) -> None:
    """Exit code 4, one message, no account."""
    spoil(root)  # type: ignore[operator]
    run = sign_off(root, *(() if (root / "build").exists() else ("--sign-key", "key")))
    assert run.code == 4, run.output
    assert f"nothing was started: {root}" in run.output and words in run.output
    assert "Traceback" not in run.output and not run.observed("account")


def test_a_key_is_never_overwritten_and_an_unwritable_one_is_named(tmp_path: Path) -> None:
    """Exit code 2, and neither half is there."""
    (tmp_path / "mine.pub").write_text("mine")
    done = lakeproof("evidence", "key", tmp_path / "mine")
    assert done.returncode == 2 and "a key is never overwritten" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.pub"] and (tmp_path / "mine.pub").read_text() == "mine"
    done = lakeproof("evidence", "key", tmp_path / "nowhere" / "key")
    assert done.returncode == 2 and "No such file or directory" in done.stderr and "Traceback" not in done.stderr


def test_a_run_s_verdicts_are_exported_for_other_tools(signed: SignOff) -> None:
    """From nothing but the bundle: OSCAL with its plan, OCSF and JUnit, an entry for each scenario."""
    out = signed.root / "exported"
    for form in ("oscal", "ocsf", "junit"):
        done = lakeproof("evidence", "export", signed.bundle, "--format", form, "--out", out)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == {
        *("assessment-plan.json", "assessment-results.json", "ocsf.json", "junit.xml")
    }
    told = signed.document("verdicts.json")
    [result] = json.loads((out / "assessment-results.json").read_text())["assessment-results"]["results"]
    assert result["description"] == "EMBEDDED ACCOUNT: not evidence about AWS"
    assert len(result["observations"]) == told["planned"] > 0
    assert {each["target"]["status"]["state"] for each in result["findings"]} == {"satisfied"}
    found = json.loads((out / "ocsf.json").read_text())
    assert len(found) == sum(len(each["controls"]) for each in told["scenarios"])
    assert (out / "junit.xml").read_text().count("<testcase ") == told["planned"]
    assert lakeproof("evidence", "verify", signed.bundle, "--key", signed.root / "key.pub").returncode == 0
