"""The service object: state, lock, ARNs."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from localaws.cloudformation.state import State

if TYPE_CHECKING:
    from localaws.account import Account


class CloudFormation:
    """``state`` is plain data; hold ``lock`` to read or change it, and not while a resource is being made."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.state = State()

    def new_stack_id(self, name: str) -> str:
        """A stack's ARN, never used before."""
        return f"{self.arn(name)}/{uuid.uuid4()}"

    def arn(self, name: str) -> str:
        """``arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME``, without the unique end."""
        return f"arn:aws:cloudformation:{self._account.region}:{self._account.account_id}:stack/{name}"

    def resource(self, name_or_id: str) -> str:
        """What IAM is asked about: the stack's id, or ``.../stack/NAME/*`` for one that does not exist."""
        with self.lock:
            found = self.state.find(name_or_id)
        if found is not None:
            return found.stack_id
        return name_or_id if name_or_id.startswith("arn:") else f"{self.arn(name_or_id)}/*"

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a stack, for ``aws:ResourceTag/k``; empty when it has none or does not exist."""
        with self.lock:
            found = self.state.stacks.get(arn)
            return {tag["Key"]: tag["Value"] for tag in found.tags} if found else {}
