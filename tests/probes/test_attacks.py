"""Attacks are drawn by a seed from data, each can be answered, and no verdict on one is vacuous."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakeproof.plan import Column, Columns, Grant, Plan, RowFilter, load
from lakeproof.probes.athena import QueryResult, run_boto3
from lakeproof.probes.attacks import Attack, attacks, families, filled, hidden, words
from lakeproof.probes.identity import Identity
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained, Outcome
from lakeproof.probes.reach import judged, question
from lakeproof.probes.seen import counted, kept_back, view
from lakeproof.probes.sessions import assume
from lakeproof.target import Target, local_target
from provision import create

ROOT = Path(__file__).resolve().parents[2]
TYPES = ("string", "int", "bigint", "smallint", "double", "boolean", "date", "timestamp", "decimal(10,2)")
PERSON = "ana"
CASES = yaml.safe_load(Path(__file__).with_name("reach.yaml").read_text(encoding="utf-8"))


def of_all_types(whole: Plan) -> Plan:
    """One table with columns of all types, of which one person sees ``k`` on some rows; and a table that is hidden."""
    orders, customers, _ = whole.dataset.tables
    columns = (Column(name="k", type="int"), *(Column(name=f"c{n}", type=type_) for n, type_ in enumerate(TYPES)))
    table = orders.model_copy(update={"columns": columns, "lf_tags": {}})
    other = customers.model_copy(update={"columns": (Column(name="x", type="string"),)})
    grant = Grant(
        person=PERSON,
        table="orders",
        columns=Columns(include=("k", "country")),
        row_filter=RowFilter(name="low", where="k < 50"),
    )
    dataset = whole.dataset.model_copy(update={"tables": (table, other), "rows": 60, "lf_tags": {}})
    return whole.model_copy(update={"dataset": dataset, "grants": (grant,), "lf_tags": {}, "people": whole.people[:1]})


@dataclass(frozen=True)
class Asking:
    """The plan made true in an account, and its control reader."""

    plan: Plan
    target: Target
    reader: Identity

    def answer(self, sql: str) -> QueryResult:
        """The control reader's answer."""
        result = QueryResult()
        run_boto3(self.target, self.reader, sql, result)
        return result


@pytest.fixture(scope="module")
def asking(embedded: Any, tmp_path_factory: pytest.TempPathFactory) -> Asking:
    """The table with all types."""
    target, plan = local_target(vars(embedded)), of_all_types(load(ROOT / "plans" / "filters-and-tags.yaml"))
    estate = create(plan, target, tmp_path_factory.mktemp("run"), lambda text: None)
    reader = estate.control_reader
    assert reader is not None
    session = assume(target, reader.role_arn, external_id=estate.external_id)
    identity = Identity(
        "reader", "control", reader.role_arn, session.arn, session.credentials, workgroup=reader.workgroup
    )
    return Asking(plan.resolved(estate.account_id, estate.region, estate.run_id), target, identity)


def every_statement(plan: Plan) -> Iterator[Attack]:
    """Each statement of each family, filled in for some of the targets that it fits."""
    draw = random.Random("every")
    for family in families():
        for kind, statement in [(kind, text) for kind, texts in families()[family].items() for text in texts]:
            apt = [target for target in hidden(plan, PERSON) if kind in target.kinds]
            for target in draw.sample(apt, min(3, len(apt))):
                text = filled(statement, {**words(), **target.words}, draw)
                seen = view(plan, PERSON, target.table) if kind in ("rows", "outside") else f"shop_db.{target.table}"
                yield Attack(family, kind, target.table, target.hides, text.replace(f"{{{target.table}}}", seen))


def test_every_statement_has_an_answer_for_somebody_who_sees_everything(asking: Asking) -> None:
    """Whatever the type of the hidden column: a statement that nobody is answered would prove nothing. Those about
    rows are answered over what is granted."""
    found = list(every_statement(asking.plan))
    assert len(found) > 150
    unanswered = []
    for attack in found:
        result = asking.answer(attack.sql)
        if result.state != "SUCCEEDED":
            unanswered.append(f"{attack.family}: {attack.sql}: {result.reason}")
    assert not unanswered, "\n".join(unanswered)


def test_what_a_person_sees_is_counted_without_showing_it(asking: Asking) -> None:
    """The view has the visible columns and rows; a count tells equal rows from others in the same number."""
    whole, some = "shop_db.orders", view(asking.plan, PERSON, "orders")
    sums = [asking.answer(counted(relation, ("k", "country"))).rows[0] for relation in (whole, some)]
    assert sums[0][0] == "60"
    assert 0 < int(str(sums[1][0])) < 60
    again = f"(SELECT * FROM {some} AS s ORDER BY k DESC)"
    assert asking.answer(counted(again, ("k", "country"))).rows[0] == sums[1]
    changed = (
        f"(SELECT CASE WHEN k = (SELECT min(k) FROM {some} AS m) THEN -1 ELSE k END AS k, country FROM {some} AS s)"
    )
    other = asking.answer(counted(changed, ("k", "country"))).rows[0]
    assert (other[0], other[1] != sums[1][1]) == (sums[1][0], True)


def test_equal_seeds_draw_equal_attacks() -> None:
    """Same seed, plan and person: the same statements, a prefix for a smaller budget; another seed draws others."""
    plan = load(ROOT / "plans" / "filters-and-tags.yaml").resolved("123456789012", "us-east-1", "0a1b2c3d")
    first = attacks(plan, "dan", "7", 60)
    assert attacks(plan, "dan", "7", 60) == first
    assert attacks(plan, "dan", "7", 9) == first[:9]
    assert attacks(plan, "dan", "8", 60) != first
    assert len({attack.sql for attack in first}) == 60


def test_families_take_turns() -> None:
    """With a small budget no family comes twice before all came once."""
    plan = load(ROOT / "plans" / "walkthrough.yaml").resolved("123456789012", "us-east-1", "0a1b2c3d")
    found = [attack.family for attack in attacks(plan, "federated-limited", "7", len(families()))]
    assert sorted(found) == sorted(families())


def test_nothing_hidden_is_no_target() -> None:
    """Whoever sees everything is not attacked for."""
    plan = load(ROOT / "plans" / "filters-and-tags.yaml").resolved("123456789012", "us-east-1", "0a1b2c3d")
    assert attacks(plan, "ana", "7", 60) == ()
    assert {target.kinds for target in hidden(plan, "eve")} == {
        ("table", "table_names"),
        ("column", "column_names"),
        ("rows",),  # the filter names a column that she does not see
    }


def outcome(text: Any) -> Outcome | None:
    """An outcome as the table writes it: a list of rows, a cause, or why there is none."""
    if text is None:
        return None
    if isinstance(text, list):
        return Allowed(("a",), tuple(tuple(row) for row in text))
    return Denied(Cause(text), "refused") if text in set(Cause) else NotObtained(text)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_attack_comes_to(case: dict[str, Any]) -> None:
    """Held, reached or unclear, from the person's answer and that of somebody who sees everything."""
    attack = Attack("family", case["kind"], "orders", case.get("hides", "card"), "SELECT 1", case.get("world"))
    answer = outcome(case["answer"])
    assert answer is not None
    found = judged(attack, answer, outcome(case.get("other")), case.get("marks", ()))
    assert str(found.reach) == case["comes_to"], str(found)
    assert "secret" not in str(found), "a value of a row stands in the evidence"


def test_what_is_asked_of_whoever_sees_everything() -> None:
    """The same statement of a refusal's twin; the statement over what is granted of an answer; nothing without one."""
    attack = Attack("family", "column", "orders", "card", "SELECT card", "SELECT card FROM (SELECT 1)")
    assert question(attack, Denied(Cause.LF_COLUMN, "no")) == attack.sql
    assert question(attack, Allowed(("a",), (("1",),))) == attack.world
    assert question(attack, NotObtained("throttled")) is None


@pytest.mark.parametrize(
    ("seen", "granted", "whole", "kind"),
    [(4, 4, 9, Denied), (9, 4, 9, Allowed), (5, 4, 9, NotObtained), (0, 4, 9, NotObtained), (9, 9, 9, NotObtained)],
)
def test_rows_are_kept_back_only_if_exactly_the_granted_are_shown(
    seen: int, granted: int, whole: int, kind: type[Outcome]
) -> None:
    """LF_ROW: as many as granted and fewer than all. All rows: allowed. Any other number, or nothing to hide: none."""
    shown = [Allowed(("rows",), ((str(number),),)) for number in (seen, granted, whole)]
    found = kept_back(*shown)
    assert isinstance(found, kind)
    assert not isinstance(found, Denied) or found.cause is Cause.LF_ROW
