"""The plan's model: load it, check it, explain what is wrong and where."""

from lakeproof.plan.load import load, parse
from lakeproof.plan.models import Plan
from lakeproof.plan.parts import Column, Columns, Dataset, Grant, Person, Table
from lakeproof.plan.permissions import Permission, permissions
from lakeproof.plan.problems import PlanError, Problem

__all__ = [
    "Column",
    "Columns",
    "Dataset",
    "Grant",
    "Permission",
    "Person",
    "Plan",
    "PlanError",
    "Problem",
    "Table",
    "load",
    "parse",
    "permissions",
]
