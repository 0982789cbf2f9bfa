"""A pytest plugin that changes row filters and LF-Tags behind the plan's back: ``--sabotage NAME``, one function each.

Each is called when ``plans/filters-and-tags.yaml`` has been made true, before the first probe. What the sign-off must
say about it stands in ``filter_sabotages.yaml``.
"""

from __future__ import annotations

from typing import Any

import pytest

from lakeproof.plan import Plan
from lakeproof.target import Target
from provision.estate import Estate
from tests.signoff.sabotages import Sabotage


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sabotage", choices=sorted(SABOTAGES), help="what to change after provisioning")


def pytest_lakeproof_provisioned(config: pytest.Config, plan: Plan, target: Target, estate: Estate) -> None:
    SABOTAGES[config.option.sabotage](plan, target, estate)


def widen_a_row_filter(plan: Plan, target: Target, estate: Estate) -> None:
    """Bo's filter on orders lets a third country through."""
    data = {
        "TableCatalogId": estate.account_id,
        "DatabaseName": estate.database,
        "TableName": "orders",
        "Name": "iberia",
        "RowFilter": {"FilterExpression": "country IN ('PT', 'ES', 'DE')"},
        "ColumnWildcard": {"ExcludedColumnNames": ["card_number", "fraud_score"]},
    }
    target.client("lakeformation").update_data_cells_filter(TableData=data)


def grant_beside_a_row_filter(plan: Plan, target: Target, estate: Estate) -> None:
    """Bo is granted two of his columns of orders on all rows."""
    table = {"DatabaseName": estate.database, "Name": "orders", "ColumnNames": ["order_id", "quantity"]}
    _grant(target, estate.person("bo").execution_role_arn, {"TableWithColumns": table})


def take_an_lf_tag_off_a_column(plan: Plan, target: Target, estate: Estate) -> None:
    """Customers' e-mail addresses are no longer personal: they inherit that they are public."""
    table = {"DatabaseName": estate.database, "Name": "customers", "ColumnNames": ["email"]}
    tag = {"TagKey": f"sensitivity-{estate.run_id}", "TagValues": ["personal"]}
    target.client("lakeformation").remove_lf_tags_from_resource(Resource={"TableWithColumns": table}, LFTags=[tag])


def change_the_value_of_an_lf_tag(plan: Plan, target: Target, estate: Estate) -> None:
    """The quantity of an order becomes personal: Cleo may not see it any more."""
    table = {"DatabaseName": estate.database, "Name": "orders", "ColumnNames": ["quantity"]}
    tag = {"TagKey": f"sensitivity-{estate.run_id}", "TagValues": ["personal"]}
    target.client("lakeformation").add_lf_tags_to_resource(Resource={"TableWithColumns": table}, LFTags=[tag])


def grant_by_an_lf_tag(plan: Plan, target: Target, estate: Estate) -> None:
    """Eve is granted whatever is personal, in all tables."""
    tag = {"TagKey": f"sensitivity-{estate.run_id}", "TagValues": ["personal"]}
    policy = {"ResourceType": "TABLE", "Expression": [tag]}
    _grant(target, estate.person("eve").execution_role_arn, {"LFTagPolicy": policy})


def _grant(target: Target, principal: str, resource: dict[str, Any]) -> None:
    target.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": principal}, Resource=resource, Permissions=["SELECT"]
    )


SABOTAGES: dict[str, Sabotage] = {
    function.__name__.replace("_", " "): function
    for function in (
        widen_a_row_filter,
        grant_beside_a_row_filter,
        take_an_lf_tag_off_a_column,
        change_the_value_of_an_lf_tag,
        grant_by_an_lf_tag,
    )
}
