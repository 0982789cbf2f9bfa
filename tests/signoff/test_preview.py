"""``--preview`` tells what a sign-off would do to an account, and does none of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from lakeproof.target import Target, local_target
from tests.conftest import Embedded
from tests.inventory import everything
from tests.signoff.runs import SignOff, sign_off
from tests.signoff.test_named_account import changes, harness, place

__all__ = ["place"]
SOME = ("features/studio", "features/visibility/metadata.feature")
REGION = "eu-west-1"
READS_ONLY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "iam:Simulate*"], "Resource": "*"},
}


@pytest.fixture(scope="module")
def account(start_embedded: Callable[..., AbstractContextManager[Embedded]]) -> Iterator[Embedded]:
    """An account in another Region than the default one."""
    with start_embedded("--region", REGION, "--account-id", "210987654321") as account:
        yield account


def preview(root: Path, account: Embedded, *arguments: str) -> SignOff:
    """A preview of the small plan on the account, as if it were one of AWS's."""
    environment = {name: value for name, value in account.environment().items() if name.startswith("AWS_")}
    named = ("--target", "aws", "--expect-account", account.account_id, "--preview")
    return sign_off(root, *named, *arguments, observed=False, **environment)


def as_target(account: Embedded) -> Target:
    """The account with its administrator's keys."""
    names = ("endpoint_url", "region", "account_id", "access_key_id", "secret_access_key")
    return local_target({name: getattr(account, name) for name in names})


def section(done: SignOff, title: str) -> list[str]:
    """The lines of one section of a preview."""
    found = re.search(rf"^{title}.*\n((?:  .*\n)+)", done.output, re.M)
    assert found, f"no section {title!r} in\n{done.output}"
    return [line.strip() for line in found[1].splitlines()]


def test_a_preview_changes_nothing_and_says_what_a_run_would(account: Embedded, place: Path) -> None:
    """Not one mutating call reaches the account; what would be made, changed, asked, waited for and paid is told."""
    before, recorded = everything(as_target(account)), changes(account)
    done = preview(place, account, *SOME)
    assert done.code == 0, done.output
    assert changes(account) == recorded == []
    assert everything(as_target(account)) == before
    assert not (place / ".lakeproof").exists() and not (place / "build").exists()
    assert not list((place / "tmp").iterdir())

    made = section(done, "created, and removed at the end")
    assert {
        "role SageMakerStudioExecutionRole_data-scientist-limited",
        f"bucket lakeproof-lake-{account.account_id}-{REGION}-{{run}}",
        "domain lakeproof-{run}",
        "database default",
    } <= set(made)
    changed = section(done, "changed for the time of the run")
    assert any("data lake administrators: arn:aws:iam::210987654321:user/administrator" in line for line in changed)
    assert "CreateTableDefaultPermissions: IAM_ALLOWED_PRINCIPALS is taken out" in changed
    assert "1 sagemaker:CreateDomain" in section(done, "what changes something")
    assert any(line.endswith("in Studio") for line in section(done, "queries: "))
    assert any("wait: digest (documented)" in line for line in section(done, "minutes: "))
    assert section(done, "cost")[-1].endswith("USD in all, list prices as of 2026-11-26")
    assert not any(line.endswith("FAIL") for line in section(done, "rehearsed"))
    assert done.output.endswith("PREVIEW: nothing was made, nothing was verified\n")


def test_what_is_in_the_way_is_named(account: Embedded, place: Path) -> None:
    """A name that is taken ends the preview with exit code 4; a database that is only made where it lacks is kept."""
    role = "SageMakerStudioExecutionRole_data-scientist-limited"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    account.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    account.client("glue").create_database(DatabaseInput={"Name": "default"})
    recorded = changes(account)
    done = preview(place, account, *SOME)
    assert done.code == 4, done.output
    assert section(done, "in the way") == [f"role {role}"]
    assert section(done, "there already, and kept") == ["database default"]
    assert changes(account) == recorded


def test_a_preview_is_refused_where_a_run_would_be(account: Embedded, place: Path) -> None:
    """Whoever may not run the sign-off in an account does not get its preview: the same message, exit code 4."""
    keys = harness(account, READS_ONLY)
    environment = {name: value for name, value in account.environment(keys).items() if name.startswith("AWS_")}
    for arguments, said in (
        ((), "say so: --expect-account"),
        (("--expect-account", account.account_id), "sagemaker:CreateDomain"),
    ):
        done = sign_off(place, "--target", "aws", "--preview", *arguments, observed=False, **environment)
        assert done.code == 4
        assert said in done.output and "rehearsing" not in done.output


def test_a_rehearsal_that_comes_to_no_end_says_why(place: Path) -> None:
    """Without an account, and with features that cannot be collected: its last words, exit code 4, nothing left."""
    (place / "features" / "studio" / "studio.feature").write_text("Feature: x\n  Scenario: y\n    Given nothing\n")
    done = sign_off(place, "--preview", *SOME, observed=False)
    assert done.code == 4
    assert "the rehearsal ended with exit code" in done.output
    assert not list((place / "tmp").iterdir())
