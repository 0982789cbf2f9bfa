"""Makes a plan true in an account: the order of things in one place."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.plan import Person, Plan
from lakeproof.target import Target
from provision import (
    adopt,
    decoys,
    federation,
    filters,
    grants,
    lake,
    lf_tags,
    people,
    results,
    settings,
    studio,
    trail,
)
from provision.estate import FILE, ControlReaderEstate, Estate, PersonEstate
from provision.journal import FILE as JOURNAL
from provision.journal import Journal, RunHeader, new_run_id
from provision.principals import policy_arn, role_arn
from provision.site import Progress, ProvisionError, Site

LIFETIME = timedelta(hours=24)
"""How long a run may last before ``lakeproof destroy --expired`` takes it for dead."""


def create(plan: Plan, target: Target, run_dir: Path, progress: Progress = print) -> Estate:
    """Make everything that the plan describes, and write down where it is (``estate.json`` in ``run_dir``).

    Goes on where an earlier attempt in the same ``run_dir`` stopped; once it has succeeded, does nothing more. Raises
    ProvisionError, JournalError or ClientError; what was made until then is in the journal.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    journal = _journal(plan, target, run_dir)
    header = journal.header
    plan = plan.resolved(header.account_id, header.region, header.run_id)
    if (run_dir / FILE).exists() and all(entry.state in ("made", "gone") for entry in journal.entries()):
        progress(f"run {header.run_id} is provisioned already")
        return Estate.read(run_dir)
    site = Site(target, journal, progress)
    progress(f"run {header.run_id}: provisioning plan {plan.name} in account {target.account_id}, {target.region}")
    try:
        estate = adopt.find(site, plan) if plan.provision == "adopt" else _make(site, plan)
        decoys.expect(site, estate.domain_id)
    except BotoCoreError as error:
        raise ProvisionError(f"account {target.account_id} in {target.region} does not answer: {error}") from error
    site.settle()
    estate.write(run_dir)
    progress(f"run {header.run_id}: provisioned, {len(journal.entries())} steps in the journal")
    return estate


def _make(site: Site, plan: Plan) -> Estate:
    """First the trail, which is to see the rest, and what all else needs; then the lake, the people and the places of
    results side by side; then what joins them: grants (a role and a table), domain and profiles (a role)."""
    made_trail = trail.make_trail(site, plan)
    settings.prepare(site, plan)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(4))
        made_lake = pool.submit(_make_lake, site, plan)
        made_roles = pool.submit(people.make_execution_roles, site, plan)
        made_users = pool.submit(people.make_iam_users, site, plan)
        made_center = pool.submit(_make_federation, site, plan)
        made_roles.result()
        made_domain: Future[tuple[str, str]] = pool.submit(studio.make_domain, site, plan)
        made_results = pool.submit(results.make_workgroups, site, plan)
        domain_id, domain_arn = made_domain.result()
        profiles = studio.make_profiles(site, plan, domain_id)
        sha256, rows = made_lake.result()
        grants.make_grants(site, plan)
        made_results.result()
        users, center = made_users.result(), made_center.result()
    header, way = site.journal.header, plan.sign_in
    return Estate(
        run_id=header.run_id,
        plan=plan.name,
        account_id=header.account_id,
        region=header.region,
        harness_arn=header.harness_arn,
        external_id=header.external_id,
        expires=header.expires,
        lake_bucket=plan.dataset.bucket,
        results_bucket=plan.results.bucket,
        database=plan.dataset.database,
        registered_location=lake.location_arn(plan),
        dataset_sha256=sha256,
        rows=rows,
        domain_id=domain_id,
        domain_arn=domain_arn,
        default_execution_role_arn=role_arn(site, plan.studio.default_execution_role.name),
        execution_policy_arn=policy_arn(site, plan.execution.policy.name),
        group_policy_arn=policy_arn(site, way.iam_user.policy.name) if way.iam_user and users else None,
        permission_set_arn=center.permission_set_arn,
        identity_center_arn=center.instance_arn,
        control_reader=_control_reader(site, plan),
        trail=made_trail,
        people=tuple(
            _person(site, plan, person, profiles[person.name], users.get(person.name), center.users.get(person.name))
            for person in plan.people
        ),
    )


def _make_lake(site: Site, plan: Plan) -> tuple[str, dict[str, dict[str, int]]]:
    lake.make_bucket(site, plan.results.bucket)
    lake.make_bucket(site, plan.dataset.bucket)
    lake.make_location(site, plan)
    lake.make_catalog(site, plan)
    lf_tags.make_tags(site, plan)
    filters.make_filters(site, plan)
    return lake.upload(site, plan)


def _make_federation(site: Site, plan: Plan) -> federation.IdentityCenter:
    federation.make_stand_ins(site, plan)
    return federation.make_identity_center(site, plan)


def _person(
    site: Site,
    plan: Plan,
    person: Person,
    profile_arn: str,
    console: people.ConsoleIdentity | None,
    store_user: str | None,
) -> PersonEstate:
    return PersonEstate(
        name=person.name,
        sign_in=person.sign_in,
        user_id=person.user_id,
        profile=person.profile,
        profile_arn=profile_arn,
        execution_role=person.execution_role,
        execution_role_arn=role_arn(site, person.execution_role),
        workgroup=person.workgroup,
        results_location=people.results_location(plan, person),
        user_arn=console.user_arn if console else None,
        access_key_id=console.access_key_id if console else None,
        secret_access_key=console.secret_access_key if console else None,
        password_secret_arn=console.password_secret_arn if console else None,
        stand_in_role_arn=role_arn(site, person.stand_in_role) if person.stand_in_role else None,
        identity_store_user_id=store_user,
    )


def _control_reader(site: Site, plan: Plan) -> ControlReaderEstate | None:
    reader = plan.verification.control_reader
    return (
        ControlReaderEstate(
            role_arn=role_arn(site, reader.role),
            workgroup=reader.workgroup,
            results_location=results.location(plan, reader.prefix),
        )
        if reader
        else None
    )


def _journal(plan: Plan, target: Target, run_dir: Path) -> Journal:
    """The run's journal: the one that is there, or a new one. Raises ProvisionError when it is another account's or
    another plan's."""
    if (run_dir / JOURNAL).exists():
        journal = Journal.read(run_dir)
        there = (journal.header.account_id, journal.header.region)
        if there != (target.account_id, target.region):
            raise ProvisionError(
                f"{run_dir} belongs to account {there[0]} in {there[1]}, the target is "
                f"{target.account_id} in {target.region}: choose another run directory"
            )
        if journal.header.plan_sha256 != _fingerprint(plan):
            raise ProvisionError(
                f"{run_dir} was begun with another plan, or this one has changed since: undo that run "
                f"with 'lakeproof destroy {run_dir}', or choose another run directory"
            )
        return journal
    now = datetime.now(UTC).replace(microsecond=0)
    run_id = plan.run_id or new_run_id()
    return Journal.start(
        run_dir,
        RunHeader(
            run_id=run_id,
            plan=plan.name,
            plan_sha256=_fingerprint(plan),
            account_id=target.account_id,
            region=target.region,
            endpoint_url=target.endpoint_url,
            profile=target.profile,
            harness_arn=harness_arn(target),
            external_id=_external_id(plan, run_id),
            started=_iso(now),
            expires=_iso(now + LIFETIME),
        ),
    )


def _external_id(plan: Plan, run_id: str) -> str:
    """The plan's for roles that are there already (empty if they ask for none), else one that is drawn."""
    if plan.provision == "adopt":
        return plan.verification.external_id or ""
    return f"lakeproof-{run_id}-{secrets.token_hex(8)}"


def _fingerprint(plan: Plan) -> str:
    """Of the plan and its policies as they were loaded or resolved: what must not change while a run goes on."""
    return hashlib.sha256(plan.model_dump_json(exclude={"account_id", "region", "run_id"}).encode()).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def harness_arn(target: Target) -> str:
    """The harness's principal as policies and Lake Formation name it: of a role session, the role with its path."""
    arn = str(target.client("sts").get_caller_identity()["Arn"])
    kind, *rest = arn.split(":", 5)[5].split("/")
    if kind != "assumed-role":
        return arn
    try:
        return str(target.client("iam").get_role(RoleName=rest[0])["Role"]["Arn"])
    except ClientError as error:
        raise ProvisionError(
            f"the harness runs as a session of the role {rest[0]} and may not read it (iam:GetRole): "
            f"its path is needed to trust it; {error}"
        ) from error
