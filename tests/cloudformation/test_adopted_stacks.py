"""Stacks that somebody else deployed are verified: deployed, signed off, changed, signed off again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import yaml

from lakeproof.plan import Plan, load
from provision import dataset
from provision.templates import templates
from tests.cloudformation.stacks import CAPABILITIES, deploy, described, reasons
from tests.cloudformation.test_plan_templates import NESTED, given
from tests.conftest import REPOSITORY, Embedded
from tests.signoff.runs import LIMITED, SMALL, SignOff, checkout, sign_off

RUN, ADOPTING, BUCKET = "cfn-0001", "plans/adopted.yaml", "cfn-adopted-templates"
PART = ("features/identity", "features/grants", "features/studio", "features/visibility/columns.feature")


def adopting(root: Path, plan: str) -> None:
    """Write the plan that adopts what the stacks of ``plan`` made."""
    told = yaml.safe_load((root / plan).read_text().replace("{run}", RUN)) | {"provision": "adopt"}
    told["audit"]["trail"] = "adopt"
    told["verification"]["external_id"] = "cfn-external"
    (root / ADOPTING).write_text(yaml.safe_dump(told, sort_keys=False))


def verified(root: Path, account: Embedded) -> SignOff:
    """Sign the adopted lake off, as far as no IAM user's own keys are needed."""
    environment = {name: value for name, value in account.environment().items() if name.startswith("AWS_")}
    named = ("--target", "aws", "--expect-account", account.account_id, "--propagation", "0.01")
    return sign_off(root, *named, *PART, plan=ADOPTING, observed=False, **environment)


def upload(account: Embedded, plan: Plan) -> None:
    """What is no part of the templates: the data, and that not everybody may create databases."""
    for file, body in dataset.dataset_files(plan.dataset):
        account.client("s3").put_object(Bucket=plan.dataset.bucket, Key=file.key, Body=body)
    account.client("lakeformation").revoke_permissions(
        Principal={"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        Resource={"Catalog": {}},
        Permissions=["CREATE_DATABASE"],
    )


def test_stacks_that_somebody_deployed_are_verified_and_so_is_their_update(
    start_embedded: Callable[..., AbstractContextManager[Embedded]], tmp_path: Path
) -> None:
    """Green as deployed; red when a granted column is another than the plan says; green when the plan says it too."""
    root = checkout(tmp_path)
    shutil.copytree(REPOSITORY / "docs", root / "docs", ignore=shutil.ignore_patterns("images"))
    with start_embedded() as account:
        cfn, s3, files = account.client("cloudformation"), account.client("s3"), templates(load(root / SMALL))
        s3.create_bucket(Bucket=BUCKET)
        for name in NESTED:
            s3.put_object(Bucket=BUCKET, Key=f"one/{name}", Body=files[name].encode())
        place = "https://cfn-adopted-templates.s3.amazonaws.com/{}/"
        stack = deploy(
            cfn, "lake", files["lake.yaml"], Parameters=given(account, TemplateUrlPrefix=place.format("one"))
        )
        assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cfn, stack["StackId"], "CREATE_FAILED")
        upload(account, load(root / SMALL).resolved(account.account_id, account.region, RUN))
        adopting(root, SMALL)
        run = verified(root, account)
        assert run.code == 0 and len(run.those("PASS")) > 40, run.output

        for name in NESTED:
            body = files[name].replace("- star_rating", "- customer_id") if name == "people.yaml" else files[name]
            s3.put_object(Bucket=BUCKET, Key=f"two/{name}", Body=body.encode())
        parameters = given(account, TemplateUrlPrefix=place.format("two"))
        cfn.update_stack(StackName="lake", UsePreviousTemplate=True, Capabilities=CAPABILITIES, Parameters=parameters)
        assert described(cfn, "lake")["StackStatus"] == "UPDATE_COMPLETE"
        run = verified(root, account)
        assert run.code == 1
        assert f"grants.feature::test_the_permissions_of_person_are_exactly_the_planned_ones[{LIMITED}]" in run.those(
            "FAIL"
        )

        plan = root / SMALL
        plan.write_text(plan.read_text().replace("    - star_rating", "    - customer_id"))
        adopting(root, SMALL)
        run = verified(root, account)
        assert run.code == 0, run.output
