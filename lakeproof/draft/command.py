"""``lakeproof plan draft --from-account``: write a plan from what an account holds. The account is only read.

Exit codes: 0 the draft can be loaded, 1 it says what has to be mended first, 2 nothing could be drafted.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lakeproof.draft.compose import REVIEW, as_yaml, from_account
from lakeproof.draft.studio import DraftError
from lakeproof.inventory import lake
from lakeproof.plan import PlanError, load
from lakeproof.target import Target, aws_target

FINE, PROBLEMS, USAGE = 0, 1, 2
PLAN = "plan.yaml"


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--from-account", action="store_true", required=True, help="from what the account holds")
    parser.add_argument("--out", type=Path, default=Path("plans/draft"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--database", metavar="NAME", help="the database, if the account has several with tables")
    parser.add_argument("--domain", metavar="NAME", help="the Studio domain, if the account has several")
    parser.add_argument("--profile", metavar="NAME", help="AWS CLI profile to take the keys from")
    parser.add_argument("--region", metavar="NAME", help="default: the profile's")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Draft, write, and say what to do next. Returns the exit code."""
    plan = chosen.out / PLAN
    if chosen.out.exists() and any(chosen.out.iterdir()):
        print(
            f"lakeproof plan draft: {chosen.out} is not empty, and no draft is overwritten: --out DIR", file=sys.stderr
        )
        return USAGE
    try:
        target = aws_target(
            profile=chosen.profile, region=chosen.region, endpoint_url=os.environ.get("AWS_ENDPOINT_URL")
        )
        _check_sight(target)
        draft = from_account(target, chosen.database, chosen.domain)
    except (DraftError, LookupError, ClientError, BotoCoreError) as error:
        print(f"lakeproof plan draft: {error}", file=sys.stderr)
        return USAGE
    for name, text in {PLAN: as_yaml(draft), **draft.files}.items():
        (chosen.out / name).parent.mkdir(parents=True, exist_ok=True)
        (chosen.out / name).write_text(text, encoding="utf-8")
    print(f"{plan}: {len(draft.parts['people'])} people, {len(draft.parts['grants'])} grants, not approved; "
          f"{len(draft.reviews)} lines begin with {REVIEW.strip()}")  # fmt: skip
    try:
        load(plan)
    except PlanError as error:
        print(error, file=sys.stderr)
        return PROBLEMS
    return FINE


def _check_sight(target: Target) -> None:
    """Raises DraftError for somebody to whom Lake Formation shows their own permissions alone."""
    settings = lake.settings(target.client("lakeformation"))
    named = [each["DataLakePrincipalIdentifier"] for name in ("DataLakeAdmins", "ReadOnlyAdmins")
             for each in settings.get(name, ())]  # fmt: skip
    caller = target.caller_arn or ""
    role = f"role/{caller.split('/')[1]}" if ":assumed-role/" in caller else None
    if caller not in named and not any(role and (one.endswith(role) or f"/{role[5:]}" in one) for one in named):
        raise DraftError(
            f"{caller} is no data lake administrator of account {target.account_id}: Lake Formation shows it its own "
            "permissions alone, and a draft would leave everybody else's out. A read-only administrator is enough"
        )
