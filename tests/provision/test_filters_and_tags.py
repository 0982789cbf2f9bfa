"""Row filters and LF-Tags of a plan made true, and undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakeproof.inventory import lake
from lakeproof.plan import Plan, assigned_tags, load
from lakeproof.target import Target
from provision import Journal, ProvisionError, create, destroy
from provision.lf_tags import TAG
from tests.inventory import Inventory
from tests.provision.conftest import ROOT


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Three tables with few rows."""
    whole = load(ROOT / "plans" / "filters-and-tags.yaml")
    return whole.model_copy(update={"dataset": whole.dataset.model_copy(update={"rows": 30})})


def quietly(text: str) -> None:
    """Takes what provisioning says of its progress."""


def test_made_and_undone(plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]) -> None:
    """Filters, LF-Tags and their places are as planned; afterwards the account holds what it held before."""
    before = inventory()
    estate = create(plan, target, tmp_path, quietly)
    planned = plan.resolved(estate.account_id, estate.region, estate.run_id)
    client = target.client("lakeformation")
    assert lake.assigned_tags(client, estate.database, estate.rows) == assigned_tags(planned)
    assert set(lake.lf_tags(client)) == {f"area-{estate.run_id}", f"sensitivity-{estate.run_id}"}
    names = [(each.table, each.name) for each in lake.data_filters(client, estate.database)]
    assert names == [
        ("customers", "iberia"),
        ("orders", "brazil"),
        ("orders", "iberia"),
        ("orders", "large"),
        ("tickets", "not-escalated"),
    ]
    assert destroy(tmp_path, target, quietly) == []
    assert inventory() == before


def test_undone_though_somebody_took_things_away(
    plan: Plan, target: Target, tmp_path: Path, inventory: Callable[[], Inventory]
) -> None:
    """A filter, an LF-Tag and an assignment that are gone already are no residue, and nothing else is left."""
    before = inventory()
    estate = create(plan, target, tmp_path, quietly)
    client = target.client("lakeformation")
    place = {"TableCatalogId": estate.account_id, "DatabaseName": estate.database, "TableName": "orders"}
    client.delete_data_cells_filter(**place, Name="large")
    client.delete_lf_tag(TagKey=f"area-{estate.run_id}")
    table = {"DatabaseName": estate.database, "Name": "customers", "ColumnNames": ["email"]}
    tag = {"TagKey": f"sensitivity-{estate.run_id}", "TagValues": ["personal"]}
    client.remove_lf_tags_from_resource(Resource={"TableWithColumns": table}, LFTags=[tag])
    assert destroy(tmp_path, target, quietly) == []
    assert inventory() == before


def test_an_lf_tag_of_somebody_else_is_left_alone(plan: Plan, target: Target, tmp_path: Path) -> None:
    """A key that exists already stops provisioning; undoing the run keeps it, with its values."""
    theirs = plan.model_copy(update={"lf_tags": {"theirs": ("x",)}, "grants": plan.grants[:1]})
    client = target.client("lakeformation")
    settings = client.get_data_lake_settings()["DataLakeSettings"]
    me = {"DataLakePrincipalIdentifier": target.client("sts").get_caller_identity()["Arn"]}
    client.put_data_lake_settings(DataLakeSettings={**settings, "DataLakeAdmins": [me]})
    client.create_lf_tag(TagKey="theirs", TagValues=["y"])
    with pytest.raises(ProvisionError, match="the LF-Tag 'theirs' exists already"):
        create(theirs, target, tmp_path, quietly)
    assert destroy(tmp_path, target, quietly) == []
    assert lake.lf_tags(client) == {"theirs": ("y",)}
    client.delete_lf_tag(TagKey="theirs")
    client.put_data_lake_settings(DataLakeSettings=settings)


@pytest.mark.parametrize("operation", ["CreateLFTag", "AddLFTagsToResource", "CreateDataCellsFilter"])
def test_undone_after_an_interruption(
    operation: str,
    plan: Plan,
    target: Target,
    tmp_path: Path,
    inventory: Callable[[], Inventory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed while LF-Tags or filters are made, whether the call got through or not: the journal undoes the run."""
    before, made = inventory(), Journal.made
    calls: list[Any] = []

    def dies(journal: Journal, entry: Any, answer: Any) -> Any:
        kinds = {
            "CreateLFTag": TAG.name,
            "AddLFTagsToResource": "LF-Tag assignment",
            "CreateDataCellsFilter": "row filter",
        }
        if entry.kind == kinds[operation]:
            calls.append(entry)
            raise KeyboardInterrupt
        return made(journal, entry, answer)

    monkeypatch.setattr(Journal, "made", dies)
    with pytest.raises(KeyboardInterrupt):
        create(plan, target, tmp_path, quietly)
    monkeypatch.undo()
    assert len(calls) == 1
    assert destroy(tmp_path, target, quietly) == []
    assert inventory() == before
