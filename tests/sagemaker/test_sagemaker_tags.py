"""Tags of SageMaker's resources."""

from __future__ import annotations

from typing import Any

from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, make_role, refusal


def tags(sagemaker: Any, arn: str) -> dict[str, str]:
    """All tags of a resource."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}


def as_tags(**values: str) -> list[dict[str, str]]:
    """Tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_a_resource_that_does_not_exist_has_no_tags(embedded: Embedded, sagemaker: Any) -> None:
    """Tagging, listing and untagging an unknown ARN are refused."""
    arn = f"arn:aws:sagemaker:{embedded.region}:{embedded.account_id}:domain/d-none"
    assert refusal(sagemaker.add_tags, ResourceArn=arn, Tags=as_tags(a="b"))[0] == "ValidationException"
    assert refusal(sagemaker.list_tags, ResourceArn=arn)[0] == "ValidationException"
    assert refusal(sagemaker.delete_tags, ResourceArn=arn, TagKeys=["a"])[0] == "ValidationException"


def test_reserved_keys_and_too_many_tags_are_refused(embedded: Embedded, sagemaker: Any) -> None:
    """A key of AWS's, and a 51st tag, are refused, and nothing is changed."""
    domain_id = make_domain(embedded, "limits")
    arn = f"arn:aws:sagemaker:{embedded.region}:{embedded.account_id}:domain/{domain_id}"
    reserved = [{"Key": "aws:owner", "Value": "x"}]
    assert refusal(sagemaker.add_tags, ResourceArn=arn, Tags=reserved)[0] == "ValidationException"
    sagemaker.add_tags(ResourceArn=arn, Tags=as_tags(**{f"k{number}": "v" for number in range(50)}))
    assert refusal(sagemaker.add_tags, ResourceArn=arn, Tags=as_tags(one="more"))[0] == "ValidationException"
    assert len(tags(sagemaker, arn)) == 50


def test_every_resource_has_tags_from_its_creation_to_its_end(embedded: Embedded, sagemaker: Any) -> None:
    """Each kind of resource takes tags when created; AddTags adds and overwrites, DeleteTags removes."""
    role_arn = make_role(embedded, "tagged", actions=["sts:AssumeRole"])
    domain_id = make_domain(embedded, "tagged", Tags=as_tags(a="1"))
    prefix = f"arn:aws:sagemaker:{embedded.region}:{embedded.account_id}"
    given = {"Tags": as_tags(a="1")}
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana", **given)
    sagemaker.create_space(DomainId=domain_id, SpaceName="s", **given)
    sagemaker.create_app(DomainId=domain_id, UserProfileName="ana", AppType="JupyterLab", AppName="default", **given)
    sagemaker.create_notebook_instance(NotebookInstanceName="n", InstanceType="ml.t3.medium", RoleArn=role_arn, **given)
    sagemaker.create_processing_job(
        ProcessingJobName="p",
        RoleArn=role_arn,
        AppSpecification={"ImageUri": "i"},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        **given,
    )
    for resource in (
        f"domain/{domain_id}",
        f"user-profile/{domain_id}/ana",
        f"space/{domain_id}/s",
        f"app/{domain_id}/ana/JupyterLab/default",
        "notebook-instance/n",
        "processing-job/p",
    ):
        arn = f"{prefix}:{resource}"
        assert tags(sagemaker, arn) == {"a": "1"}
        answer = sagemaker.add_tags(ResourceArn=arn, Tags=as_tags(a="2", b="3"))["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in answer} == {"a": "2", "b": "3"} == tags(sagemaker, arn)
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b", "unknown"])
        assert tags(sagemaker, arn) == {"a": "2"}
    sagemaker.delete_space(DomainId=domain_id, SpaceName="s")
    assert refusal(sagemaker.list_tags, ResourceArn=f"{prefix}:space/{domain_id}/s")[0] == "ValidationException"
