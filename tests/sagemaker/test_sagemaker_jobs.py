"""Processing and training jobs, and notebook instances."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cloudtrail.bench import history
from tests.conftest import Embedded
from tests.sagemaker.studio import make_domain, make_role, refusal

CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}


def processing(name: str, role_arn: str) -> dict[str, Any]:
    """A processing job."""
    return {
        "ProcessingJobName": name,
        "RoleArn": role_arn,
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {"ClusterConfig": CLUSTER},
    }


def training(name: str, role_arn: str) -> dict[str, Any]:
    """A training job."""
    return {
        "TrainingJobName": name,
        "RoleArn": role_arn,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": CLUSTER,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


@pytest.mark.parametrize("kind", ["processing", "training"])
def test_a_role_that_sagemaker_may_not_assume_runs_no_job(embedded: Embedded, sagemaker: Any, kind: str) -> None:
    """A job with a role that does not trust SageMaker, or does not exist, is refused in AWS's words."""
    job = {"processing": processing, "training": training}[kind]
    create = {"processing": sagemaker.create_processing_job, "training": sagemaker.create_training_job}[kind]
    elsewhere = {"Service": "ec2.amazonaws.com"}
    stranger = make_role(embedded, f"stranger-{kind}", actions=["sts:AssumeRole"], principal=elsewhere)
    for role_arn in (stranger, f"arn:aws:iam::{embedded.account_id}:role/missing"):
        code, message = refusal(create, **job("refused", role_arn))
        assert code == "ValidationException"
        assert message == (
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        )
    assert sagemaker.list_processing_jobs(NameContains="refused")["ProcessingJobSummaries"] == []
    assert sagemaker.list_training_jobs(NameContains="refused")["TrainingJobSummaries"] == []


def test_a_source_identity_needs_the_trust_of_the_jobs_role(embedded: Embedded, sagemaker: Any) -> None:
    """A job started from Studio carries the profile's name on, or is refused where its role does not allow that."""
    administrator = f"arn:aws:iam::{embedded.account_id}:user/administrator"
    both = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    notebook = make_role(embedded, "notebook", actions=both, principal={"AWS": administrator})
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    embedded.client("iam").put_role_policy(RoleName="notebook", PolicyName="all", PolicyDocument=json.dumps(policy))
    domain_id = make_domain(embedded, "jobs", DomainSettings={"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"})
    sagemaker.create_user_profile(DomainId=domain_id, UserProfileName="ana-jobs")
    session = embedded.as_role(notebook, "SageMaker", SourceIdentity="ana-jobs")
    studio = embedded.client("sagemaker", session)

    closed = make_role(embedded, "closed", actions=["sts:AssumeRole"])
    assert refusal(studio.create_training_job, **training("carried", closed))[0] == "ValidationException"
    opened = make_role(embedded, "opened", actions=both)
    studio.create_training_job(**training("carried", opened))
    event = history(embedded, EventName="AssumeRole")[0]
    assert event["userIdentity"]["type"] == "AWSService"
    assert event["requestParameters"]["sourceIdentity"] == "ana-jobs"

    sagemaker.create_training_job(**training("without", closed))
    assert "sourceIdentity" not in history(embedded, EventName="AssumeRole")[0]["requestParameters"]


def test_what_is_not_served_is_refused_by_name(embedded: Embedded, sagemaker: Any) -> None:
    """Session chaining of a training job, and filters that we do not have, are refused loudly."""
    role_arn = make_role(embedded, "chaining", actions=["sts:AssumeRole"])
    chained = {**training("chained", role_arn), "SessionChainingConfig": {"EnableSessionTagChaining": True}}
    code, message = refusal(sagemaker.create_training_job, **chained)
    assert (code, "EnableSessionTagChaining" in message) == ("NotImplemented", True)
    assert refusal(sagemaker.list_training_jobs, WarmPoolStatusEquals="Available")[0] == "NotImplemented"


def test_jobs_that_do_not_exist(sagemaker: Any) -> None:
    """Unknown jobs answer with the texts that users report."""
    assert refusal(sagemaker.describe_training_job, TrainingJobName="none") == (
        "ValidationException",
        "Requested resource not found.",
    )
    assert refusal(sagemaker.stop_processing_job, ProcessingJobName="none") == (
        "ValidationException",
        "Could not find requested job with name: none",
    )


def test_a_job_runs_and_ends_on_the_accounts_clock(embedded: Embedded, sagemaker: Any) -> None:
    """A job is in progress, then completed; a name is used once; a job that ended cannot be stopped."""
    role_arn = make_role(embedded, "runner", actions=["sts:AssumeRole"])
    sagemaker.create_processing_job(**processing("runs", role_arn))
    sagemaker.create_training_job(**training("runs", role_arn))
    for create, job in ((sagemaker.create_processing_job, processing), (sagemaker.create_training_job, training)):
        code, message = refusal(create, **job("runs", role_arn))
        assert code == "ResourceInUse" and "must be unique within an AWS account and region" in message
    assert sagemaker.describe_processing_job(ProcessingJobName="runs")["ProcessingJobStatus"] == "InProgress"
    listed = sagemaker.list_training_jobs(StatusEquals="InProgress", NameContains="runs")["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in listed] == ["runs"]
    embedded.control("clock", {"advance": 61})
    job = sagemaker.describe_training_job(TrainingJobName="runs")
    assert (job["TrainingJobStatus"], job["RoleArn"]) == ("Completed", role_arn)
    assert job["ModelArtifacts"]["S3ModelArtifacts"].startswith("s3://bucket/models/runs/")
    assert refusal(sagemaker.stop_training_job, TrainingJobName="runs")[0] == "ValidationException"


def test_a_job_can_be_stopped(embedded: Embedded, sagemaker: Any) -> None:
    """StopProcessingJob ends a job in progress."""
    role_arn = make_role(embedded, "stopper", actions=["sts:AssumeRole"])
    sagemaker.create_processing_job(**processing("stops", role_arn))
    sagemaker.stop_processing_job(ProcessingJobName="stops")
    assert sagemaker.describe_processing_job(ProcessingJobName="stops")["ProcessingJobStatus"] == "Stopped"


def test_a_notebook_instance_in_service_is_not_deleted(embedded: Embedded, sagemaker: Any) -> None:
    """A notebook instance is stopped before it is deleted; each wrong step is refused."""
    name = {"NotebookInstanceName": "nb"}
    assert refusal(sagemaker.describe_notebook_instance, **name) == ("ValidationException", "RecordNotFound")
    assert refusal(sagemaker.create_presigned_notebook_instance_url, **name)[0] == "ValidationException"
    role_arn = make_role(embedded, "nb-role", actions=["sts:AssumeRole"])
    params = {**name, "InstanceType": "ml.t3.medium", "RoleArn": role_arn}
    sagemaker.create_notebook_instance(**params, SecurityGroupIds=["sg-1"])
    assert refusal(sagemaker.create_notebook_instance, **params)[0] == "ValidationException"
    described = sagemaker.describe_notebook_instance(**name)
    assert (described["NotebookInstanceStatus"], described["RoleArn"]) == ("InService", role_arn)
    assert described["SecurityGroups"] == ["sg-1"]
    assert "authToken=" in sagemaker.create_presigned_notebook_instance_url(**name)["AuthorizedUrl"]
    assert refusal(sagemaker.delete_notebook_instance, **name)[0] == "ValidationException"
    assert refusal(sagemaker.start_notebook_instance, **name)[0] == "ValidationException"
    sagemaker.stop_notebook_instance(**name)
    assert refusal(sagemaker.create_presigned_notebook_instance_url, **name)[0] == "ValidationException"
    listed = sagemaker.list_notebook_instances(StatusEquals="Stopped", NameContains="nb")["NotebookInstances"]
    assert [found["NotebookInstanceName"] for found in listed] == ["nb"]
    sagemaker.start_notebook_instance(**name)
    sagemaker.stop_notebook_instance(**name)
    sagemaker.delete_notebook_instance(**name)
    assert refusal(sagemaker.describe_notebook_instance, **name) == ("ValidationException", "RecordNotFound")
