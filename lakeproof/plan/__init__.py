"""The plan's model: load it, check it, explain what is wrong and where."""

from lakeproof.plan.load import load, parse
from lakeproof.plan.models import Plan
from lakeproof.plan.parts import Column, Columns, Dataset, Grant, Person, RowFilter, Table, TagGrant
from lakeproof.plan.permissions import DataFilter, Permission, assigned_tags, data_filters, permissions
from lakeproof.plan.problems import PlanError, Problem
from lakeproof.plan.visibility import Cell

__all__ = [
    "Cell",
    "Column",
    "Columns",
    "DataFilter",
    "Dataset",
    "Grant",
    "Permission",
    "Person",
    "Plan",
    "PlanError",
    "Problem",
    "RowFilter",
    "Table",
    "TagGrant",
    "assigned_tags",
    "data_filters",
    "load",
    "parse",
    "permissions",
]
