"""Where results go, and whose bucket that is."""

from __future__ import annotations

from botocore.exceptions import ClientError
from pytest_bdd import then

from fixtures.people import People
from lakeproof.evidence.verdicts import EvidenceNotObtained, NotMet
from lakeproof.inventory import athena
from lakeproof.plan import Plan
from lakeproof.probes.probe import Prober
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

STRANGER = "111122223333"
"""An account id that AWS's documentation uses for examples."""


@then(
    words("by simulation of policies, {action} on the results of {person} is allowed in this account and in no other")
)
def only_here(action: str, person: str, people: People, prober: Prober, estate: Estate) -> None:
    planned = estate.person(person)
    resource = f"arn:aws:s3:::{planned.results_location.removeprefix('s3://')}decoy"
    seen = {}
    for account in (estate.account_id, STRANGER):
        entry = {"ContextKeyName": "aws:ResourceAccount", "ContextKeyType": "string", "ContextKeyValues": [account]}
        asked = {"PolicySourceArn": planned.execution_role_arn, "ActionNames": [action], "ResourceArns": [resource]}
        tag = {"ContextKeyName": "aws:PrincipalTag/userprofilename", "ContextKeyType": "string"}
        entries = [entry, {**tag, "ContextKeyValues": [planned.profile]}]
        attempt = prober.call(people.harness(), "iam", "SimulatePrincipalPolicy", **asked, ContextEntries=entries)
        answer = judge.allowed(attempt, "the harness may simulate policies").response
        seen[account] = str(answer["EvaluationResults"][0]["EvalDecision"])
    judge.show("Simulated, not tried: there can be no decoy of another account's bucket", seen)
    if seen[estate.account_id] != "allowed":
        raise EvidenceNotObtained(f"{action} allowed in this account", str(seen), likely="it is refused everywhere")
    if seen[STRANGER] == "allowed":
        raise NotMet(
            f"{action} allowed in this account alone",
            f"allowed in account {STRANGER} as well",
            decided="policy simulation",
            likely="the policy says nothing about aws:ResourceAccount",
        )


@then("the name of the results bucket does not follow from account and Region")
def unguessable(estate: Estate, plan: Plan, target: Target) -> None:
    if plan.provision == "adopt":  # its name is taken, so the question is by whom
        judge.compare("owner of the results bucket", [estate.account_id], [_owner(estate, target)])
        return
    left = estate.results_bucket.replace(estate.account_id, "").replace(estate.region, "")
    judge.compare("part of the name that nobody can guess", [estate.run_id], [estate.run_id] * (estate.run_id in left))


def _owner(estate: Estate, target: Target) -> str:
    try:
        target.client("s3").get_bucket_location(Bucket=estate.results_bucket, ExpectedBucketOwner=estate.account_id)
    except ClientError as error:
        return f"not this account, or there is no such bucket ({error.response['Error']['Code']})"
    return estate.account_id


@then(words("the workgroup of {person} enforces where results go, and whose bucket that must be"))
def enforced(person: str, target: Target, estate: Estate, plan: Plan) -> None:
    found = athena.workgroup(target.client("athena"), plan.person(person).workgroup)["Configuration"]
    result = found.get("ResultConfiguration", {})
    judge.compare(
        "workgroup",
        ["enforced: True", estate.person(person).results_location, estate.account_id],
        [
            f"enforced: {found.get('EnforceWorkGroupConfiguration')}",
            result.get("OutputLocation", "no location"),
            result.get("ExpectedBucketOwner", "any owner"),
        ],
        ordered=True,
    )
