"""The command ``lakeproof``: plans, trails, evidence, and what a dead run left.

Exit codes: 0 fine, 1 problems, findings or altered evidence, 2 wrong usage or no account, 13 something is left after a
tear-down.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lakeproof.plan import Plan, PlanError, load

if TYPE_CHECKING:
    from lakeproof.audit.logs.bucket import Layout
    from lakeproof.target import Target
    from provision.journal import Journal

FINE, PROBLEMS, USAGE, RESIDUE = 0, 1, 2, 13

RUNS = Path(".lakeproof/runs")
"""Where runs keep their journals: ``.lakeproof/runs/RUN/.../journal.jsonl``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit code; argparse itself exits with 2 on wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except KeyboardInterrupt:
        print("stopped; run the same command again to finish", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    from lakeproof.audit import command as audit_command
    from lakeproof.draft import command as draft_command
    from lakeproof.evidence import command as evidence_command

    parser = argparse.ArgumentParser(prog="lakeproof", description="Proves what a data lake's people may see.")
    rooms = parser.add_subparsers(required=True, metavar="COMMAND")
    plans = rooms.add_parser("plan", help="check a plan, or print the schema of plans")
    verbs = plans.add_subparsers(required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say everything that is wrong with a plan; no account is touched")
    check.add_argument("file", type=Path, metavar="FILE")
    check.set_defaults(run=_plan_check)
    schema = verbs.add_parser("schema", help="print the JSON schema of plan files, for editors")
    schema.set_defaults(run=_plan_schema)
    drafting = verbs.add_parser("draft", help="write a plan from what an account holds, for somebody to approve")
    draft_command.options(drafting)
    template = rooms.add_parser("template", help="write a plan as CloudFormation templates; no account is touched")
    template.add_argument("file", type=Path, metavar="PLAN")
    template.add_argument(
        "--out", type=Path, default=Path("build/templates"), metavar="DIR", help="default: %(default)s"
    )
    template.set_defaults(run=_template)
    destroy = rooms.add_parser("destroy", help="undo a run from its journal, or all runs whose time is over")
    which = destroy.add_mutually_exclusive_group(required=True)
    which.add_argument("where", nargs="?", metavar="RUN", help="a run's id, its directory, or its journal.jsonl")
    which.add_argument("--expired", action="store_true", help="every run whose tag lakeproof:expires has passed")
    destroy.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    destroy.add_argument("--endpoint-url", help="of the account (default: what the journal recorded)")
    destroy.add_argument("--profile", help="AWS CLI profile to take the keys from (default: what the journal recorded)")
    destroy.add_argument("--region", help="of the account (default: what the journal recorded)")
    destroy.set_defaults(run=_destroy)
    audit = rooms.add_parser("audit", help="who read what, and what CloudTrail logs cannot explain")
    audit_command.options(audit)
    audit.set_defaults(run=_audit)
    parity = rooms.add_parser(
        "parity", help="where each scenario was last seen to pass; with bundles, brought up to date"
    )
    parity.add_argument(
        "bundles", nargs="*", type=Path, metavar="BUNDLE", help="build/evidence/RUN of runs that passed"
    )
    parity.set_defaults(run=_parity)
    evidence = rooms.add_parser("evidence", help="verify a run's evidence, sign it, tell how to do the run again")
    evidence_command.options(evidence)
    return parser


def _audit(chosen: argparse.Namespace) -> int:
    """Athena is asked over a table that is made for this audit, journalled, and dropped at its end."""
    from lakeproof.audit import command
    from provision.journal import JournalError
    from provision.log_table import LogTable, log_table
    from provision.site import ProvisionError

    def table(target: Target, location: str, layout: Layout) -> AbstractContextManager[LogTable]:
        found = (layout.accounts, layout.regions, layout.first_day)
        return log_table(target, location, *found, RUNS, lambda text: print(text, file=sys.stderr))

    try:
        return command.run(chosen, table)
    except (JournalError, ProvisionError) as error:
        print(f"lakeproof audit: {error}", file=sys.stderr)
        return USAGE


def _parity(chosen: argparse.Namespace) -> int:
    from lakeproof.evidence import parity
    from lakeproof.evidence.files import EvidenceError

    root = Path.cwd()
    try:
        found = parity.rows(root)
        for bundle in chosen.bundles:
            found = parity.seen(found, bundle)
        if chosen.bundles:
            parity.write(found, root)
    except (EvidenceError, OSError) as error:
        print(f"lakeproof parity: {error}", file=sys.stderr)
        return USAGE
    print(parity.as_markdown(found), end="")
    return FINE


def _plan_check(chosen: argparse.Namespace) -> int:
    try:
        plan = load(chosen.file)
    except PlanError as error:
        print(error, file=sys.stderr)
        return PROBLEMS
    print(f"{chosen.file}: fine. {_summary(plan)}")
    return FINE


def _summary(plan: Plan) -> str:
    tables = ", ".join(
        f"{table.name} ({len(table.column_names)} columns, {len(table.partitions)} partitions)"
        for table in plan.dataset.tables
    )
    people = ", ".join(person.name for person in plan.people)
    return f"Plan {plan.name}: {plan.dataset.database}: {tables}; {len(plan.people)} people: {people}"


def _plan_schema(chosen: argparse.Namespace) -> int:
    from lakeproof.plan.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return FINE


def _template(chosen: argparse.Namespace) -> int:
    from provision.templates import templates

    try:
        plan = load(chosen.file)
        if plan.provision == "adopt":
            raise KeyError(f"plan {plan.name} adopts what is there (provision: adopt); templates are of what is made")
        written = templates(plan)
    except (PlanError, KeyError) as error:
        print(f"lakeproof template: {error}", file=sys.stderr)
        return PROBLEMS
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (chosen.out / name).write_text(text, encoding="utf-8")
        print(chosen.out / name)
    return FINE


def _destroy(chosen: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from provision.journal import JournalError
    from provision.site import ProvisionError

    try:
        return _destroy_expired(chosen) if chosen.expired else _destroy_run(chosen)
    except (JournalError, ProvisionError, LookupError, ClientError, BotoCoreError) as error:
        print(f"lakeproof destroy: {error}", file=sys.stderr)
        return USAGE


def _destroy_run(chosen: argparse.Namespace) -> int:
    from provision.destroy import destroy
    from provision.journal import Journal

    journal = Journal.read(_journal_path(chosen.where))
    if chosen.dry_run:
        return _preview(journal)
    header = journal.header
    target = _target(chosen, header.profile, header.region, header.endpoint_url)
    return _told([str(left) for left in destroy(journal.path, target, _say)])


def _destroy_expired(chosen: argparse.Namespace) -> int:
    from provision.destroy import undo
    from provision.site import Site
    from provision.sweep import expired, written

    target = _target(chosen, None, None, None)
    dead = expired(target, _say)
    if not dead:
        print("no run is over its time")
        return FINE
    left: list[str] = []
    for run in dead:
        print(f"run {run.run_id}, over since {run.expires}: {len(run.found)} things")
        if chosen.dry_run:
            for kind, name, _, _ in run.found:
                print(f"  would remove {kind.name} {name}")
            continue
        directory = RUNS / run.run_id / f"swept-{datetime.now(UTC):%Y%m%dT%H%M%S}"
        left += [str(residue) for residue in undo(Site(target, written(run, target, directory), _say))]
    if not chosen.dry_run:
        print(
            "not known from tags: data lake administrators and default permissions that a dead run has changed; "
            "its journal restores them"
        )
    return _told(left)


def _preview(journal: Journal) -> int:
    from provision.destroy import in_order

    entries = in_order(journal)
    print(f"run {journal.header.run_id} in account {journal.header.account_id}: {len(entries)} steps to undo")
    for entry in entries:
        print(f"  would remove {entry.kind} {entry.id}")
    return FINE


def _journal_path(where: str) -> Path:
    """A path as it is; a run's id as the journal under ``.lakeproof/runs``. Raises JournalError when there is none."""
    from provision.journal import FILE, JournalError

    path = Path(where)
    if path.exists():
        return path
    found = sorted((RUNS / where).rglob(FILE), key=lambda file: len(file.parts)) if where and "/" not in where else []
    if found:
        return found[0]
    known = sorted(item.name for item in RUNS.iterdir()) if RUNS.is_dir() else []
    raise JournalError(
        f"no run {where!r}: it is neither a path nor a run under {RUNS} with one journal"
        + (f"; there are {', '.join(known)}" if known else "")
    )


def _target(chosen: argparse.Namespace, profile: str | None, region: str | None, endpoint_url: str | None) -> Target:
    from lakeproof.target import aws_target

    return aws_target(
        profile=chosen.profile or profile,
        region=chosen.region or region,
        endpoint_url=chosen.endpoint_url or endpoint_url,
    )


def _say(text: str) -> None:
    print(text, flush=True)


def _told(left: list[str]) -> int:
    for residue in left:
        print(f"LEFT: {residue}", file=sys.stderr)
    return RESIDUE if left else FINE


if __name__ == "__main__":
    sys.exit(main())
