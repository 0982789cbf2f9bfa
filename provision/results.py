"""Where Athena leaves results: one workgroup and one prefix for each person, enforced by the workgroup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from botocore.exceptions import ClientError

from lakeproof.plan import Plan
from provision.journal import Entry
from provision.site import Kind, Site, absent, gone_is_fine, unheard


def location(plan: Plan, prefix: str) -> str:
    """``s3://bucket/prefix/``."""
    return f"s3://{plan.results.bucket}/{prefix}"


def make_workgroups(site: Site, plan: Plan) -> None:
    """A workgroup for each person, unless they share one, and for the control reader. Its settings override the
    client's, so that results lie where the plan says (Athena user guide, "Override client-side settings")."""
    wanted = [] if plan.results.shared else [(person.workgroup, person.results_prefix) for person in plan.people]
    reader = plan.verification.control_reader
    if reader:
        wanted.append((reader.workgroup, reader.prefix))
    site.progress(f"Athena: {len(wanted)} workgroups, each with its own results")

    def make(item: tuple[str, str]) -> None:
        name, prefix = item
        site.make(
            WORKGROUP,
            name,
            unheard(
                site.client("athena").create_work_group,
                Name=name,
                Description="A person's own workgroup, made by Lakeproof",
                Tags=site.tags(),
                Configuration={
                    "EnforceWorkGroupConfiguration": True,
                    "PublishCloudWatchMetricsEnabled": False,
                    "ResultConfiguration": {
                        "OutputLocation": location(plan, prefix),
                        "ExpectedBucketOwner": site.target.account_id,
                    },
                },
            ),
        )

    site.each(make, wanted)


def _remove(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("athena").delete_work_group, WorkGroup=entry.id, RecursiveDeleteOption=True)


def workgroup_arn(site: Site, name: str) -> str:
    """A workgroup's ARN (Service Authorization Reference, Athena)."""
    return f"arn:aws:athena:{site.target.region}:{site.target.account_id}:workgroup/{name}"


def _owned(site: Site, entry: Entry) -> bool:
    try:
        tags = site.client("athena").list_tags_for_resource(ResourceARN=workgroup_arn(site, entry.id))["Tags"]
    except ClientError as error:
        if not absent(error):
            raise
        return False
    return site.ours(tags)


def workgroups(site: Site) -> Iterator[str]:
    """The name of every workgroup."""
    athena, token = site.client("athena"), None
    while True:
        page = athena.list_work_groups(**({"NextToken": token} if token else {}))
        yield from (group["Name"] for group in page["WorkGroups"])
        token = page.get("NextToken")
        if not token:
            return


def _remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    there = set(workgroups(site))
    return (entry for entry in entries if entry.id in there)


WORKGROUP = Kind("workgroup", 40, _remove, _remaining, _owned)
KINDS = (WORKGROUP,)
