"""From a plan's texts to a template's expressions: ``{account}`` becomes ``${AWS::AccountId}`` of ``Fn::Sub``.

Placeholders of the account and the run become pseudo parameters and parameters, so that one template serves every
account. IAM's own variables (``${aws:username}``) stay what they are (CloudFormation user guide, "Fn::Sub").
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lakeproof.plan import Plan, names

Expression = Any
"""A text, or a function of CloudFormation as a mapping of one member."""

ACCOUNT = {
    "account": "${AWS::AccountId}",
    "region": "${AWS::Region}",
    "run": "${RunId}",
    "harness": "${HarnessArn}",
    "external_id": "${ExternalId}",
}
_PLACE = re.compile(r"\$\{(?!!)")
_ONE = re.compile(r"\$\{([A-Za-z0-9:]+)\}")


def text(source: str, more: Mapping[str, str] | None = None) -> Expression:
    """A plan's text with its placeholders as places of ``Fn::Sub``; plain where it has none."""
    return _said(names.fill(source.replace("${", "${!"), {**ACCOUNT, **(more or {})}))


def document(plan: Plan, file: str, more: Mapping[str, str] | None = None) -> Expression:
    """A policy file of the plan as a JSON value with expressions. Raises KeyError for a placeholder without a value."""
    values = {**ACCOUNT, **places(plan), **(more or {})}
    filled = names.fill(names.fill(plan.documents[file].replace("${", "${!"), values), values)
    missing = names.placeholders(filled)
    if missing:
        raise KeyError(f"{file}: no value for {sorted(missing)}")
    return said(json.loads(filled))


def places(plan: Plan) -> dict[str, str]:
    """What the plan's names stand for in its policies, still with the account's placeholders."""
    found = {
        "database": "${DatabaseName}",
        "lake_bucket": plan.dataset.bucket,
        "results_bucket": plan.results.bucket,
    }
    return found | ({"log_bucket": plan.audit.log_bucket} if plan.audit.has_trail else {})


def reference(name: str) -> Expression:
    """``Ref``."""
    return {"Ref": name}


def attribute(name: str, of: str) -> Expression:
    """``Fn::GetAtt``."""
    return {"Fn::GetAtt": [name, of]}


def logical(name: str) -> str:
    """A logical id made of a name's words: ``data-scientist-full`` is ``DataScientistFull``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^0-9A-Za-z]+", name))


def said(value: Any) -> Any:
    """A JSON value with expressions in the place of texts that have places of ``Fn::Sub``."""
    if isinstance(value, str):
        return _said(value)
    if isinstance(value, list):
        return [said(item) for item in value]
    if isinstance(value, dict):
        return {key: said(item) for key, item in value.items()}
    return value


def _said(source: str) -> Expression:
    if not _PLACE.search(source):
        return source.replace("${!", "${")
    one = _ONE.fullmatch(source)
    return {"Ref": one.group(1)} if one else {"Fn::Sub": source}
