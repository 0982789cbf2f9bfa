"""An account's own data lake, taken as it is: where everything is that the plan names. Nothing is made or changed.

What is missing or otherwise than planned is for the scenarios to find; here only that is needed without which none
could ask: the Studio domain's id, and that the harness sees every permission. Decoys that scenarios make beside the
lake are the run's own and go with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.inventory import identity
from lakeproof.plan import Person, Plan
from provision import lake, results, studio, trail
from provision.estate import ControlReaderEstate, Estate, PersonEstate
from provision.principals import policy_arn, role_arn
from provision.settings import admins
from provision.site import ProvisionError, Site, absent


def find(site: Site, plan: Plan) -> Estate:
    """Where everything is. Raises ProvisionError if there is no such domain, or if the harness may not see every
    permission of the lake; botocore's errors where it may not ask at all."""
    header, way = site.journal.header, plan.sign_in
    site.progress(f"adopting: the lake {plan.dataset.database}, its people and the domain {plan.studio.domain}")
    _check_sight(site)
    domain = _domain(site, plan.studio.domain)
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
        dataset_sha256="",
        rows={},
        domain_id=domain["DomainId"],
        domain_arn=domain["DomainArn"],
        default_execution_role_arn=role_arn(site, plan.studio.default_execution_role.name),
        execution_policy_arn=policy_arn(site, plan.execution.policy.name),
        group_policy_arn=policy_arn(site, way.iam_user.policy.name) if way.iam_user else None,
        control_reader=_control_reader(site, plan),
        trail=trail.make_trail(site, plan),
        people=tuple(_person(site, plan, person, domain["DomainId"]) for person in plan.people),
    )


def _check_sight(site: Site) -> None:
    """Lake Formation shows every permission to its administrators alone, read-only ones among them; who is none sees
    their own, and the sign-off would take what it does not see for not granted (Lake Formation guide, "Lake Formation
    personas and IAM permissions reference")."""
    settings = site.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    harness = site.journal.header.harness_arn
    readers = [each["DataLakePrincipalIdentifier"] for each in settings.get("ReadOnlyAdmins", [])]
    if harness not in (*admins(settings), *readers):
        raise ProvisionError(
            f"{harness} is no data lake administrator of account {site.target.account_id}, so it does not see every "
            "permission, and on an adopted lake no setting is changed. Have an administrator add it under Lake "
            "Formation, Administrative roles and tasks (a read-only administrator is enough to look)"
        )


def _domain(site: Site, name: str) -> Mapping[str, Any]:
    there = list(studio.domains(site))
    found = [each for each in there if each["DomainName"] == name]
    if len(found) == 1:
        return found[0]
    told = ", ".join(sorted(each["DomainName"] for each in there)) or "none"
    raise ProvisionError(
        f"the plan adopts the Studio domain {name!r}; account {site.target.account_id} in {site.target.region} has "
        f"{len(found) or 'none'} of that name (its domains: {told}). Mend studio.domain in the plan, or the Region"
    )


def _person(site: Site, plan: Plan, person: Person, domain_id: str) -> PersonEstate:
    """No keys: those of an IAM user are the person's own, and a new pair would be a change of the account."""
    place = f"{site.target.region}:{site.target.account_id}"
    user = f"arn:aws:iam::{site.target.account_id}:user/{person.user_id}" if person.sign_in == "iam_user" else None
    return PersonEstate(
        name=person.name,
        sign_in=person.sign_in,
        user_id=person.user_id,
        profile=person.profile,
        profile_arn=f"arn:aws:sagemaker:{place}:user-profile/{domain_id}/{person.profile}",
        execution_role=person.execution_role,
        execution_role_arn=_arn(site, person.execution_role),
        workgroup=person.workgroup,
        results_location=results.location(plan, person.results_prefix),
        user_arn=user,
        stand_in_role_arn=_arn(site, person.stand_in_role) if person.stand_in_role else None,
    )


def _control_reader(site: Site, plan: Plan) -> ControlReaderEstate | None:
    reader = plan.verification.control_reader
    if reader is None:
        return None
    location = results.location(plan, reader.prefix)
    return ControlReaderEstate(role_arn=_arn(site, reader.role), workgroup=reader.workgroup, results_location=location)


def _arn(site: Site, role: str) -> str:
    """With its path, if the role is there."""
    try:
        return identity.role(site.client("iam"), role).arn
    except ClientError as error:
        if not absent(error):
            raise
        return role_arn(site, role)
