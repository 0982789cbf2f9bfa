"""``lakeproof template``: a plan as templates that are clean, always the same, and deploy what the plan says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from lakeproof.inventory import whole
from lakeproof.plan import load
from lakeproof.target import Target
from provision.templates import templates
from tests.cloudformation.stacks import CAPABILITIES, deploy, described, outputs, reasons
from tests.conftest import REPOSITORY, Embedded

PLANS = ["walkthrough", "as-published", "as-published-template", "filters-and-tags"]
NESTED = ("dataset.yaml", "people.yaml", "studio.yaml")


def written(plan: str, out: Path) -> dict[str, str]:
    """What the command writes, by file name."""
    command = [sys.executable, "-m", "lakeproof", "template", f"plans/{plan}.yaml", "--out", str(out)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=60)
    return {file.name: file.read_text("utf-8") for file in sorted(out.iterdir())}


def test_templates_are_always_the_same(tmp_path: Path) -> None:
    """The command writes four files; another process, with another order of hashes, makes the same bytes of a plan."""
    for plan in PLANS:
        first = written(plan, tmp_path / plan)
        assert sorted(first) == sorted(("lake.yaml", *NESTED))
        assert first == templates(load(REPOSITORY / "plans" / f"{plan}.yaml"))


def test_templates_are_clean(tmp_path: Path) -> None:
    """cfn-lint finds nothing in any of them, not even a parameter that is not used."""
    for plan in PLANS:
        for name, text in templates(load(REPOSITORY / "plans" / f"{plan}.yaml")).items():
            (tmp_path / f"{plan}-{name}").write_text(text, "utf-8")
    lint = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "us-east-1", "--"]
    files = sorted(str(file) for file in tmp_path.iterdir())
    found = subprocess.run([*lint, *files], capture_output=True, text=True, timeout=110, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def given(embedded: Embedded, **more: str) -> list[dict[str, str]]:
    """The parameters that have no default."""
    values = {
        "RunId": "cfn-0001",
        "HarnessArn": f"arn:aws:iam::{embedded.account_id}:user/administrator",
        "ExternalId": "cfn-external",
        **more,
    }
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def columns(embedded: Embedded, role: str) -> set[str]:
    """The columns that a role was granted SELECT on, by name."""
    principal = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{embedded.account_id}:role/{role}"}
    grants = embedded.client("lakeformation").list_permissions(Principal=principal)["PrincipalResourcePermissions"]
    return {
        column
        for grant in grants
        for column in grant["Resource"].get("TableWithColumns", {}).get("ColumnNames", [])
        if grant["Permissions"] == ["SELECT"]
    }


def inventory(embedded: Embedded) -> dict[tuple[str, str], Any]:
    """The facts of a whole inventory, by subject and name."""
    found = whole.read(cast(Target, embedded))["subjects"]
    return {(subject, name): facts for subject, things in found.items() for name, facts in things.items()}


def test_a_plan_deploys_changes_and_goes(embedded: Embedded, tmp_path: Path) -> None:
    """The walkthrough's templates deploy as nested stacks; a column of a grant is renamed; deleted, they leave logs,
    the empty default permissions and Lake Formation's service-linked role, and nothing else of a whole inventory."""
    cfn, s3, iam = embedded.client("cloudformation"), embedded.client("s3"), embedded.client("iam")
    files, plan = written("walkthrough", tmp_path), load(REPOSITORY / "plans" / "walkthrough.yaml")
    before = inventory(embedded)
    s3.create_bucket(Bucket="cfn-plan-templates")
    for name in NESTED:
        s3.put_object(Bucket="cfn-plan-templates", Key=f"one/{name}", Body=files[name].encode())
    prefix = "https://cfn-plan-templates.s3.amazonaws.com/{}/"
    stack = deploy(cfn, "plan", files["lake.yaml"], Parameters=given(embedded, TemplateUrlPrefix=prefix.format("one")))
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(cfn, stack["StackId"], "CREATE_FAILED")
    limited = plan.person("data-scientist-limited")
    planned = set(plan.visible_columns(limited.name, "amazon_reviews_parquet"))
    assert columns(embedded, limited.execution_role) == planned
    profile = embedded.client("sagemaker").describe_user_profile(
        DomainId=outputs(stack)["DomainId"], UserProfileName=limited.profile
    )
    assert profile["UserSettings"]["ExecutionRole"].endswith(f"role/{limited.execution_role}")
    assert len(embedded.client("glue").get_partitions(
        DatabaseName=plan.dataset.database, TableName="amazon_reviews_parquet"
    )["Partitions"]) == 43  # fmt: skip
    assert iam.get_login_profile(UserName=limited.user_id)["LoginProfile"]

    changed = files["people.yaml"].replace("- review_headline", "- vine")
    for name in NESTED:
        body = changed if name == "people.yaml" else files[name]
        s3.put_object(Bucket="cfn-plan-templates", Key=f"two/{name}", Body=body.encode())
    parameters = given(embedded, TemplateUrlPrefix=prefix.format("two"))
    cfn.update_stack(StackName="plan", UsePreviousTemplate=True, Capabilities=CAPABILITIES, Parameters=parameters)
    assert described(cfn, "plan")["StackStatus"] == "UPDATE_COMPLETE"
    assert columns(embedded, limited.execution_role) == planned - {"review_headline"} | {"vine"}

    cfn.delete_stack(StackName="plan")
    assert described(cfn, stack["StackId"])["StackStatus"] == "DELETE_COMPLETE", described(cfn, stack["StackId"])
    assert [one["RoleName"] for one in iam.list_roles()["Roles"] if "aws-service-role" not in one["Path"]] == []
    assert [one["UserName"] for one in iam.list_users()["Users"]] == ["administrator"]
    logs = f"lakeproof-logs-{embedded.account_id}-{embedded.region}-cfn-0001"
    assert {one["Name"] for one in s3.list_buckets()["Buckets"]} == {"cfn-plan-templates", logs}
    assert embedded.client("glue").get_databases()["DatabaseList"] == []
    assert embedded.client("sagemaker").list_domains()["Domains"] == []
    assert embedded.client("cloudtrail").list_trails()["Trails"] == []
    assert embedded.client("secretsmanager").list_secrets()["SecretList"] == []
    settings = embedded.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    assert settings["DataLakeAdmins"] == []
    after = inventory(embedded)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        ("data lake settings", "CreateDatabaseDefaultPermissions"),
        ("data lake settings", "CreateTableDefaultPermissions"),
        ("roles", "AWSServiceRoleForLakeFormationDataAccess"),
    }


def test_athena_reads_partitions_as_the_walkthrough_declares_them(embedded: Embedded) -> None:
    """A partition of TextInputFormat and the Parquet SerDe, without columns of its own, is read as Parquet."""
    cfn, s3, athena = (embedded.client(name) for name in ("cloudformation", "s3", "athena"))
    parquet = "org.apache.hadoop.hive.ql.io.parquet"
    serde = {"SerializationLibrary": f"{parquet}.serde.ParquetHiveSerDe", "Parameters": {"serialization.format": "1"}}
    place: dict[str, Any] = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": {"Ref": "Database"}}
    resources = {
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "declared"}},
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                **place,
                "TableInput": {
                    "Name": "reviews",
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"classification": "parquet"},
                    "PartitionKeys": [{"Name": "product_category", "Type": "string"}],
                    "StorageDescriptor": {
                        "Columns": [{"Name": "product_id", "Type": "string"}, {"Name": "star_rating", "Type": "int"}],
                        "Location": "s3://declared-lake/parquet/",
                        "InputFormat": f"{parquet}.MapredParquetInputFormat",
                        "OutputFormat": f"{parquet}.MapredParquetOutputFormat",
                        "SerdeInfo": serde,
                    },
                },
            },
        },
        "PartitionBooks": {
            "Type": "AWS::Glue::Partition",
            "Properties": {
                **place,
                "TableName": {"Ref": "Table"},
                "PartitionInput": {
                    "Values": ["Books"],
                    "StorageDescriptor": {
                        "Location": "s3://declared-lake/parquet/product_category=Books",
                        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
                        "SerdeInfo": serde,
                    },
                },
            },
        },
    }
    s3.create_bucket(Bucket="declared-lake")
    content = io.BytesIO()
    pq.write_table(pa.table({"product_id": ["b1", "b2"], "star_rating": pa.array([5, 1], pa.int32())}), content)
    s3.put_object(Bucket="declared-lake", Key="parquet/product_category=Books/a.parquet", Body=content.getvalue())
    assert deploy(cfn, "declared", json.dumps({"Resources": resources}))["StackStatus"] == "CREATE_COMPLETE"
    query = athena.start_query_execution(
        QueryString="SELECT product_id, star_rating, product_category FROM declared.reviews ORDER BY 1",
        ResultConfiguration={"OutputLocation": "s3://declared-lake/results/"},
    )["QueryExecutionId"]
    while (state := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])["Status"]["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        continue
    assert state["Status"]["State"] == "SUCCEEDED", state["Status"]
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    found = [[cell["VarCharValue"] for cell in row["Data"]] for row in rows[1:]]
    assert found == [["b1", "5", "Books"], ["b2", "1", "Books"]]


def test_no_template_holds_an_account_or_a_run(tmp_path: Path) -> None:
    """Placeholders have become parameters; IAM's own variables are still variables where a policy is read."""
    texts = written("walkthrough", tmp_path)
    for text in texts.values():
        assert "{account}" not in text.replace("${account}", "")
        assert "{run}" not in text
        assert "123456789012" not in text
    assert "${!aws:PrincipalTag/userprofilename}" in texts["people.yaml"]
    assert set(yaml.safe_load(texts["studio.yaml"])["Parameters"]) >= {"StudioVpcId", "StudioSubnetIds"}
