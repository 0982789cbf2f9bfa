"""A pytest plugin that writes down what a sign-off does to its account, one JSON object per line, from every process.

``account`` was started, ``made`` (with the inventory ``before``), ``undone`` (with the inventory ``after``), ``trail``
was waited for, and each scenario that ``ran``, with the worker that ran it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.inventory import everything

WORKER: pytest.StashKey[str | None] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    from fixtures import lake, trail  # not earlier: pytest rewrites the assertions of plugins as it loads them

    worker = getattr(config, "workerinput", {}).get("workerid")
    config.stash[WORKER] = worker
    around(lake, "create", before=lambda plan, target, *_: say("made", before=everything(target)))
    around(lake, "destroy", after=lambda state, target, *_: say("undone", after=everything(target)))
    around(trail, "watch", before=lambda *_, **__: say("trail", worker=worker))


def pytest_sessionstart(session: pytest.Session) -> None:
    from fixtures.embedded import EmbeddedAccount
    from fixtures.target import ACCOUNT

    account = session.config.stash.get(ACCOUNT, None)
    if isinstance(account, EmbeddedAccount):  # nobody starts or ends an account that was named
        say("account", pid=account.pid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    audit = item.get_closest_marker("audit") is not None
    say("ran", nodeid=item.nodeid, worker=item.config.stash[WORKER], audit=audit)


def say(what: str, **facts: Any) -> None:
    """Append one line, in one system call: other processes of the run write too."""
    handle = os.open(os.environ["OBSERVED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps({"what": what, "process": os.getpid(), **facts}, default=str) + "\n").encode())
    finally:
        os.close(handle)


def _nothing(*_: Any, **__: Any) -> None:
    """Takes anything."""


def around(
    module: Any, name: str, before: Callable[..., None] = _nothing, after: Callable[..., None] = _nothing
) -> None:
    """Call ``before`` and ``after`` around each call of a module's function, with its arguments."""
    original = getattr(module, name)

    def observed(*arguments: Any, **named: Any) -> Any:
        before(*arguments, **named)
        try:
            return original(*arguments, **named)
        finally:
            after(*arguments, **named)

    setattr(module, name, observed)
