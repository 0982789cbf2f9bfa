"""The JSON schema of a plan file, for editors that complete and check YAML while one types."""

from __future__ import annotations

from typing import Any

from lakeproof.plan.load import INTERNAL
from lakeproof.plan.models import Plan
from lakeproof.plan.parts import Person

FILLED_IN = ("execution_role", "workgroup", "results_prefix")
"""Keys of a person that the loader makes from templates when they are left out."""


def json_schema() -> dict[str, Any]:
    """JSON Schema draft 2020-12 of the YAML: the model without what only Lakeproof sets."""
    schema = Plan.model_json_schema()
    for key in INTERNAL:
        del schema["properties"][key]
    person = schema["$defs"][Person.__name__]
    person["required"] = [key for key in person["required"] if key not in FILLED_IN]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
