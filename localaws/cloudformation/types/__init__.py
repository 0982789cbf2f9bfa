"""The resource types that the embedded account makes: each by the calls of its own service.

``types.yaml`` says which properties a type has. A type without a row there, or without functions here, is refused.
"""

from __future__ import annotations

from localaws.cloudformation.types import (
    bucket,
    catalog,
    center,
    grants,
    lake,
    nested,
    policies,
    principals,
    secret,
    studio,
    trail,
    workgroup,
)
from localaws.cloudformation.work import ResourceType

TYPES: dict[str, ResourceType] = {
    **bucket.TYPES,
    **catalog.TYPES,
    **center.TYPES,
    **grants.TYPES,
    **lake.TYPES,
    **nested.TYPES,
    **policies.TYPES,
    **principals.TYPES,
    **secret.TYPES,
    **studio.TYPES,
    **trail.TYPES,
    **workgroup.TYPES,
}

__all__ = ["TYPES"]
