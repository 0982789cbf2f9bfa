"""The whole state of an account as bytes, and back: what a mutant or a test returns to.

Both functions are for an account that stands still: no call inside, no query running.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

from localaws.athena.state import TERMINAL

if TYPE_CHECKING:
    from localaws.account import Account


def running_queries(account: Account) -> int:
    """How many Athena queries have not ended: their outcome could not be saved."""
    return sum(execution.state not in TERMINAL for execution in account.athena.state.executions.values())


def save(account: Account) -> bytes:
    """Everything that a call can read: stored objects and IAM included, clock, sessions and recorded events too."""
    state: dict[str, Any] = {
        "clock": account.clock.offset,
        "store": account.store.backends(),
        "sessions": account.sts.sessions.all(),
        "lakeformation": account.lakeformation.state,
        "athena": account.athena.state,
        "sagemaker": account.sagemaker.state,
        "sso": account.sso.state,
        "cloudformation": account.cloudformation.state,
        "history": account.cloudtrail.history,
        "trails": account.cloudtrail.trails,
        "tampering": account.cloudtrail.tampering,
    }
    return pickle.dumps(state, protocol=pickle.HIGHEST_PROTOCOL)


def restore(account: Account, saved: bytes) -> None:
    """Put back what ``save`` returned, in this account or in another of the same id and region."""
    state: dict[str, Any] = pickle.loads(saved)
    account.clock.offset = state["clock"]
    account.store.replace_backends(state["store"])
    account.sts.sessions.replace(state["sessions"])
    account.lakeformation.restore(state["lakeformation"])
    account.athena.restore(state["athena"])
    with account.sagemaker.lock, account.sso.lock, account.cloudformation.lock, account.cloudtrail.lock:
        account.sagemaker.state = state["sagemaker"]
        account.sso.state = state["sso"]
        account.cloudformation.state = state["cloudformation"]
        account.cloudtrail.history = state["history"]
        account.cloudtrail.trails = state["trails"]
        account.cloudtrail.tampering = state["tampering"]
