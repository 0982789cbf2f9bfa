"""Presigned URLs: the door to Studio and to a notebook instance."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localaws.call import Call
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account


def create_presigned_domain_url(account: Account, call: Call) -> dict[str, Any]:
    """A URL with a fresh secret token. No web server stands behind it, so nothing can be opened with it here.

    Raises ResourceNotFound; ValidationException when the domain's AuthMode is SSO
    (API reference: "This operation can only be called when the authentication mode equals IAM").
    """
    params = call.params
    with account.sagemaker.lock:
        state = account.sagemaker.state
        domain = state.domain(params["DomainId"])
        state.profile(params["DomainId"], params["UserProfileName"])
        if space := params.get("SpaceName"):
            state.space(params["DomainId"], space)
    if domain["AuthMode"] != "IAM":
        raise AwsError("ValidationException", "CreatePresignedDomainUrl requires a Domain with AuthMode IAM.")
    return {"AuthorizedUrl": f"{domain['Url']}/auth?token={secrets.token_urlsafe(48)}"}


def create_presigned_notebook_instance_url(account: Account, call: Call) -> dict[str, Any]:
    """A URL with a fresh secret token. Raises ValidationException unless the instance is in service."""
    name = call.params["NotebookInstanceName"]
    with account.sagemaker.lock:
        notebook = account.sagemaker.state.notebooks.get(name)
    if notebook is None:
        raise AwsError("ValidationException", "RecordNotFound")
    if notebook["NotebookInstanceStatus"] != "InService":
        raise AwsError(
            "ValidationException",
            f"Status ({notebook['NotebookInstanceStatus']}) not in ([InService]). Unable to transition to (URL) for "
            f"Notebook Instance ({notebook['NotebookInstanceArn']})",
        )
    return {"AuthorizedUrl": f"https://{notebook['Url']}?authToken={secrets.token_urlsafe(48)}"}
