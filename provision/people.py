"""The people: execution roles for all, and for those who sign in as IAM users the console identity and its keys."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeproof.plan import Person, Plan
from provision import principals
from provision.journal import Entry
from provision.results import location
from provision.site import Kind, Site, gone_is_fine

_SYMBOLS = "!@#%^*_+-="
"""Without those that end a value in a URL, a shell or a list, so that a password is recognised anywhere."""


@dataclass(frozen=True)
class ConsoleIdentity:
    """What an IAM user signs in with. The password lies in Secrets Manager."""

    user_arn: str
    access_key_id: str
    secret_access_key: str
    password_secret_arn: str | None


def trust_values(site: Site, person: Person | None = None) -> dict[str, str]:
    """What the placeholders of a trust policy stand for, beside those of every policy."""
    header = site.journal.header
    values = {"harness": header.harness_arn, "external_id": header.external_id}
    if person:
        values |= {"person": person.name, "user_id": person.user_id, "profile": person.profile}
    return values


def make_execution_roles(site: Site, plan: Plan) -> None:
    """The execution policy, one role for each person, the domain's default role and the control reader."""
    site.progress(f"roles: {len(plan.people)} execution roles, the domain's default role, the control reader")
    execution, default, reader = plan.execution, plan.studio.default_execution_role, plan.verification.control_reader
    policy = principals.make_policy(site, execution.policy.name, plan.document(execution.policy.file))

    def make(person: Person) -> None:
        principals.make_role(
            site,
            person.execution_role,
            plan.document(execution.trust, trust_values(site, person)),
            [policy, *execution.managed_policies],
            {execution.role_tag: person.profile},
        )

    site.each(make, plan.people)
    principals.make_role(site, default.name, plan.document(default.trust, trust_values(site)), default.managed_policies)
    if reader:
        document = plan.document(reader.policy.file, {"workgroup": reader.workgroup, "results_prefix": reader.prefix})
        principals.make_role(
            site,
            reader.role,
            plan.document(reader.trust, trust_values(site)),
            [],
            inline={reader.policy.name: document},
        )


def make_iam_users(site: Site, plan: Plan) -> dict[str, ConsoleIdentity]:
    """The group with its policies, and each user with keys and, if the plan says so, a password. By person."""
    people, way = plan.people_by_sign_in("iam_user"), plan.sign_in.iam_user
    if not people or way is None:
        return {}
    site.progress(f"IAM users: {', '.join(person.user_id for person in people)} in group {way.group}")
    policy = principals.make_policy(site, way.policy.name, plan.document(way.policy.file))
    principals.make_group(site, way.group, [policy, *way.managed_policies])

    def make(person: Person) -> tuple[str, ConsoleIdentity]:
        arn = principals.make_user(site, person.user_id, way.group)
        secret_arn = _make_password(site, person.user_id) if way.login_profile else None
        key = _make_access_key(site, person.user_id)
        return person.name, ConsoleIdentity(arn, key["AccessKeyId"], key["SecretAccessKey"], secret_arn)

    return dict(site.each(make, people))


def secret_name(site: Site, user: str) -> str:
    """The secret that holds a user's console password."""
    return f"lakeproof/{site.run_id}/{user}/console-password"


def _make_password(site: Site, user: str) -> str:
    name, password = secret_name(site, user), _password()
    answer = site.make(
        SECRET,
        name,
        lambda: {
            "arn": site.client("secretsmanager").create_secret(
                Name=name, SecretString=password, Description=f"Console password of {user}", Tags=site.tags()
            )["ARN"]
        },
    )

    def sign_in() -> None:
        kept = site.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        site.client("iam").create_login_profile(UserName=user, Password=kept, PasswordResetRequired=False)

    site.make(LOGIN_PROFILE, user, sign_in)
    return str(answer["arn"])


def _make_access_key(site: Site, user: str) -> Mapping[str, Any]:
    """A key is shown once, so one whose secret did not reach the estate is replaced."""
    before = site.journal.find(ACCESS_KEY.name, user)
    if before and before.state == "made":
        _remove_key(site, before)
        site.journal.gone(before)
    shown: dict[str, Any] = {}

    def create() -> Mapping[str, Any]:
        shown.update(site.client("iam").create_access_key(UserName=user)["AccessKey"])
        return {"access_key_id": shown["AccessKeyId"]}

    site.make(ACCESS_KEY, user, create)
    return shown


def _password() -> str:
    """24 characters that satisfy the strictest account password policy (IAM user guide, "Account password policy")."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)
    letters = [secrets.choice(kind) for kind in kinds] + [secrets.choice("".join(kinds)) for _ in range(20)]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def results_location(plan: Plan, person: Person) -> str:
    """Where the person's results lie."""
    return location(plan, person.results_prefix)


def _remove_key(site: Site, entry: Entry) -> None:
    """The recorded key; of a user that this run made and whose key was never confirmed, whatever there is."""
    iam = site.client("iam")
    if "access_key_id" in entry.made:
        gone_is_fine(iam.delete_access_key, UserName=entry.id, AccessKeyId=entry.made["access_key_id"])
        return

    def delete_all() -> None:
        for key in iam.list_access_keys(UserName=entry.id)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=entry.id, AccessKeyId=key["AccessKeyId"])

    gone_is_fine(delete_all)


def _remove_login(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("iam").delete_login_profile, UserName=entry.id)


def _remove_secret(site: Site, entry: Entry) -> None:
    gone_is_fine(site.client("secretsmanager").delete_secret, SecretId=entry.id, ForceDeleteWithoutRecovery=True)


def _secrets_remaining(site: Site, entries: Sequence[Entry]) -> Iterator[Entry]:
    pages = site.client("secretsmanager").get_paginator("list_secrets").paginate()
    there = {secret["Name"] for page in pages for secret in page["SecretList"]}
    return (entry for entry in entries if entry.id in there)


def _with_its_user(site: Site, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Keys and passwords cannot outlive their user, and a user that remains is named itself."""
    return ()


SECRET = Kind("secret", 33, _remove_secret, _secrets_remaining)
LOGIN_PROFILE = Kind("login profile", 34, _remove_login, _with_its_user)
ACCESS_KEY = Kind("access key", 34, _remove_key, _with_its_user)
KINDS = (SECRET, LOGIN_PROFILE, ACCESS_KEY)
