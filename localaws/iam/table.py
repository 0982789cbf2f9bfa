"""The table of operations: what each operation of each service needs of IAM. It is the allow-list.

One YAML file per service in ``operations/``, named as botocore names the service. A row says which actions are
checked, on which resources, with which tags and context keys:

    GetWorkGroup: workgroup                    the action of the same name, on the resource "workgroup"
    GetTable: [catalog, database, table]       on each of these
    ListWorkGroups: all                        an action without resources
    - {action: PutObject, resource: object, when: Tagging, unless: X, tags: Tagging, tag_keys: TagKeys, context: {...}}
    - {pass_role: RoleArn, to: sagemaker.amazonaws.com}
    {..., stores: {PolicyDocument: managed}}   a parameter with a policy document, and its kind
    {open_to: every caller}                    nothing is checked
    {judged_by: ...}                           the service asks the authorizer itself
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from localaws.iam.lookups import FILTERS
from localaws.iam.template import Place, Template
from localaws.iam.validation import DocumentKind

SERVICES = (
    "athena",
    "cloudformation",
    "cloudtrail",
    "glue",
    "iam",
    "identitystore",
    "lakeformation",
    "s3",
    "sagemaker",
    "secretsmanager",
    "sso-admin",
    "sts",
)


@dataclass(frozen=True, slots=True)
class Need:
    """One action on some resources. ``on`` is empty for an action without resources.

    ``stores`` says which parameters are policy documents, and of which kind.
    ``passed_to`` is the service principal a role is passed to, for iam:PassRole alone.
    """

    action: str
    on: tuple[Template, ...] = ()
    when: Place | None = None
    unless: Place | None = None
    tags: str | None = None
    tag_keys: str | None = None
    context: Mapping[str, Template] = field(default_factory=dict)
    stores: Mapping[str, DocumentKind] = field(default_factory=dict)
    passed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An operation. ``needs`` is empty only for one that is open to every caller or judged by its service."""

    service: str
    operation: str
    needs: tuple[Need, ...]
    open_to: str | None = None
    judged_by: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceTable:
    """A service's rows. ``context`` fills condition keys (in lower case) from the parameters of any operation.

    ``tag_prefix`` and ``tag_keys`` are the condition keys of the tags that a request carries.
    """

    rows: Mapping[str, Row]
    context: Mapping[str, Template]
    tag_prefix: str
    tag_keys: str


@cache
def table(service: str) -> ServiceTable:
    """The table of one service, read when first asked for. Empty for a service that is not served."""
    if service not in SERVICES:
        return ServiceTable({}, {}, "", "")
    source = files(__package__).joinpath("operations", f"{service}.yaml").read_text("utf-8")
    document = yaml.load(source, yaml.CSafeLoader)
    resources = {name: Template.parse(text, FILTERS) for name, text in document["resources"].items()}
    rows = {
        operation: _row(service, document["action_prefix"], operation, entry, resources)
        for operation, entry in document["operations"].items()
    }
    tags = document.get("request_tags", {"each": "aws:RequestTag", "keys": "aws:TagKeys"})
    return ServiceTable(rows, _context(document.get("context", {})), tags["each"].lower() + "/", tags["keys"].lower())


def served(service: str, operation: str) -> bool:
    """Whether an operation has a row; one without is refused."""
    return operation in table(service).rows


def load_operations() -> Mapping[tuple[str, str], Row]:
    """Every row, by botocore service name and operation name."""
    return {(service, operation): row for service in SERVICES for operation, row in table(service).rows.items()}


def _row(service: str, prefix: str, operation: str, entry: Any, resources: Mapping[str, Template]) -> Row:
    if isinstance(entry, Mapping) and ("open_to" in entry or "judged_by" in entry):
        return Row(service, operation, (), entry.get("open_to"), entry.get("judged_by"))
    return Row(service, operation, tuple(_needs(prefix, operation, entry, resources)))


def _needs(prefix: str, operation: str, entry: Any, resources: Mapping[str, Template]) -> Iterator[Need]:
    if isinstance(entry, str) or (isinstance(entry, list) and all(isinstance(name, str) for name in entry)):
        entry = {"resource": entry}
    for fields in entry if isinstance(entry, list) else [entry]:
        fields = dict(fields)
        passed_to = fields.pop("to", None)
        if passed_to is not None:
            role = Template.parse(f"{{{fields.pop('pass_role')}}}", FILTERS)
            need = Need("iam:PassRole", (role,), passed_to=passed_to)
        else:
            on = fields.pop("resource", "all")
            names = [] if on == "all" else [on] if isinstance(on, str) else on
            need = Need(
                action=f"{prefix}:{fields.pop('action', operation)}",
                on=tuple(resources[name] for name in names),
                when=_place(fields.pop("when", None)),
                unless=_place(fields.pop("unless", None)),
                tags=fields.pop("tags", None),
                tag_keys=fields.pop("tag_keys", None),
                context=_context(fields.pop("context", {})),
                stores=fields.pop("stores", {}),
            )
        if fields:
            raise ValueError(f"{operation} has unknown fields {sorted(fields)}")
        yield need


def _place(source: str | None) -> Place | None:
    return None if source is None else Place.parse(source, FILTERS)


def _context(entries: Mapping[str, str]) -> dict[str, Template]:
    return {key.lower(): Template.parse(text, FILTERS) for key, text in entries.items()}
