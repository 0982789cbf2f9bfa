"""Notebook instances: the machine that a person could start beside Studio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError
from localaws.sagemaker.listing import TIMES, Filter, contains, equals, listed
from localaws.sagemaker.state import Record, as_tags, given, random_id

if TYPE_CHECKING:
    from localaws.account import Account

AS_GIVEN = (
    "InstanceType",
    "IpAddressType",
    "SubnetId",
    "RoleArn",
    "KmsKeyId",
    "DirectInternetAccess",
    "VolumeSizeInGB",
    "AcceleratorTypes",
    "DefaultCodeRepository",
    "AdditionalCodeRepositories",
    "RootAccess",
    "PlatformIdentifier",
    "InstanceMetadataServiceConfiguration",
)
FILTERS: dict[str, Filter] = {
    **TIMES,
    "NameContains": contains("NotebookInstanceName"),
    "StatusEquals": equals("NotebookInstanceStatus"),
    "NotebookInstanceLifecycleConfigNameContains": contains("NotebookInstanceLifecycleConfigName"),
    "DefaultCodeRepositoryContains": contains("DefaultCodeRepository"),
    "AdditionalCodeRepositoryEquals": (
        "AdditionalCodeRepositories",
        lambda repositories, wanted: wanted in (repositories or []),
    ),
}
ORDER = {"Name": "NotebookInstanceName", "CreationTime": "CreationTime", "Status": "NotebookInstanceStatus"}


def create_notebook_instance(account: Account, call: Call) -> dict[str, Any]:
    """In service at once. Raises ValidationException for a name that is taken (text inferred)."""
    sagemaker, params = account.sagemaker, call.params
    tags = as_tags(params.get("Tags"))
    name = params["NotebookInstanceName"]
    arn = sagemaker.arn(f"notebook-instance/{name}")
    with sagemaker.lock:
        if name in sagemaker.state.notebooks:
            raise AwsError("ValidationException", f"Cannot create a duplicate Notebook Instance ({arn})")
        notebook: Record = {
            "DirectInternetAccess": "Enabled",
            "RootAccess": "Enabled",
            "VolumeSizeInGB": 5,
            **given(params, *AS_GIVEN),
            "NotebookInstanceArn": arn,
            "NotebookInstanceName": name,
            "NotebookInstanceStatus": "InService",
            "Url": f"{name}-{random_id(4)}.notebook.{account.region}.sagemaker.aws",
            "CreationTime": call.time,
            "LastModifiedTime": call.time,
        }
        if params.get("SecurityGroupIds"):
            notebook["SecurityGroups"] = params["SecurityGroupIds"]
        if params.get("LifecycleConfigName"):
            notebook["NotebookInstanceLifecycleConfigName"] = params["LifecycleConfigName"]
        sagemaker.state.notebooks[name] = notebook
        sagemaker.state.tags[arn] = tags
    return {"NotebookInstanceArn": arn}


def describe_notebook_instance(account: Account, call: Call) -> dict[str, Any]:
    """Raises ValidationException "RecordNotFound" (the text that terraform-provider-aws matches)."""
    with account.sagemaker.lock:
        return _notebook(account, call)


def list_notebook_instances(account: Account, call: Call) -> dict[str, Any]:
    """The notebook instances of the account, in pages."""
    members = (
        "NotebookInstanceName",
        "NotebookInstanceArn",
        "NotebookInstanceStatus",
        "Url",
        "InstanceType",
        "CreationTime",
        "LastModifiedTime",
        "NotebookInstanceLifecycleConfigName",
        "DefaultCodeRepository",
        "AdditionalCodeRepositories",
    )
    with account.sagemaker.lock:
        return listed(
            account.sagemaker.state.notebooks.values(),
            call.params,
            "NotebookInstances",
            members,
            filters=FILTERS,
            order=ORDER,
            descending=True,
        )


def start_notebook_instance(account: Account, call: Call) -> dict[str, Any]:
    """Raises ValidationException unless the instance is stopped or failed."""
    return _move(account, call, ("Stopped", "Failed"), "InService")


def stop_notebook_instance(account: Account, call: Call) -> dict[str, Any]:
    """Raises ValidationException unless the instance is in service."""
    return _move(account, call, ("InService",), "Stopped")


def delete_notebook_instance(account: Account, call: Call) -> dict[str, Any]:
    """Raises ValidationException unless the instance is stopped or failed."""
    with account.sagemaker.lock:
        notebook = _notebook(account, call)
        _check_status(notebook, ("Stopped", "Failed"), "Deleting")
        del account.sagemaker.state.notebooks[notebook["NotebookInstanceName"]]
        account.sagemaker.state.tags.pop(notebook["NotebookInstanceArn"], None)
    return {}


def _move(account: Account, call: Call, expected: tuple[str, ...], status: str) -> dict[str, Any]:
    with account.sagemaker.lock:
        notebook = _notebook(account, call)
        _check_status(notebook, expected, status)
        account.sagemaker.state.notebooks[notebook["NotebookInstanceName"]] = {
            **notebook,
            "NotebookInstanceStatus": status,
            "LastModifiedTime": call.time,
        }
    return {}


def _check_status(notebook: Record, expected: tuple[str, ...], target: str) -> None:
    """The text is the one users report for an instance in service that is to be deleted."""
    status = notebook["NotebookInstanceStatus"]
    if status not in expected:
        raise AwsError(
            "ValidationException",
            f"Status ({status}) not in ([{', '.join(expected)}]). Unable to transition to ({target}) for Notebook "
            f"Instance ({notebook['NotebookInstanceArn']})",
        )


def _notebook(account: Account, call: Call) -> Record:
    notebook = account.sagemaker.state.notebooks.get(call.params["NotebookInstanceName"])
    if notebook is None:
        raise AwsError("ValidationException", "RecordNotFound")
    return notebook
