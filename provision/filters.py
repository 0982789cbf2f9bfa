"""Data filters of Lake Formation: the rows and columns that a grant with a row filter shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lakeproof.inventory.pages import listed
from lakeproof.plan import DataFilter, Plan, data_filters
from provision.journal import Entry
from provision.site import Kind, Site, gone_is_fine, unheard


def make_filters(site: Site, plan: Plan) -> None:
    """Create every data filter of the plan. Its table is this run's, so that nobody else can have made it."""
    wanted = data_filters(plan)
    if wanted:
        site.progress(f"row filters: {', '.join(each.name for each in wanted)}")
    lake = site.client("lakeformation")
    for each in wanted:
        data = _data(site, plan.dataset.database, each)
        undo = {key: data[key] for key in ("TableCatalogId", "DatabaseName", "TableName", "Name")}
        site.make(FILTER, f"{each.table}/{each.name}", unheard(lake.create_data_cells_filter, TableData=data), undo)


def _data(site: Site, database: str, each: DataFilter) -> dict[str, Any]:
    if each.include is not None:
        columns: dict[str, Any] = {"ColumnNames": list(each.include)}
    else:
        columns = {"ColumnWildcard": {"ExcludedColumnNames": list(each.exclude or ())}}
    return {
        "TableCatalogId": site.target.account_id,
        "DatabaseName": database,
        "TableName": each.table,
        "Name": each.name,
        "RowFilter": {"FilterExpression": each.where},
        **columns,
    }


def _remove(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("lakeformation").delete_data_cells_filter, **entry.undo)


def _remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    """One list of the account's data filters tells."""
    filters = listed(site.client("lakeformation"), "list_data_cells_filter", "DataCellsFilters")
    there = {(each["DatabaseName"], each["TableName"], each["Name"]) for each in filters}
    for entry in entries:
        if (entry.undo["DatabaseName"], entry.undo["TableName"], entry.undo["Name"]) in there:
            yield entry


FILTER = Kind("row filter", 55, _remove, _remaining)
KINDS = (FILTER,)
