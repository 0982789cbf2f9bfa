"""Dynamic references: ``{{resolve:secretsmanager:SECRET:SecretString:KEY:STAGE:VERSION}}`` in a property.

The value is read with the deployer's rights when the resource is made, and is kept nowhere: a stack holds the
reference. Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.work import Work

REFERENCE = re.compile(r"\{\{resolve:([^}]*)\}\}")
SECRET = re.compile(r"(arn:aws:secretsmanager:[^:]+:\d+:secret:[^:]+|[^:]+)(?::(.*))?")


def settled(value: Any, work: Work) -> Any:
    """The value with every dynamic reference in it read. Raises Failed for one that cannot be read."""
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: _read(match.group(1), work), value)
    if isinstance(value, Mapping):
        return {name: settled(item, work) for name, item in value.items()}
    if isinstance(value, list):
        return [settled(item, work) for item in value]
    return value


def _read(reference: str, work: Work) -> str:
    service, _, rest = reference.partition(":")
    if service != "secretsmanager":
        raise Failed(f"NotImplemented: a dynamic reference to {service} is not served by the embedded account")
    found = SECRET.fullmatch(rest)
    if found is None:
        raise Failed(f"Incorrect format is used in the following SecretsManager dynamic reference: [{reference}]")
    part, key, stage, version = f"{found.group(2) or ''}::::".split(":")[:4]
    if part not in ("", "SecretString"):
        raise Failed(f"Incorrect format is used in the following SecretsManager dynamic reference: [{reference}]")
    params = {"SecretId": found.group(1), "VersionStage": stage or None, "VersionId": version or None}
    text = str(work.call("secretsmanager", "GetSecretValue", params).get("SecretString", ""))
    return _member(text, key, found.group(1)) if key else text


def _member(text: str, key: str, secret: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or key not in document:
        raise Failed(f"Could not find a value associated with JSONKey in SecretString of {secret}")
    return str(document[key])
