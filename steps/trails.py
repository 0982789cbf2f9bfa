"""The trail as planned: what it records, where it goes, and that it was never switched off."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given, then

from fixtures.trail import Audit
from lakeproof.evidence.verdicts import NotMet
from lakeproof.inventory import buckets, trail
from lakeproof.inventory.trail import BOTH, Trail
from lakeproof.plan import Plan
from lakeproof.target import Target
from provision.estate import Estate
from steps import judge
from steps.words import words

CLOUDTRAIL = "Service cloudtrail.amazonaws.com"
SWITCH_ON = "make the trail what the plan says, or name another one in audit.name"


def lake_and_results(estate: Estate) -> tuple[str, str]:
    """The buckets whose objects a trail must record."""
    return estate.lake_bucket, estate.results_bucket


@given("the trails of the account", target_fixture="trails")
def the_trails(target: Target) -> Sequence[Trail]:
    return trail.trails(target.client("cloudtrail"))


@given(words("the trail {name}"), target_fixture="found")
def the_trail(name: str, target: Target, plan: Plan) -> Trail:
    try:
        return trail.trail(target.client("cloudtrail"), plan.audit.name)
    except LookupError as error:
        raise NotMet(f"the trail {plan.audit.name}", str(error), remedy=SWITCH_ON) from error


@given(words("the trail {name} when all else has run"), target_fixture="found")
def the_trail_in_the_end(name: str, audit: Audit, target: Target, plan: Plan) -> Trail:
    return the_trail(name, target, plan)


@given(words("the log bucket of {name}"), target_fixture="log_bucket")
def the_log_bucket(name: str, plan: Plan) -> str:
    return plan.audit.log_bucket


@then("one of them is logging, in every Region, validated, with the objects of lake and results")
def one_is_enough(trails: Sequence[Trail], target: Target, estate: Estate) -> None:
    lacking = {each.name: each.lacks(target.region, lake_and_results(estate)) for each in trails}
    told = [f"{name}: {'; '.join(lacks) or 'lacks nothing'}" for name, lacks in lacking.items()]
    judge.show("Trails of the account", "\n".join(told) or "none")
    if all(lacking.values()):
        raise NotMet(
            "a trail that is logging, in every Region, validated, with all management events and S3 data events",
            "; ".join(told) or "the account has no trail",
            likely="nobody made one: reading a result leaves no record",
            remedy="say audit.trail: create in the plan, or adopt a trail that is all this",
        )


@then("it records every Region, global services and all management events")
def every_region(found: Trail) -> None:
    seen = [f"multi-Region: {found.multi_region}", f"global: {found.global_events}", *sorted(found.recorded())]
    judge.compare("trail", ["multi-Region: True", "global: True", *sorted(BOTH)], seen, ordered=True, remedy=SWITCH_ON)


@then("it records reads and writes of all objects of lake and results")
def objects(found: Trail, estate: Estate) -> None:
    wanted = [f"{kind} of {bucket}" for bucket in lake_and_results(estate) for kind in BOTH]
    seen = [f"{kind} of {bucket}" for bucket in lake_and_results(estate) for kind in found.recorded(bucket)]
    judge.compare("S3 data events", wanted, seen, remedy="add event selectors for the objects of both buckets")


@then("log file validation is on")
def validated(found: Trail) -> None:
    judge.compare("log file validation", ["on"], ["on" if found.validated else "off"], remedy=SWITCH_ON)


@then("it is logging, without an error, into the planned bucket")
def logging(found: Trail, plan: Plan) -> None:
    errors = [error for error in (found.delivery_error, found.digest_error) if error]
    seen = ["logging" if found.logging else "stopped", found.bucket, *errors]
    judge.compare("trail", ["logging", plan.audit.log_bucket], seen, ordered=True, remedy=SWITCH_ON)


@then("the public is kept out, and its policy admits CloudTrail alone")
def closed(log_bucket: str, target: Target) -> None:
    s3 = target.client("s3")
    open_ways = [f"without {block}" for block in buckets.open_to_the_public(s3, log_bucket)]
    strangers = [str(each) for each in buckets.admitted(s3, log_bucket) if not str(each).startswith(f"{CLOUDTRAIL}:")]
    judge.compare(
        "ways into the log bucket beside CloudTrail's",
        [],
        open_ways + strangers,
        remedy="block public access, and let the bucket's policy admit cloudtrail.amazonaws.com alone",
    )


@then("it has been logging since before the first probe, and has not been stopped")
def never_stopped(found: Trail, audit: Audit) -> None:
    first = min(entry.started for entry in audit.entries)
    judge.show("Status", f"logging: {found.logging}, started {found.started}, stopped {found.stopped}, first {first}")
    late = found.started is None or found.started > first
    cut = found.stopped is not None and (found.started is None or found.stopped > found.started)
    if late or cut or not found.logging:
        raise NotMet(
            f"logging since before {first:%Y-%m-%dT%H:%M:%SZ}, without a break",
            f"logging: {found.logging}, started {found.started}, stopped {found.stopped}",
            likely="somebody stopped the trail while the run was on, and started it again or not",
            remedy="the event history tells who called StopLogging; what happened meanwhile is not on the trail",
        )
