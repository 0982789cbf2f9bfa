"""The table of controls: what ``@control:`` may name."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from lakeproof.evidence import controls as table
from lakeproof.evidence.controls import controls


def test_a_table_with_other_columns_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column too many or too few is an error, not a control with holes."""
    file = tmp_path / "controls.csv"
    monkeypatch.setattr(table, "TABLE", file)
    for header, row in (("id,framework,title", "a,b,c"), ("id,framework,title,url,more", "a,b,c,d,e")):
        file.write_text(f"{header}\n{row}\n", encoding="utf-8")
        with pytest.raises(TypeError):
            controls.__wrapped__()


def test_no_control_is_there_twice_and_each_has_framework_and_title() -> None:
    """A second row of the same id would hide the first."""
    with table.TABLE.open(encoding="utf-8", newline="") as lines:
        ids = Counter(row["id"] for row in csv.DictReader(lines))
    assert [name for name, count in ids.items() if count > 1] == []
    assert controls().keys() == ids.keys()
    for control in controls().values():
        assert control.framework and control.title
        assert not control.url or control.url.startswith("https://")
        assert " " not in control.id
