"""The templates as files: always the same bytes for the same plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lakeproof.plan import Plan
from provision.templates import dataset, parameters, people, studio
from provision.templates.expressions import reference

PARENT = "lake.yaml"
NESTED = {"Dataset": "dataset.yaml", "People": "people.yaml", "Studio": "studio.yaml"}


def templates(plan: Plan) -> dict[str, str]:
    """The plan's templates by file name: ``lake.yaml``, the parent, and ``dataset``, ``people`` and ``studio.yaml``.

    ``plan`` is as it was loaded: its placeholders become parameters. Raises KeyError for a policy file with a
    placeholder that nothing fills.
    """
    built = {"Dataset": dataset.template(plan), "People": people.template(plan), "Studio": studio.template(plan)}
    parts = {name: _trimmed(part) for name, part in built.items()}
    texts = {NESTED[name]: _written(part) for name, part in parts.items()}
    return {PARENT: _written(_parent(plan, parts)), **texts}


def _parent(plan: Plan, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Nests the three, each after the one whose resources it needs."""
    declared: parameters.Parameters = {
        "TemplateUrlPrefix": {
            "Type": "String",
            "Description": "Where the nested templates lie: https://BUCKET.s3.amazonaws.com/PREFIX/.",
            "AllowedPattern": "https?://.+/",
        }
    }
    resources: dict[str, Any] = {}
    for name, after in (("Dataset", None), ("People", "Dataset"), ("Studio", "People")):
        own = parts[name]["Parameters"]
        declared |= own
        handed = {
            key: {"Fn::Join": [",", reference(key)]} if one["Type"].startswith("List<") else reference(key)
            for key, one in own.items()
        }
        resources[name] = {
            "Type": "AWS::CloudFormation::Stack",
            **({"DependsOn": after} if after else {}),
            "Properties": {
                "TemplateURL": {"Fn::Sub": f"${{TemplateUrlPrefix}}{NESTED[name]}"},
                "Parameters": handed,
            },
        }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The plan {plan.name}: the data lake, its people, and SageMaker Studio.",
        "Parameters": declared,
        "Resources": resources,
        "Outputs": {
            "DomainId": {
                "Description": "The Studio domain.",
                "Value": {"Fn::GetAtt": ["Studio", "Outputs.DomainId"]},
            }
        },
    }


def _trimmed(template: dict[str, Any]) -> dict[str, Any]:
    """Without sections that are empty, and without parameters that nothing refers to."""
    used = yaml.safe_dump({name: part for name, part in template.items() if name != "Parameters"})
    kept = {
        name: one for name, one in template["Parameters"].items() if f"Ref: {name}\n" in used or f"${{{name}}}" in used
    }
    return {name: part for name, part in {**template, "Parameters": kept}.items() if part}


class _Dumper(yaml.SafeDumper):
    """YAML without anchors: a template says everything where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _written(template: dict[str, Any]) -> str:
    return yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
