"""A request's context: the value of a condition key, worked out when a policy asks for it.

Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference for the services' keys.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from localaws.iam.tags import NONE, object_tags, resource_tags
from localaws.iam.template import Template

if TYPE_CHECKING:
    from localaws.account import Account
    from localaws.call import Call
    from localaws.caller import Caller

Values = tuple[str, ...] | None


class Context:
    """Looks up condition keys, in lower case. Each is worked out at most once per request.

    ``given`` are values set by the table or by the service that asks; they win over what the call says.
    """

    __slots__ = ("_known", "_principal", "_resource", "_templates", "account", "call", "caller", "resource")

    def __init__(
        self,
        account: Account,
        caller: Caller,
        resource: str,
        given: Mapping[str, Values],
        call: Call | None = None,
        templates: Mapping[str, Template] = {},
    ) -> None:
        self.account = account
        self.caller = caller
        self.resource = resource
        self.call = call
        self._known = dict(given)
        self._templates = templates
        self._principal: Mapping[str, str] | None = None
        self._resource: Mapping[str, str] | None = None

    def __call__(self, key: str) -> Values:
        """The values of a key; None when the request has none."""
        known = self._known
        if key in known:
            return known[key]
        values = known[key] = self._find(key)
        return values

    def _find(self, key: str) -> Values:
        template = self._templates.get(key)
        if template is not None and self.call is not None:
            return tuple(template.texts(self.account, self.call)) or None
        provider = PROVIDERS.get(key)
        if provider is not None:
            return provider(self)
        prefix, slash, name = key.partition("/")
        if slash:
            return self._tag(prefix, name)
        return None

    def _tag(self, prefix: str, name: str) -> Values:
        if prefix == "aws:principaltag":
            value = self.principal_tags.get(name)
        elif prefix == "s3:existingobjecttag":
            value = _lower_keys(object_tags(self.account, self.resource)).get(name)
        elif prefix.endswith(":resourcetag"):
            service = prefix.partition(":")[0]
            value = self.resource_tags.get(name) if service in ("aws", self.resource.split(":", 3)[2:3][0]) else None
        else:
            value = None
        return None if value is None else (value,)

    @property
    def principal_tags(self) -> Mapping[str, str]:
        """The principal's tags, keys in lower case: a role's own, overlaid by those of its session."""
        if self._principal is None:
            self._principal = _lower_keys(self._read_principal_tags())
        return self._principal

    def _read_principal_tags(self) -> Mapping[str, str]:
        caller = self.caller
        if caller.session is not None:
            role = self.account.store.role(caller.session.role_name)
            own = _lower_keys(role.tags if role else NONE)
            return {**own, **_lower_keys(caller.session.tags)}
        user = self.account.store.user(caller.user_name) if caller.user_name else None
        return user.tags if user else NONE

    @property
    def resource_tags(self) -> Mapping[str, str]:
        """The resource's tags, keys in lower case (tag keys in condition keys ignore case)."""
        if self._resource is None:
            self._resource = _lower_keys(resource_tags(self.account, self.resource))
        return self._resource

    @property
    def time(self) -> datetime:
        """When the request was made."""
        return self.call.time if self.call else self.account.clock.now()


def _lower_keys(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in tags.items()}


def iso(moment: datetime) -> str:
    """A moment as IAM writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def resource_account(arn: str, own: str) -> str:
    """The account in an ARN; the given one where the ARN has none (S3, Identity Center) or there is no resource."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else own


def _said(value: str | None) -> Values:
    return None if value is None else (value,)


def _flag(value: bool) -> Values:
    return ("true",) if value else ("false",)


def _principal_type(context: Context) -> Values:
    kinds = {"user": "User", "role": "AssumedRole"}
    return _said(kinds.get(context.caller.kind))


def _source_ip(context: Context) -> Values:
    """Absent when a service made the call: its source is then no address."""
    if context.call is None or context.call.invoked_by is not None:
        return None
    try:
        ipaddress.ip_address(context.call.source_ip)
    except ValueError:
        return None
    return (context.call.source_ip,)


def _region(context: Context) -> Values:
    own: str = context.account.region
    return (context.call.region if context.call else own,)


def _issued(context: Context) -> Values:
    return (iso(context.caller.session.issued_at),) if context.caller.session else None


def _mfa(context: Context) -> Values:
    """Absent for long-term keys, but for what a service does with them: it uses temporary credentials for that.

    No session here was opened with a second factor.
    """
    forwarded = context.call is not None and context.call.invoked_by is not None
    return ("false",) if context.caller.session or forwarded else None


def _via(context: Context) -> Values:
    return _said(context.call.invoked_by if context.call else None)


def _principal_service(context: Context) -> Values:
    return _said(context.caller.arn if context.caller.kind == "service" else None)


def _principal_account(context: Context) -> Values:
    return None if context.caller.kind == "service" else (context.caller.account_id,)


def _principal_arn(context: Context) -> Values:
    return None if context.caller.kind == "service" else (context.caller.principal_arn,)


def _resource_account(context: Context) -> Values:
    return (resource_account(context.resource, context.account.account_id),)


def _header(name: str) -> Callable[[Context], Values]:
    return lambda context: _said(context.call.headers.get(name) if context.call else None)


def _user_agent(context: Context) -> Values:
    return _said(context.call.user_agent if context.call and context.call.user_agent else None)


def _signature_age(context: Context) -> Values:
    """Milliseconds since the request was signed, for S3 alone. A clock that runs ahead makes it nought."""
    if context.call is None or context.call.service != "s3" or context.call.signed_at is None:
        return None
    return (str(max(0, (datetime.now(UTC) - context.call.signed_at) // timedelta(milliseconds=1))),)


def _of_s3(value: str) -> Callable[[Context], Values]:
    """A key of S3's that every signed request has, when the resource is S3's."""
    return lambda context: (value,) if context.call and context.call.service == "s3" else None


PROVIDERS: dict[str, Callable[[Context], Values]] = {
    "aws:username": lambda context: _said(context.caller.user_name),
    "aws:userid": lambda context: _said(context.caller.principal_id or None),
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": _principal_account,
    "aws:principaltype": _principal_type,
    "aws:principalisawsservice": lambda context: _flag(context.caller.kind == "service"),
    "aws:principalservicename": _principal_service,
    "aws:principalservicenameslist": _principal_service,
    "aws:sourceip": _source_ip,
    "aws:useragent": _user_agent,
    "aws:referer": _header("referer"),
    "aws:currenttime": lambda context: (iso(context.time),),
    "aws:epochtime": lambda context: (str(int(context.time.timestamp())),),
    # The account stands in for AWS's HTTPS endpoints: a policy that demands TLS must not refuse everything here.
    "aws:securetransport": lambda context: _flag(True) if context.call else None,
    "aws:requestedregion": _region,
    "aws:tokenissuetime": _issued,
    "aws:multifactorauthpresent": _mfa,
    "aws:viaawsservice": lambda context: _flag(bool(context.call and context.call.invoked_by)),
    "aws:calledvia": _via,
    "aws:calledviafirst": _via,
    "aws:calledvialast": _via,
    "aws:sourceidentity": lambda context: (
        _said(context.caller.session.source_identity) if context.caller.session else None
    ),
    "aws:resourceaccount": _resource_account,
    "s3:resourceaccount": _resource_account,
    "s3:signatureage": _signature_age,
    "s3:signatureversion": _of_s3("AWS4-HMAC-SHA256"),
    "s3:authtype": lambda context: (
        None
        if context.call is None or context.call.service != "s3"
        else (("REST-HEADER",) if "authorization" in context.call.headers else ("REST-QUERY-STRING",))
    ),
    "s3:x-amz-content-sha256": _header("x-amz-content-sha256"),
}
"""How each key is filled, by its name in lower case. A known key that is not here is absent from every request."""
