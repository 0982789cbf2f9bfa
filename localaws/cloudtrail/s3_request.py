"""``requestParameters`` of an S3 call, which CloudTrail spells as the HTTP request was."""

from __future__ import annotations

import json
from typing import Any

from localaws.call import Call
from localaws.cloudtrail.elements import Elements
from localaws.cloudtrail.rules import operation_model


def s3_request_parameters(call: Call, host: str, elements: Elements) -> dict[str, Any]:
    """``bucketName`` and ``Host``, the sub-resource of the URL, query parameters, x-amz headers, and the XML body.

    Source: captured CreateBucket event (2023) for the first two and the header; the spelling of the body is inferred
    (its own XML names, a bucket policy as an object under ``bucketPolicy``). Objects' content is never recorded.
    """
    parameters: dict[str, Any] = {}
    if bucket := call.params.get("Bucket"):
        parameters["bucketName"] = bucket
    parameters["Host"] = host
    if key := call.params.get("Key"):
        parameters["key"] = key
    modelled = operation_model("s3", call.operation)
    if modelled is None or modelled.input_shape is None:
        return parameters
    _, _, sub_resource = str(modelled.http["requestUri"]).partition("?")
    for item in filter(None, sub_resource.split("&")):
        name, _, fixed = item.partition("=")
        parameters[name] = fixed
    payload = modelled.input_shape.serialization.get("payload")
    given = {member: value for member, value in call.params.items() if member not in ("Bucket", "Key")}
    for member, value in elements.spell(given, modelled.input_shape).items():
        shape = modelled.input_shape.members[member]
        if member == "Policy":
            parameters["bucketPolicy"] = _as_object(value)
        elif member == payload:
            if shape.type_name == "structure":
                parameters[str(shape.serialization.get("name", member))] = value
        elif shape.serialization.get("location") in ("header", "querystring"):
            parameters[str(shape.serialization["name"])] = value
    return parameters


def object_arns(call: Call) -> tuple[str, ...]:
    """The objects that a call is about; of a call on a whole bucket, what all its objects' ARNs begin with."""
    bucket = call.params.get("Bucket")
    return (f"arn:aws:s3:::{bucket}/{call.params.get('Key', '')}",) if bucket else ()


def data_resources(call: Call, account_id: str) -> list[dict[str, str]]:
    """``resources`` of a data event: the object, then its bucket (captured PutObject event of 2020).

    A call on a whole bucket has ``ARNPrefix`` in the place of the object's ``ARN`` [inferred].
    """
    member = "ARN" if call.params.get("Key") else "ARNPrefix"
    objects = [{"type": "AWS::S3::Object", member: arn} for arn in object_arns(call)]
    bucket = {"accountId": account_id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{call.params.get('Bucket')}"}
    return [*objects, bucket]


def _as_object(policy: str) -> Any:
    try:
        return json.loads(policy)
    except (ValueError, RecursionError):
        return policy
