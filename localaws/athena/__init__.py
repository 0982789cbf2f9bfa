"""Amazon Athena: workgroups, query executions, and the engine that answers them through two walls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Handler

HANDLERS: dict[str, Handler] = {}


class Athena:
    """The Athena of one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
