"""Who the people are, how they sign in, and the roles that their code runs with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lakeproof.draft.facts import Draft, Someone, Subjects, managed, name_of, own
from lakeproof.plan.parts import FederatedSignIn

RUNS_OWN = ("lakeproof:", "aws:")
RESERVED = "AWSReservedSSO_"
PLACEHOLDER = "account"


def profile_tag(subjects: Subjects, draft: Draft) -> str:
    """The tag of the profiles that says whose they are: the one that most of them have."""
    keys: Counter[str] = Counter(
        key for each in subjects["profiles"].values() for key in each["tags"] if not key.startswith(RUNS_OWN)
    )
    if not keys:
        draft.review("studio", "no profile has a tag: nothing says whose it is, and the name is taken for the user id")
        return "studiouserid"
    tag, *others = (key for key, _ in keys.most_common())
    if others:
        draft.review("studio", f"profile_tag is the tag that most profiles have; they have {', '.join(others)} as well")
    return tag


def everybody(subjects: Subjects, tag: str, draft: Draft) -> list[Someone]:
    """A person for each profile with an execution role of its own."""
    found = []
    for name, profile in subjects["profiles"].items():
        role, user = name_of(profile["execution_role"]), str(profile["tags"].get(tag) or name)
        if not role:
            draft.review(
                "people", f"profile {name} has no execution role of its own: it runs as the domain's; left out"
            )
            continue
        if "@" not in user and user not in subjects["users"]:
            draft.review(
                "people", f"{name}: user id {user} is neither an IAM user of the account nor an e-mail address"
            )
        found.append(Someone(name, user, role, "@" in user))
    return found


def told(people: Sequence[Someone]) -> list[dict[str, Any]]:
    """The people as the plan says them."""
    return [
        {
            "name": each.profile,
            "sign_in": "federated" if each.federated else "iam_user",
            "user_id": each.user_id,
            "profile": each.profile,
            "execution_role": each.role,
        }
        for each in people
    ]


def sign_in(subjects: Subjects, people: Sequence[Someone], draft: Draft) -> dict[str, Any]:
    """The ways of signing in that these people use."""
    ways: dict[str, Any] = {}
    if any(not each.federated for each in people):
        ways["iam_user"] = _iam_user(subjects, [each for each in people if not each.federated], draft)
    if any(each.federated for each in people):
        ways["federated"] = _federated(subjects, [each for each in people if each.federated], draft)
    return ways


def _iam_user(subjects: Subjects, people: Sequence[Someone], draft: Draft) -> dict[str, Any]:
    theirs = [set(subjects["users"].get(each.user_id, {}).get("groups", ())) for each in people]
    shared = sorted(set.intersection(*theirs)) if theirs else []
    if len(shared) != 1:
        told_of = ", ".join(shared) or "none"
        draft.review("sign_in", f"the IAM users should share one group that carries their rights; shared: {told_of}")
    for each in people:
        if policies := subjects["users"].get(each.user_id, {}).get("policies"):
            draft.review("sign_in", f"IAM user {each.user_id} has policies beside the group's: {', '.join(policies)}")
    group = shared[0] if shared else "GROUP"
    policies = subjects["groups"].get(group, {}).get("policies", {})
    return {"group": group, **_policies(policies, "group", "sign_in", draft), "login_profile": True}


def _federated(subjects: Subjects, people: Sequence[Someone], draft: Draft) -> dict[str, Any]:
    reserved = [name for name in subjects["roles"] if name.startswith(RESERVED)]
    sets = {name.removeprefix(RESERVED).rpartition("_")[0]: name for name in reserved}
    if len(sets) != 1:
        draft.review(
            "sign_in", f"which permission set is these people's? There are: {', '.join(sorted(sets)) or 'none'}"
        )
    permission_set = min(sets, default=None)
    pattern = str(FederatedSignIn.model_fields["stand_in"].default)
    roles = {each: subjects["roles"].get(pattern.replace("{user_id}", each.user_id)) for each in people}
    there = {each: role for each, role in roles.items() if role}
    if len(there) < len(people):
        lacking = ", ".join(each.profile for each in people if not roles[each])
        draft.review("sign_in", f"no stand-in role for {lacking}: what they try at the console will not be obtained")
    policies = subjects["roles"][sets[permission_set]]["policies"] if permission_set else {}
    carried = next((own(role["policies"]) for role in there.values()), {})
    made = _policies(policies, "permission-set", "sign_in", draft)
    made["policy"]["name"] = next(iter(carried), None) or permission_set or made["policy"]["name"]
    trusts = [each.general(role["trust"]["document"]) for each, role in there.items()]
    return {
        "permission_set": permission_set,
        **made,
        "stand_in_trust": _trust(trusts or [STAND_IN_TRUST], "trust-stand-in", "sign_in", draft),
    }


STAND_IN_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "{harness}"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringEquals": {"sts:ExternalId": "{external_id}"}},
            }
        ],
    },
    indent=2,
)
"""Of stand-in roles that are not there: what they would need."""


def execution(subjects: Subjects, people: Sequence[Someone], draft: Draft) -> dict[str, Any]:
    """What the execution roles share."""
    roles = {each: subjects["roles"][each.role] for each in people if each.role in subjects["roles"]}
    for each in people:
        if each not in roles:
            draft.review("execution", f"profile {each.profile} names the role {each.role}, which is not there")
    tags = Counter(key for each, role in roles.items() for key, value in role["tags"].items() if value == each.profile)
    if len(tags) != 1:
        draft.review("execution", "no one tag of the roles holds the profile's name: role_tag is a guess")
    texts = {each.general([role["policies"][name]["document"] for name in sorted(own(role["policies"]))]): each.role
             for each, role in roles.items()}  # fmt: skip
    if len(texts) > 1:
        draft.review("execution", f"the roles do not carry the same policies; compare {', '.join(texts.values())}")
    policies = next(iter(roles.values()))["policies"] if roles else {}
    trusts = [each.general(role["trust"]["document"]) for each, role in roles.items()]
    return {
        "role_tag": tags.most_common(1)[0][0] if tags else "userprofilename",
        **_policies(policies, "execution", "execution", draft),
        "trust": _trust(trusts, "trust-execution", "execution", draft),
    }


def external_id(subjects: Subjects, people: Sequence[Someone], harness: str, draft: Draft) -> str | None:
    """What the execution roles ask the harness for."""
    found = set()
    for each in people:
        admitted = [one for one in _statements(subjects, each.role) if harness in json.dumps(one.get("Principal"))]
        if not admitted:
            draft.review("verification", f"role {each.role} does not admit {harness}: {each.profile} cannot be tried")
        found |= set(_external_ids(admitted))
    if len(found) > 1:
        draft.review("verification", "the roles ask for different external ids; a plan has one")
    return min(found, default=None)


def _statements(subjects: Subjects, role: str) -> list[dict[str, Any]]:
    document = subjects["roles"].get(role, {}).get("trust", {}).get("document", {})
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _external_ids(statements: Sequence[dict[str, Any]]) -> Iterator[str]:
    for each in statements:
        asked = (each.get("Condition") or {}).get("StringEquals", {}).get("sts:ExternalId", [])
        yield from [asked] if isinstance(asked, str) else asked


def _policies(policies: Any, file: str, part: str, draft: Draft) -> dict[str, Any]:
    """``policy`` and ``managed_policies``. A plan says one policy of the account's own."""
    mine = own(policies)
    name, content = next(
        iter(sorted(mine.items())), ("POLICY", {"document": {"Version": "2012-10-17", "Statement": []}})
    )
    if len(mine) != 1:
        draft.review(part, f"a plan says one policy of the account's own here; there are: {', '.join(mine) or 'none'}")
    return {
        "policy": {"name": name, "file": draft.file(file, content["document"])},
        "managed_policies": managed(policies),
    }


def _trust(trusts: Sequence[str], file: str, part: str, draft: Draft) -> str:
    if len(set(trusts)) > 1:
        draft.review(part, f"the roles do not trust the same; {file}.json is the first one's")
    return draft.file(file, next(iter(trusts), STAND_IN_TRUST))
