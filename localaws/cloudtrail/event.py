"""One CloudTrail event: a call, and what came of it, in the record format of today."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from localaws.call import Call
from localaws.cloudtrail.elements import Elements
from localaws.cloudtrail.identity import instant, user_identity
from localaws.cloudtrail.rules import (
    answered,
    data_event,
    event_name,
    event_region,
    event_source,
    keeps_parameters_when_denied,
    operation_model,
    read_only,
    resource_paths,
    rules,
)
from localaws.cloudtrail.s3_request import data_resources, s3_request_parameters
from localaws.errors import AwsError

EVENT_VERSION = "1.11"


def compose(
    call: Call, output: Mapping[str, Any] | None, error: AwsError | None, account_id: str, region: str
) -> dict[str, Any]:
    """The event of a call that was answered (``output``) or refused (``error``), in the account's ``region``.

    The order of keys is that of the captured event of July 2026. ``call.trail`` replaces what is derived here.
    Source: CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".
    """
    elements = Elements(call.service, call.operation)
    data = data_event(call.service, call.operation)
    event: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": user_identity(call),
        "eventTime": instant(call.time),
        "eventSource": event_source(call.service),
        "eventName": event_name(call.service, call.operation),
        "awsRegion": event_region(call.service, region),
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent[: rules()["limits"]["text"]],
    }
    request = _request_parameters(call, error, elements)
    response = _response_elements(call, output, error, elements)
    if error is not None:
        event["errorCode"] = error.code
        event["errorMessage"] = elements.scrub(error.message)[: rules()["limits"]["text"]]
    event["requestParameters"] = request
    event["responseElements"] = response
    if call.service == "s3" and call.invoked_by is None:
        event["additionalEventData"] = _s3_event_data(call)
    event["requestID"] = call.request_id
    event["eventID"] = str(uuid.uuid4())
    event["readOnly"] = read_only(call.service, call.operation)
    if data:
        event["resources"] = data_resources(call, account_id)
    elif error is None and (named := resource_entries("event", call.service, call.operation, event)):
        event["resources"] = [{"accountId": account_id, "type": kind, "ARN": arn} for kind, arn in named]
    event["eventType"] = "AwsApiCall"
    event["managementEvent"] = not data
    event["recipientAccountId"] = account_id
    if call.caller.kind == "service":
        event["sharedEventID"] = str(uuid.uuid4())
    event["eventCategory"] = "Data" if data else "Management"
    if call.invoked_by is None and call.caller.kind != "service":
        event["tlsDetails"] = _tls_details(call)
    event.update(call.trail.extra)
    return event


def encode(event: dict[str, Any]) -> str:
    """The event as JSON text. Request or response elements of more than 100 KB become null, as on AWS."""
    limit = rules()["limits"]["parameters"]
    text = json.dumps(event, separators=(",", ":"), default=str)
    if len(text) > limit:
        for name in ("requestParameters", "responseElements"):
            if len(json.dumps(event[name], default=str)) > limit:
                event[name] = None
        text = json.dumps(event, separators=(",", ":"), default=str)
    return text


def resource_entries(kind: str, service: str, operation: str, event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(resource type, name) of the resources that an event is about; see ``rules.yaml``, ``resources``."""
    found = []
    for resource_type, path in resource_paths(kind, service, operation).items():
        value: Any = event
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            found.append((resource_type, value))
    return found


def refused_by_iam(error: AwsError) -> bool:
    """Whether IAM refused the call, by AWS's wording. A refusal by Lake Formation or by a service is not one."""
    return "is not authorized to perform:" in error.message


def _request_parameters(call: Call, error: AwsError | None, elements: Elements) -> Any:
    modelled = operation_model(call.service, call.operation)
    derived: Any
    if call.service == "s3":
        derived = s3_request_parameters(call, _host(call), elements)
    else:
        derived = elements.spell(call.params, modelled.input_shape if modelled else None) or None
    if call.trail.request_parameters is not None:
        derived = call.trail.request_parameters
    if error is not None and refused_by_iam(error) and not keeps_parameters_when_denied(call.service):
        return None
    return derived


def _response_elements(call: Call, output: Mapping[str, Any] | None, error: AwsError | None, elements: Elements) -> Any:
    if error is not None:
        return None
    if call.trail.response_elements is not None:
        return call.trail.response_elements
    if not output or call.service == "s3" or not answered(call.service, call.operation):
        return None
    modelled = operation_model(call.service, call.operation)
    return elements.spell(output, modelled.output_shape if modelled else None) or None


def _host(call: Call) -> str:
    """The host that the client named; for a call without one, AWS's."""
    return call.host or f"{call.service}.{call.region}.amazonaws.com"


def _tls_details(call: Call) -> dict[str, str]:
    """The version and the cipher are those of today's captured events, and stand only where the client used TLS."""
    details = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"} if call.secure else {}
    return {**details, "clientProvidedHostHeader": _host(call)}


def _s3_event_data(call: Call) -> dict[str, Any]:
    signed_in_header = "authorization" in {name.lower() for name in call.headers}
    data: dict[str, Any] = {
        "SignatureVersion": "SigV4",
        "AuthenticationMethod": "AuthHeader" if signed_in_header else "QueryString",
    }
    if call.secure:
        data["CipherSuite"] = "TLS_AES_128_GCM_SHA256"
    if call.transferred is not None:
        data["bytesTransferredIn"], data["bytesTransferredOut"] = call.transferred
    return data
