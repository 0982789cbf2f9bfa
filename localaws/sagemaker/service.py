"""The service object: state, lock, ARNs, and the tags that IAM conditions ask for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from localaws.sagemaker.state import State

if TYPE_CHECKING:
    from localaws.account import Account


class SageMaker:
    """``state`` is plain data; hold ``lock`` to read or change it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lock = threading.RLock()
        self.state = State()

    def arn(self, resource: str) -> str:
        """The ARN of ``domain/d-x``, ``user-profile/d-x/NAME``, ``app/d-x/OWNER/TYPE/NAME``, ``training-job/NAME`` ...

        Names keep their case here; AWS writes them in lower case.
        """
        return f"arn:aws:sagemaker:{self._account.region}:{self._account.account_id}:{resource}"

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource, for ``sagemaker:ResourceTag/k``; empty when it has none or does not exist."""
        with self.lock:
            return dict(self.state.tags.get(arn, {}))
