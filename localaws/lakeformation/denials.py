"""How Lake Formation refuses: the texts are those that callers of AWS have reported."""

from __future__ import annotations

from localaws.errors import AwsError
from localaws.lakeformation.model import Kind, Resource


def required(permission: str, resource: Resource | str) -> AwsError:
    """AccessDeniedException "... Required Describe on NAME" (current wording; reported by many)."""
    words = permission.replace("_", " ").title()
    return _denied(f"Insufficient Lake Formation permission(s): Required {words} on {name(resource)}")


def location(uri: str) -> AwsError:
    """AccessDeniedException for a registered location without DATA_LOCATION_ACCESS."""
    return _denied(f"Insufficient Lake Formation permission(s) on {uri}")


def not_grantor() -> AwsError:
    """AccessDeniedException of GrantPermissions and RevokePermissions: the same for a missing resource."""
    return _denied("Resource does not exist or requester is not authorized to access requested permissions.")


def not_administrator(operation: str) -> AwsError:
    """AccessDeniedException for what only a data lake administrator may do [text inferred]."""
    return _denied(f"Insufficient Lake Formation permission(s): Required data lake administrator for {operation}")


def _denied(message: str) -> AwsError:
    return AwsError("AccessDeniedException", message)


def name(resource: Resource | str) -> str:
    """How a denial names a resource."""
    if isinstance(resource, str):
        return resource
    match resource.kind:
        case Kind.CATALOG:
            return "Catalog"
        case Kind.DATABASE | Kind.ALL_TABLES:
            return resource.database
        case Kind.LOCATION | Kind.FILTER | Kind.TAG:
            return resource.name
        case _:
            return resource.table
