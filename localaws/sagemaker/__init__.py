"""SageMaker: Studio's domains, user profiles, apps and spaces, notebook instances, and jobs. Nothing runs here.

Resources are in service, and gone, at once, where AWS takes minutes. The file system, network interfaces and security
groups that AWS makes for a domain are not emulated.
"""

from __future__ import annotations

from localaws.call import Handler
from localaws.constraints import constrained
from localaws.sagemaker.apps import create_app, delete_app, describe_app, list_apps
from localaws.sagemaker.domains import create_domain, delete_domain, describe_domain, list_domains, update_domain
from localaws.sagemaker.jobs import PROCESSING, TRAINING, job_handlers
from localaws.sagemaker.notebooks import (
    create_notebook_instance,
    delete_notebook_instance,
    describe_notebook_instance,
    list_notebook_instances,
    start_notebook_instance,
    stop_notebook_instance,
)
from localaws.sagemaker.presigned import create_presigned_domain_url, create_presigned_notebook_instance_url
from localaws.sagemaker.profiles import (
    create_user_profile,
    delete_user_profile,
    describe_user_profile,
    list_user_profiles,
    update_user_profile,
)
from localaws.sagemaker.service import SageMaker
from localaws.sagemaker.spaces import create_space, delete_space, describe_space, list_spaces, update_space
from localaws.sagemaker.tagging import add_tags, delete_tags, list_tags

_OPERATIONS: dict[str, Handler] = {
    "CreateDomain": create_domain,
    "DescribeDomain": describe_domain,
    "ListDomains": list_domains,
    "UpdateDomain": update_domain,
    "DeleteDomain": delete_domain,
    "CreateUserProfile": create_user_profile,
    "DescribeUserProfile": describe_user_profile,
    "ListUserProfiles": list_user_profiles,
    "UpdateUserProfile": update_user_profile,
    "DeleteUserProfile": delete_user_profile,
    "CreateApp": create_app,
    "DescribeApp": describe_app,
    "ListApps": list_apps,
    "DeleteApp": delete_app,
    "CreateSpace": create_space,
    "DescribeSpace": describe_space,
    "ListSpaces": list_spaces,
    "UpdateSpace": update_space,
    "DeleteSpace": delete_space,
    "CreatePresignedDomainUrl": create_presigned_domain_url,
    "AddTags": add_tags,
    "ListTags": list_tags,
    "DeleteTags": delete_tags,
    "CreateNotebookInstance": create_notebook_instance,
    "DescribeNotebookInstance": describe_notebook_instance,
    "ListNotebookInstances": list_notebook_instances,
    "StartNotebookInstance": start_notebook_instance,
    "StopNotebookInstance": stop_notebook_instance,
    "DeleteNotebookInstance": delete_notebook_instance,
    "CreatePresignedNotebookInstanceUrl": create_presigned_notebook_instance_url,
    **job_handlers(PROCESSING),
    **job_handlers(TRAINING),
}

HANDLERS: dict[str, Handler] = {name: constrained("sagemaker", handler) for name, handler in _OPERATIONS.items()}

__all__ = ["HANDLERS", "SageMaker"]
