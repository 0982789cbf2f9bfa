"""Amazon Athena: workgroups, query executions, and the engine that answers them through two walls.

The first wall understands a query against what its caller may see and writes the engine's text anew (``syntax``,
``queries``, ``relations``, ``expressions``, ``calls``, ``special``, ``functions.yaml``, ``planning``). The second is an
engine that holds nothing else (``files``, ``shapes``, ``engine``). Either alone keeps a caller from what is hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.athena import executions, metadata, named_queries, prepared, workgroups
from localaws.athena.service import Athena

if TYPE_CHECKING:
    from localaws.call import Handler

HANDLERS: dict[str, Handler] = {
    **executions.HANDLERS,
    **metadata.HANDLERS,
    **named_queries.HANDLERS,
    **prepared.HANDLERS,
    **workgroups.HANDLERS,
}

__all__ = ["HANDLERS", "Athena"]
