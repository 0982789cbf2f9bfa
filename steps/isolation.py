"""Nobody gets into another person's Studio, role or results. What could destroy aims at decoys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from pytest_bdd import given, then, when

from fixtures import judgements
from fixtures.judgements import REFUSED
from fixtures.people import People
from lakeproof.evidence.verdicts import NotMet
from lakeproof.inventory import studio
from lakeproof.probes.ledger import Attempt
from lakeproof.probes.probe import Prober
from provision.decoys import prefix
from provision.estate import Estate
from provision.site import gone_is_fine
from steps import judge
from steps.simulation import allowed_to_an_administrator
from steps.words import words


@pytest.fixture
def own_name(request: pytest.FixtureRequest, estate: Estate) -> str:
    """A name for what this scenario makes: other scenarios may run at the same time, in other processes."""
    return f"{prefix(estate.run_id)}{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


def of_profile(estate: Estate, person: str) -> dict[str, str]:
    """The parameters that name a person's profile."""
    return {"DomainId": estate.domain_id, "UserProfileName": estate.person(person).profile}


@when(words("{person} describes the profile of {other} at the console"), target_fixture="attempt")
def describes_at_console(person: str, other: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    return prober.call(people.at_console(person), "sagemaker", "DescribeUserProfile", **of_profile(estate, other))


@when(words("{person} opens the profile of {other} at the console"), target_fixture="attempt")
def opens(person: str, other: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    return prober.call(people.at_console(person), "sagemaker", "CreatePresignedDomainUrl", **of_profile(estate, other))


@when(words("{person} describes the profile of {other} in Studio"), target_fixture="attempt")
def describes_in_studio(person: str, other: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    return prober.call(people.in_studio(person), "sagemaker", "DescribeUserProfile", **of_profile(estate, other))


@when(words("{person} starts an app in the profile of {other} in Studio"), target_fixture="attempt")
def starts_app(
    person: str, other: str, people: People, prober: Prober, estate: Estate, own_name: str
) -> Iterator[Attempt]:
    app = {**of_profile(estate, other), "AppType": "KernelGateway", "AppName": own_name}
    yield prober.call(people.in_studio(person), "sagemaker", "CreateApp", **app)
    client = prober.target.client("sagemaker")
    if any(each["AppName"] == own_name for each in studio.apps(client, estate.domain_id)):
        gone_is_fine(client.delete_app, **app)


@when(words("{person} assumes the execution role of {other} at the console"), target_fixture="attempt")
def assumes_at_console(person: str, other: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    return prober.call(people.at_console(person), "sts", "AssumeRole", **_role_of(estate, other))


@when(words("{person} assumes the execution role of {other} in Studio"), target_fixture="attempt")
def assumes_in_studio(person: str, other: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    return prober.call(people.in_studio(person), "sts", "AssumeRole", **_role_of(estate, other))


@when(words("the harness assumes the execution role of {person} without its external id"), target_fixture="attempt")
def assumes_without_id(person: str, people: People, prober: Prober, estate: Estate) -> Attempt:
    request = _role_of(estate, person)
    return prober.call(people.harness(), "sts", "AssumeRole", RoleArn=request["RoleArn"], RoleSessionName="SageMaker")


@then(words("with the external id it may assume the execution role of {person}"))
def assumes_with_id(attempt: Attempt, person: str, people: People, prober: Prober, estate: Estate) -> None:
    judge.twin(attempt, [prober.call(people.harness(), "sts", "AssumeRole", **_role_of(estate, person))])


@pytest.fixture
def decoy_name(own_name: str, prober: Prober, estate: Estate) -> Iterator[dict[str, str]]:
    """The name of a profile that this scenario alone uses. What has been made under it goes with the scenario."""
    named = {"DomainId": estate.domain_id, "UserProfileName": own_name}
    yield named
    if own_name in studio.profile_names(prober.target.client("sagemaker"), estate.domain_id):
        gone_is_fine(prober.target.client("sagemaker").delete_user_profile, **named)


@given("a decoy profile that the run made", target_fixture="decoy")
def decoy(decoy_name: dict[str, str], people: People, prober: Prober) -> dict[str, str]:
    made = prober.call(people.harness(), "sagemaker", "CreateUserProfile", **decoy_name)
    judge.allowed(made, "the harness makes its decoy")
    return decoy_name


@when(words("{person} deletes the decoy at the console"), target_fixture="attempt")
def deletes_decoy(person: str, decoy: dict[str, str], people: People, prober: Prober) -> Attempt:
    return prober.call(people.at_console(person), "sagemaker", "DeleteUserProfile", **decoy)


@when(words("{person} creates a decoy profile at the console"), target_fixture="attempt")
def creates_decoy(person: str, decoy_name: dict[str, str], people: People, prober: Prober) -> Attempt:
    return prober.call(people.at_console(person), "sagemaker", "CreateUserProfile", **decoy_name)


@when(
    words("{person} creates a notebook instance with the execution role of {other} at the console"),
    target_fixture="attempt",
)
def creates_notebook(
    person: str, other: str, people: People, prober: Prober, estate: Estate, own_name: str
) -> Iterator[Attempt]:
    name = {"NotebookInstanceName": own_name}
    yield prober.call(
        people.at_console(person),
        "sagemaker",
        "CreateNotebookInstance",
        **name,
        InstanceType="ml.t3.medium",
        RoleArn=estate.person(other).execution_role_arn,
    )
    if any(each["NotebookInstanceName"] == own_name for each in _notebooks(prober)):
        prober.target.client("sagemaker").stop_notebook_instance(**name)
        gone_is_fine(prober.target.client("sagemaker").delete_notebook_instance, **name)


@then(words("by simulation of policies, {action} is denied to {person} and allowed to an administrator"))
def simulated(action: str, person: str, people: People, prober: Prober, estate: Estate) -> None:
    console = people.by_name("console", person)
    resource = _resource(action, estate)
    theirs = _simulate(prober, people, console.principal_arn, action, resource)
    judge.show("Simulated, not tried: there can be no decoy of it", f"{person}: {theirs}")
    judgements.simulated(console, action, REFUSED, theirs)
    allowed_to_an_administrator([action], people, prober)
    if theirs != "explicitDeny":
        raise NotMet(
            f"{action} explicitly denied to {person}",
            theirs,
            decided="policy simulation",
            likely="the Deny was removed from the console policy",
            remedy="restore it",
        )


def _resource(action: str, estate: Estate) -> str:
    """What an action that is only simulated would act on: the domain, or a notebook instance of a decoy's name."""
    if not action.endswith("NotebookInstance"):
        return estate.domain_arn
    return f"arn:aws:sagemaker:{estate.region}:{estate.account_id}:notebook-instance/decoy-{estate.run_id}"


def _simulate(prober: Prober, people: People, arn: str, action: str, resource: str) -> str:
    attempt = prober.call(
        people.harness(),
        "iam",
        "SimulatePrincipalPolicy",
        PolicySourceArn=arn,
        ActionNames=[action],
        ResourceArns=[resource],
    )
    answer = judge.allowed(attempt, "the harness may simulate policies").response
    return str(answer["EvaluationResults"][0]["EvalDecision"])


def _role_of(estate: Estate, person: str) -> dict[str, str]:
    return {
        "RoleArn": estate.person(person).execution_role_arn,
        "RoleSessionName": "SageMaker",
        "ExternalId": estate.external_id,
    }


def _notebooks(prober: Prober) -> list[dict[str, object]]:
    found: list[dict[str, object]] = prober.target.client("sagemaker").list_notebook_instances()["NotebookInstances"]
    return found
