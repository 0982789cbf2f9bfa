"""``/_localaws/``: what only a test bench may do with an account, and only its administrator may ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localaws import claims, signature
from localaws.errors import AwsError
from localaws.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from localaws.account import Account

PREFIX = "/_localaws/"


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
    raise AwsError("NotFound", f"no control path {request.raw_path}", 404)


def _clock(account: Account, request: HttpRequest) -> HttpResponse:
    """GET tells the time; POST ``{"advance": seconds}`` moves it forward first."""
    if request.method == "POST":
        seconds = _field(request, "advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise AwsError("BadRequest", "'advance' is a number of seconds", 400)
        try:
            account.clock.advance(seconds)
        except (ValueError, OverflowError) as error:
            raise AwsError("BadRequest", str(error), 400) from error
    return _json({"now": account.clock.now().isoformat()})


def _field(request: HttpRequest, name: str) -> object:
    try:
        document = json.loads(request.body)
    except ValueError:
        raise AwsError("BadRequest", "the body is not JSON", 400) from None
    if not isinstance(document, dict) or set(document) != {name}:
        raise AwsError("BadRequest", f"the body is an object with '{name}' and nothing else", 400)
    value: object = document[name]
    return value


def _json(document: object) -> HttpResponse:
    return HttpResponse(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
