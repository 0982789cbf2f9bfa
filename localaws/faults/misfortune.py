"""Where faults meet a request: before it is served, after it, and in what the next ones will be told of its effect."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from localaws import answer
from localaws.call import Call
from localaws.errors import unavailable
from localaws.iam.tags import resource_tags
from localaws.refusals import refuse
from localaws.services import Protocol
from localaws.store.directory import DIRECTORY_SERVICES
from localaws.wire import CUT, HttpResponse

if TYPE_CHECKING:
    from localaws.account import Account

KINDS: tuple[Literal["user"], Literal["role"]] = ("user", "role")
PENDING = frozenset({"DescribeDomain", "DescribeUserProfile", "DescribeApp"})
READING = ("Get", "List", "Describe", "Head", "Search", "BatchGet", "Simulate", "Lookup")


def before(account: Account, call: Call, protocol: Protocol) -> HttpResponse | None:
    """What the caller gets instead of being served, None for a call that is let in. Nothing of it is recorded."""
    faults = account.faults
    if faults.profile is None:
        return None
    if seconds := faults.delay("slow", call.service, call.operation):
        time.sleep(seconds)
    if faults.draw("reset", call.service, call.operation):
        return CUT
    if faults.draw("unavailable", call.service, call.operation):
        return answer.refusal(protocol, unavailable(protocol), call.request_id, call.service)
    if call.caller.session is not None and faults.expired(call.caller.access_key_id or ""):
        return answer.refusal(protocol, refuse(protocol, "expired_token"), call.request_id, call.service)
    return None


def after(account: Account, call: Call, response: HttpResponse) -> HttpResponse:
    """What the caller gets of an answer: nothing, when it is lost."""
    lost = response.status < 400 and account.faults.draw("lost", call.service, call.operation)
    return CUT if lost else response


def shown(account: Account, call: Call, output: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is shown of something new in Studio, which takes its time to come into service."""
    if call.operation not in PENDING or output.get("Status") != "InService":
        return output
    seconds = account.faults.delay_of("pending", str(output["CreationTime"]))
    ready = output["CreationTime"] + timedelta(seconds=seconds)
    return output if ready <= account.clock.now() else {**output, "Status": "Pending"}


@contextmanager
def noted(account: Account, call: Call) -> Iterator[None]:
    """Note what a call changes, before and after it, so that it is felt only when its time has come."""
    if account.faults.profile is None or call.operation.startswith(READING):
        yield
        return
    _note(account, call)
    yield
    _note(account, call)


def _note(account: Account, call: Call) -> None:
    """Have everything read once that the call may change: who reads it notes how it stands."""
    params = call.params
    if call.service in DIRECTORY_SERVICES:
        names = {kind: params.get(f"{kind.title()}Name") for kind in KINDS}
        everybody = not any(names.values())
        for kind, name in names.items():
            for each in account.faults.lag.keys(f"iam {kind} ") if everybody else [name] if name else []:
                account.authorizer.note(kind, each)
    arn = params.get("ResourceArn")
    if isinstance(arn, str) and account.faults.stale("tags"):
        resource_tags(account, arn)
    if call.service in ("lakeformation", "glue"):  # whoever makes a database or table has permissions on it
        account.lakeformation.note()
