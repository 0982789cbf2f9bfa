"""``/_localaws/``: what only a test bench may do with an account, and only its administrator may ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localaws import claims, saved, signature
from localaws.cloudtrail import tampering
from localaws.errors import AwsError
from localaws.faults import choose
from localaws.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from localaws.account import Account

PREFIX = "/_localaws/"
PATIENCE = 5.0
"""Seconds to wait for other calls to end before a state is saved or restored."""


def respond(account: Account, request: HttpRequest, request_id: str) -> HttpResponse:
    """Answer a control request: JSON in, JSON out. Signed by ``administrator`` for the service name ``localaws``.

    Raises AwsError 403 for anyone else, 404 for a path that is not served, 400 for a body that is not understood.
    """
    from localaws.account import ADMINISTRATOR

    if claims.claimed_service(request) is not claims.CONTROL:
        raise AwsError("AccessDenied", "control requests are signed for the service name 'localaws'", 403)
    signed = signature.verify(account, request, claims.CONTROL)
    if signed.caller.user_name != ADMINISTRATOR:
        raise AwsError("AccessDenied", f"only {ADMINISTRATOR} may ask for {request.raw_path}", 403)
    if request.raw_path == f"{PREFIX}clock":
        return _clock(account, request)
    if request.raw_path == f"{PREFIX}state":
        return _state(account, request)
    if request.raw_path == f"{PREFIX}faults":
        return _faults(account, request)
    if request.raw_path == f"{PREFIX}trail":
        return _trail(account, request)
    raise AwsError("NotFound", f"no control path {request.raw_path}", 404)


def _clock(account: Account, request: HttpRequest) -> HttpResponse:
    """GET tells the time; POST ``{"advance": seconds}`` moves it forward first."""
    if request.method == "POST":
        _, seconds = _field(request, "advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise AwsError("BadRequest", "'advance' is a number of seconds", 400)
        try:
            account.clock.advance(seconds)
            with account.gate:
                account.cloudtrail.deliver()
        except (ValueError, OverflowError) as error:
            raise AwsError("BadRequest", str(error), 400) from error
    return _json({"now": account.clock.now().isoformat()})


def _state(account: Account, request: HttpRequest) -> HttpResponse:
    """GET lists the saved states; POST ``{"save": name}`` makes one, ``{"restore": name}`` returns to it.

    States live as long as the process. Refused with 409 while calls or queries are still going on.
    """
    if request.method == "POST":
        verb, name = _field(request, "save", "restore")
        if not isinstance(name, str) or not name:
            raise AwsError("BadRequest", f"'{verb}' is the name of a state", 400)
        if verb == "restore" and name not in account.saved:
            raise AwsError("NotFound", f"no state was saved as {name!r}", 404)
        try:
            with account.gate.closed(PATIENCE):
                _still(account)
                if verb == "save":
                    account.saved[name] = saved.save(account)
                else:
                    saved.restore(account, account.saved[name])
        except TimeoutError as error:
            raise AwsError("Conflict", str(error), 409) from error
    return _json({"saved": sorted(account.saved)})


def _faults(account: Account, request: HttpRequest) -> HttpResponse:
    """GET lists what has struck; POST ``{"switch": "PROFILE:SEED"}`` begins a profile, ``{"switch": null}`` ends it."""
    if request.method == "POST":
        _, name = _field(request, "switch")
        if name is not None and not isinstance(name, str):
            raise AwsError("BadRequest", "'switch' is PROFILE or PROFILE:SEED, or null for no faults", 400)
        try:
            account.faults.switch(choose(name) if name else None)
        except ValueError as error:
            raise AwsError("BadRequest", str(error), 400) from error
    profile = account.faults.profile
    return _json({"profile": str(profile) if profile else None, "struck": account.faults.report()})


def _trail(account: Account, request: HttpRequest) -> HttpResponse:
    """POST ``{"drop": [event names], "blank": [fields], "delay": seconds}``: what happens to events from now on.

    Nothing is dropped, blank or late that is not named: ``{}`` ends it. GET tells what is in force.
    """
    if request.method == "POST":
        account.cloudtrail.tampering = tampering.read(_document(request))
    now = account.cloudtrail.tampering
    return _json({"drop": sorted(now.drop), "blank": list(now.blank), "delay": now.delay})


def _still(account: Account) -> None:
    running = saved.running_queries(account)
    if running:
        raise AwsError("Conflict", f"{running} queries are still running", 409)


def _field(request: HttpRequest, *names: str) -> tuple[str, object]:
    """The one field of the body, which must be one of ``names``."""
    document = _document(request)
    if not isinstance(document, dict) or len(document) != 1 or not set(document) <= set(names):
        raise AwsError("BadRequest", f"the body is an object with {' or '.join(names)} and nothing else", 400)
    name, value = next(iter(document.items()))
    return name, value


def _document(request: HttpRequest) -> object:
    try:
        document: object = json.loads(request.body)
    except ValueError:
        raise AwsError("BadRequest", "the body is not JSON", 400) from None
    return document


def _json(document: object) -> HttpResponse:
    return HttpResponse(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
