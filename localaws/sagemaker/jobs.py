"""Processing and training jobs: code that runs with a role. Here only the role is assumed; nothing runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.model import StructureShape

from localaws.call import Call, Handler
from localaws.errors import AwsError, not_implemented
from localaws.sagemaker.execution import assume, job_identity
from localaws.sagemaker.listing import TIMES, contains, equals, listed
from localaws.sagemaker.state import Record, as_tags
from localaws.services import model

if TYPE_CHECKING:
    from localaws.account import Account

RUNS_FOR = timedelta(seconds=60)
"""How long a job is in progress, on the account's clock, before it is completed."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``noun`` is the prefix of the members' names: ``ProcessingJob`` or ``TrainingJob``."""

    noun: str
    resource: str
    missing: str
    taken: str
    state: str


PROCESSING = Kind(
    "ProcessingJob",
    "processing-job",
    "Could not find requested job with name: {name}",
    "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})",
    "processing_jobs",
)
TRAINING = Kind(
    "TrainingJob",
    "training-job",
    "Requested resource not found.",
    "Training job names must be unique within an AWS account and region, and a training job with this name already "
    "exists ({arn})",
    "training_jobs",
)
"""The texts are those that users report for these operations; their codes are ValidationException and ResourceInUse."""


def job_handlers(kind: Kind) -> dict[str, Handler]:
    """The Create, Describe, List and Stop operations of one kind of job."""
    return {
        f"Create{kind.noun}": lambda account, call: _create(account, call, kind),
        f"Describe{kind.noun}": lambda account, call: _describe(account, call, kind),
        f"List{kind.noun}s": lambda account, call: _list(account, call, kind),
        f"Stop{kind.noun}": lambda account, call: _stop(account, call, kind),
    }


def _create(account: Account, call: Call, kind: Kind) -> dict[str, Any]:
    """SageMaker assumes RoleArn first. The caller's right to pass the role was checked by IAM before.

    Raises ResourceInUse for a name that is taken; ValidationException when the role's trust refuses SageMaker, or
    refuses sts:SetSourceIdentity where the caller's source identity is carried on (SageMaker Developer Guide).
    """
    sagemaker, params = account.sagemaker, call.params
    if (params.get("SessionChainingConfig") or {}).get("EnableSessionTagChaining"):
        raise not_implemented("sagemaker", call.operation, "with EnableSessionTagChaining is not served")
    tags = as_tags(params.get("Tags"))
    name = params[f"{kind.noun}Name"]
    arn = sagemaker.arn(f"{kind.resource}/{name}")
    jobs = _jobs(account, kind)
    with sagemaker.lock:
        if name in jobs:
            raise AwsError("ResourceInUse", kind.taken.format(arn=arn))
    assume(account, call, params["RoleArn"], job_identity(account, call))
    with sagemaker.lock:
        if name in jobs:
            raise AwsError("ResourceInUse", kind.taken.format(arn=arn))
        jobs[name] = {
            **{member: value for member, value in params.items() if member in _described(kind)},
            f"{kind.noun}Arn": arn,
            "CreationTime": call.time,
            "LastModifiedTime": call.time,
        }
        sagemaker.state.tags[arn] = tags
    return {f"{kind.noun}Arn": arn}


def _described(kind: Kind) -> Collection[str]:
    """The members that the Describe operation returns."""
    output = model("sagemaker").operation_model(f"Describe{kind.noun}").output_shape
    return output.members if isinstance(output, StructureShape) else ()


def _describe(account: Account, call: Call, kind: Kind) -> dict[str, Any]:
    with account.sagemaker.lock:
        return _now(_job(account, call, kind), kind, account.clock.now())


def _list(account: Account, call: Call, kind: Kind) -> dict[str, Any]:
    now = account.clock.now()
    unserved = {"WarmPoolStatusEquals", "TrainingPlanArnEquals"} & call.params.keys()
    if unserved:
        raise not_implemented("sagemaker", call.operation, f"with {', '.join(sorted(unserved))} is not served")
    with account.sagemaker.lock:
        jobs = [_now(job, kind, now) for job in _jobs(account, kind).values()]
    return listed(
        jobs,
        call.params,
        f"{kind.noun}Summaries",
        (
            f"{kind.noun}Name",
            f"{kind.noun}Arn",
            "CreationTime",
            f"{kind.noun.removesuffix('Job')}EndTime",
            "LastModifiedTime",
            f"{kind.noun}Status",
            "SecondaryStatus",
        ),
        filters={
            **TIMES,
            "NameContains": contains(f"{kind.noun}Name"),
            "StatusEquals": equals(f"{kind.noun}Status"),
        },
        order={"CreationTime": "CreationTime", "Name": f"{kind.noun}Name", "Status": f"{kind.noun}Status"},
        descending=True,
    )


def _stop(account: Account, call: Call, kind: Kind) -> dict[str, Any]:
    """Raises ValidationException for a job that is not in progress (text inferred)."""
    with account.sagemaker.lock:
        job = _job(account, call, kind)
        status = _now(job, kind, account.clock.now())[f"{kind.noun}Status"]
        if status != "InProgress":
            raise AwsError("ValidationException", f"The request was rejected because the job is in status {status}.")
        _jobs(account, kind)[job[f"{kind.noun}Name"]] = {**job, "StoppedAt": call.time, "LastModifiedTime": call.time}
    return {}


def _jobs(account: Account, kind: Kind) -> dict[str, Record]:
    jobs: dict[str, Record] = getattr(account.sagemaker.state, kind.state)
    return jobs


def _job(account: Account, call: Call, kind: Kind) -> Record:
    name = call.params[f"{kind.noun}Name"]
    job = _jobs(account, kind).get(name)
    if job is None:
        raise AwsError("ValidationException", kind.missing.format(name=name))
    return job


def _now(job: Mapping[str, Any], kind: Kind, now: datetime) -> Record:
    """The job as the clock has it: in progress, then completed, unless it was stopped."""
    shown = {member: value for member, value in job.items() if member != "StoppedAt"}
    verb = kind.noun.removesuffix("Job")
    stopped = job.get("StoppedAt")
    due: datetime = job["CreationTime"] + RUNS_FOR
    ended = stopped or (due if now >= due else None)
    status = "Stopped" if stopped else "Completed" if ended else "InProgress"
    shown[f"{kind.noun}Status"] = status
    shown[f"{verb}StartTime"] = job["CreationTime"]
    if ended:
        shown[f"{verb}EndTime"] = ended
    if kind is TRAINING:
        shown["SecondaryStatus"] = "Training" if status == "InProgress" else status
        if status == "Completed":
            output = f"{job['OutputDataConfig']['S3OutputPath']}/{job['TrainingJobName']}/output/model.tar.gz"
            shown["ModelArtifacts"] = {"S3ModelArtifacts": output}
    return shown
