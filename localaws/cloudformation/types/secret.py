"""AWS::SecretsManager::Secret, with a given or a generated string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.cloudformation.problems import Failed
from localaws.cloudformation.types.tagging import retagged
from localaws.cloudformation.work import ResourceType, Work

Properties = Mapping[str, Any]
SM = "secretsmanager"


def _content(work: Work, wanted: Properties) -> str | None:
    """The secret's string; a generated one may stand as a member of a JSON template."""
    how = wanted.get("GenerateSecretString")
    if how is None:
        return wanted.get("SecretString")
    if "SecretString" in wanted:
        raise Failed("You can't specify both SecretString and GenerateSecretString")
    template, key = how.get("SecretStringTemplate"), how.get("GenerateStringKey")
    if (template is None) != (key is None):
        raise Failed("SecretStringTemplate and GenerateStringKey must be specified together")
    asked = {name: value for name, value in how.items() if name not in ("SecretStringTemplate", "GenerateStringKey")}
    password = str(work.call(SM, "GetRandomPassword", asked)["RandomPassword"])
    if template is None:
        return password
    try:
        return json.dumps({**json.loads(template), key: password})
    except (ValueError, TypeError) as error:
        raise Failed("SecretStringTemplate is no JSON object") from error


def _create(work: Work, wanted: Properties) -> None:
    params = {
        "Name": work.named(wanted, 512),
        "Description": wanted.get("Description"),
        "KmsKeyId": wanted.get("KmsKeyId"),
        "SecretString": _content(work, wanted),
        "Tags": wanted.get("Tags"),
    }
    arn = work.call(SM, "CreateSecret", params)["ARN"]
    work.born(arn, Id=arn)


def _update(work: Work, wanted: Properties) -> None:
    """The string is made anew only where what makes it changed."""
    former, secret = work.held.properties, {"SecretId": work.held.physical_id}
    makes = ("SecretString", "GenerateSecretString")
    if any(wanted.get(name) != former.get(name) for name in makes):
        content = _content(work, wanted)
        if content is not None:
            work.call(SM, "PutSecretValue", {**secret, "SecretString": content})
    if any(wanted.get(name) != former.get(name) for name in ("Description", "KmsKeyId")):
        said = {"Description": wanted.get("Description", ""), "KmsKeyId": wanted.get("KmsKeyId")}
        work.call(SM, "UpdateSecret", {**secret, **said})
    changed, gone = retagged(former, wanted)
    if gone:
        work.call(SM, "UntagResource", {**secret, "TagKeys": gone})
    if changed:
        work.call(SM, "TagResource", {**secret, "Tags": changed})


def _delete(work: Work) -> None:
    """At once, so that the name is free again [inferred]."""
    work.remove(SM, "DeleteSecret", {"SecretId": work.held.physical_id, "ForceDeleteWithoutRecovery": True})


TYPES = {"AWS::SecretsManager::Secret": ResourceType(_create, _update, _delete)}
