"""The Data Catalog as Lake Formation lets a caller see and change it. moto stores it; see ``catalog``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.glue import partitions, reading, unfiltered, writing

if TYPE_CHECKING:
    from localaws.call import Handler

HANDLERS: dict[str, Handler] = {
    **reading.HANDLERS,
    **writing.HANDLERS,
    **partitions.HANDLERS,
    **unfiltered.HANDLERS,
}
