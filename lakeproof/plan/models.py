"""The plan: what should be true in an account, and what follows from it.

A plan is loaded by ``lakeproof.plan.load``, which also checks what no single field can (``check.py``, ``shape.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from lakeproof.plan import names
from lakeproof.plan.parts import (
    AccountSettings,
    AnyGrant,
    Audit,
    Dataset,
    Execution,
    Part,
    Person,
    Results,
    SignIn,
    Studio,
    Table,
    TagKey,
    TagValues,
    Verification,
)
from lakeproof.plan.problems import PlanError, Problem, said
from lakeproof.plan.visibility import Cell, cells, either

SCHEMA_VERSION = 1


class Plan(Part):
    """The declared truth about one data lake and its people."""

    schema_version: Literal[1]
    name: Annotated[str, names.PLAN]
    description: str = ""
    approved: bool = True
    """False for a draft: it says what somebody found, and a run of it signs nothing off."""
    provision: Literal["create", "adopt"] = "create"
    """``create``: the run makes everything that the plan names, and undoes it. ``adopt``: the account has it already;
    it is verified, and nothing of it is made or changed."""
    dataset: Dataset
    account: AccountSettings = AccountSettings()
    sign_in: SignIn
    execution: Execution
    studio: Studio
    results: Results
    audit: Audit = Audit()
    verification: Verification = Verification()
    people: Annotated[tuple[Person, ...], Field(min_length=1)]
    lf_tags: dict[TagKey, TagValues] = Field(default_factory=dict)
    """The LF-Tags that the plan defines in the account: each key with all its possible values."""
    grants: Annotated[tuple[AnyGrant, ...], Field(min_length=1)]
    documents: dict[str, str] = Field(default_factory=dict, repr=False)
    """The policy files' texts by file name, read by ``load``; not a key of the YAML."""
    account_id: str | None = None
    """Set by ``resolved``; not a key of the YAML. So are ``region`` and ``run_id``."""
    region: str | None = None
    run_id: str | None = None

    def person(self, name: str) -> Person:
        """The person of that name. Raises KeyError naming those there are."""
        for person in self.people:
            if person.name == name:
                return person
        raise KeyError(f"no person {name!r} in plan {self.name!r}; there are {[p.name for p in self.people]}")

    def table(self, name: str) -> Table:
        """The table of that name. Raises KeyError naming those there are."""
        for table in self.dataset.tables:
            if table.name == name:
                return table
        raise KeyError(f"no table {name!r} in plan {self.name!r}; there are {[t.name for t in self.dataset.tables]}")

    def cells(self, person: str, table: str) -> tuple[Cell, ...]:
        """Which columns the person may see on which rows of the table, a cell for each grant that shows anything."""
        self.person(person)
        return cells(self, person, self.table(table))

    def visible_columns(self, person: str, table: str) -> tuple[str, ...]:
        """What ``SELECT *`` returns to the person: table order, partition keys last, empty without a grant.

        Partition keys are always visible with any SELECT (Lake Formation guide, "Data filtering": no column filter on
        partition keys).
        """
        seen = {name for cell in self.cells(person, table) for name in cell.columns}
        return tuple(name for name in self.table(table).column_names if name in seen)

    def visible_rows(self, person: str, table: str) -> str | None:
        """The predicate that holds on exactly the rows that the person may see; None for all rows.

        Raises LookupError when the person may not see the table: there is no predicate for nothing.
        """
        shown = self.cells(person, table)
        if not shown:
            raise LookupError(f"{person} may see nothing of {table} in plan {self.name!r}")
        return either(cell.where for cell in shown)

    def shown_on(self, person: str, table: str, column: str) -> str | None:
        """The predicate of the rows on which a visible column shows its value (None: on all that are visible).

        On the other visible rows it is NULL. Raises LookupError for a column that the person may not see.
        """
        shown = [cell.where for cell in self.cells(person, table) if column in cell.columns]
        if not shown:
            raise LookupError(f"{person} may not see {column} of {table} in plan {self.name!r}")
        found = either(shown)
        return None if found == self.visible_rows(person, table) else found

    def hidden_columns(self, person: str, table: str) -> tuple[str, ...]:
        """The columns of the table that the person may not see, in table order; all of them without a grant."""
        visible = set(self.visible_columns(person, table))
        return tuple(name for name in self.table(table).column_names if name not in visible)

    def people_by_sign_in(self, sign_in: Literal["iam_user", "federated"]) -> tuple[Person, ...]:
        """The people who sign in that way, in the plan's order."""
        return tuple(person for person in self.people if person.sign_in == sign_in)

    def sees_everything(self, person: str, table: str) -> bool:
        """Whether the person may see every column of the table."""
        return not self.hidden_columns(person, table)

    def document(self, file: str, values: Mapping[str, str] | None = None) -> str:
        """The policy text of ``file`` with its placeholders filled: ``policy_values`` and ``values``.

        Raises KeyError when a placeholder has no value, ValueError when the plan is not resolved.
        """
        text = names.fill(self.documents[file], {**self.policy_values(), **(values or {})})
        missing = names.placeholders(text)
        if missing:
            raise KeyError(f"{file}: no value for {sorted(missing)}")
        return text

    def policy_values(self) -> dict[str, str]:
        """What the placeholders of a policy file stand for. Raises ValueError when the plan is not resolved."""
        if self.account_id is None or self.region is None or self.run_id is None:
            raise ValueError(f"plan {self.name!r} is not resolved: call plan.resolved(account_id, region, run_id)")
        return {
            "account": self.account_id,
            "region": self.region,
            "run": self.run_id,
            "database": self.dataset.database,
            "lake_bucket": self.dataset.bucket,
            "results_bucket": self.results.bucket,
            **({"log_bucket": self.audit.log_bucket} if self.audit.has_trail else {}),
        }

    def role_arn(self, role: str) -> str:
        """The ARN of a planned role. Raises ValueError when the plan is not resolved."""
        return f"arn:aws:iam::{self.policy_values()['account']}:role/{role}"

    def resolved(self, account_id: str, region: str, run_id: str) -> Plan:
        """This plan for one account, Region and run: no placeholder is left in any name.

        Raises PlanError when a name becomes invalid (a bucket's too long, say).
        """
        values = {"account": account_id, "region": region, "run": run_id}
        raw = self.model_dump(mode="json")
        documents = raw.pop("documents")
        done = _fill_all(raw, values) | {
            "documents": documents,
            "account_id": account_id,
            "region": region,
            "run_id": run_id,
        }
        try:
            return Plan.model_validate_json(json.dumps(done))
        except ValidationError as error:
            raise PlanError(
                Problem(
                    f"plan {self.name}",
                    None,
                    entry["loc"],
                    entry["msg"],
                    said(entry["input"]),
                    f"account {account_id}, Region {region} or run {run_id} does not fit there",
                )
                for entry in error.errors(include_url=False)
            ) from None


def _fill_all(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.fill(value, values)
    if isinstance(value, dict):
        return {names.fill(key, values): _fill_all(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill_all(item, values) for item in value]
    return value
