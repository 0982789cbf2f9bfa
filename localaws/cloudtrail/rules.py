"""The table ``rules.yaml``, and the questions that it answers about an operation."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml
from botocore.model import OperationModel

from localaws.services import model


@functools.cache
def rules() -> Mapping[str, Any]:
    """The content of ``rules.yaml``."""
    text = resources.files(__package__).joinpath("rules.yaml").read_text("utf-8")
    table: Mapping[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return table


@functools.cache
def operation_model(service: str, operation: str) -> OperationModel | None:
    """The modelled operation; None for a call that no client can make (Lake Formation's GetDataAccess)."""
    shapes = model(service)
    return shapes.operation_model(operation) if operation in shapes.operation_names else None


def event_source(service: str) -> str:
    """``eventSource``, such as ``sso.amazonaws.com`` for botocore's ``sso-admin``."""
    return str(rules()["sources"].get(service, f"{service}.amazonaws.com"))


def event_region(service: str, region: str) -> str:
    """``awsRegion``: the account's Region, or the one Region of a global service."""
    return str(rules()["global_region"].get(service, region))


def event_name(service: str, operation: str) -> str:
    """``eventName``, such as ``GetBucketPublicAccessBlock`` for S3's GetPublicAccessBlock."""
    return str(rules()["names"].get(service, {}).get(operation, operation))


@functools.cache
def read_only(service: str, operation: str) -> bool:
    """``readOnly``."""
    table = rules()["read_only"]
    return operation.startswith(tuple(table["prefixes"])) or operation in table["also"].get(service, ())


@functools.cache
def answered(service: str, operation: str) -> bool:
    """Whether ``responseElements`` carries the answer. It is null for a read, but for credentials handed out."""
    return not read_only(service, operation) or operation in rules()["read_only"]["answered"].get(service, ())


@functools.cache
def data_event(service: str, operation: str) -> bool:
    """Whether the call is a data event, which the event history (LookupEvents) leaves out."""
    if service != "s3":
        return False
    modelled = operation_model(service, operation)
    on_object = modelled is not None and modelled.input_shape is not None and "Key" in modelled.input_shape.members
    return on_object or operation in rules()["data_events"]["s3"]


def keeps_parameters_when_denied(service: str) -> bool:
    """Whether a refusal by IAM still shows ``requestParameters``."""
    return service in rules()["denied"]["keeps_parameters"]


@functools.cache
def replacements(service: str, operation: str) -> Mapping[str, str | None]:
    """Member name -> the text that stands in for it in an event, or None when the member is left out."""
    secrets = rules()["secrets"]
    table: dict[str, str | None] = dict.fromkeys(secrets["omitted"])
    table.update(secrets["replaced"])
    table.update(secrets["operation"].get(service, {}).get(operation, {}))
    return table


def sensitive_stand_in(service: str) -> str | None:
    """What stands in for a member that the service's model marks as sensitive; None when it is left out."""
    return "HIDDEN_DUE_TO_SECURITY_REASONS" if service in rules()["secrets"]["hidden_services"] else None


@functools.cache
def resource_paths(kind: str, service: str, operation: str) -> Mapping[str, str]:
    """Resource type -> dotted path into the event. ``kind`` is "event" or "row"."""
    of_service = rules()["resources"][kind].get(service, {})
    return {**of_service.get("*", {}), **of_service.get(operation, {})}
