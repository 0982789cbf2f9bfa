"""Lake Formation: who may see which columns and rows, and by which grant.

``account.lakeformation.visible(principal, database, table)`` answers for everybody who shows metadata or data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.lakeformation import (
    assignments,
    engines,
    filters,
    listing,
    locations,
    optins,
    permissions,
    settings,
    tagging,
)
from localaws.lakeformation.service import LakeFormation

if TYPE_CHECKING:
    from localaws.call import Handler

HANDLERS: dict[str, Handler] = {
    **settings.HANDLERS,
    **locations.HANDLERS,
    **permissions.HANDLERS,
    **listing.HANDLERS,
    **tagging.HANDLERS,
    **assignments.HANDLERS,
    **filters.HANDLERS,
    **optins.HANDLERS,
    **engines.HANDLERS,
}

__all__ = ["HANDLERS", "LakeFormation"]
