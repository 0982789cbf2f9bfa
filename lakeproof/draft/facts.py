"""What of an inventory a draft is made from, and the words that everything here shares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
Subjects = Mapping[str, Mapping[str, Any]]
POLICIES = "policies"


@dataclass
class Draft:
    """A plan in the making: its parts in order, its policy files by name, and what somebody has to look at."""

    parts: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    reviews: list[tuple[str, str]] = field(default_factory=list)
    """Part of the plan, and what is doubtful about it."""

    def review(self, part: str, text: str) -> None:
        """Have somebody look at a part."""
        self.reviews.append((part, text))

    def file(self, name: str, document: Any) -> str:
        """Keep a policy document. Returns its name as the plan says it."""
        path = f"{POLICIES}/{name}.json"
        text = document if isinstance(document, str) else json.dumps(document, indent=2)
        self.files[path] = f"{text}\n"
        return path


@dataclass(frozen=True)
class Someone:
    """A person as the account shows them: by their Studio profile. ``role`` is the name of its execution role."""

    profile: str
    user_id: str
    role: str
    federated: bool

    def general(self, document: Any) -> str:
        """A document with placeholders in the place of this person's names, to see whether it is everybody's."""
        text = json.dumps(document, indent=2)
        for value, placeholder in ((self.user_id, "{user_id}"), (self.profile, "{profile}")):
            text = text.replace(f'"{value}"', f'"{placeholder}"')
        return text


def own(policies: Mapping[str, Facts]) -> dict[str, Facts]:
    """The policies that are the account's own; the others are AWS's."""
    return {name: each for name, each in policies.items() if not aws_managed(each)}


def aws_managed(policy: Facts) -> bool:
    """Whether AWS keeps the policy."""
    return str(policy.get("arn") or "").startswith("arn:aws:iam::aws:")


def managed(policies: Mapping[str, Facts]) -> list[str]:
    """The ARNs of those that AWS keeps."""
    return [each["arn"] for each in policies.values() if aws_managed(each)]


def name_of(arn: str | None) -> str:
    """The last part of an ARN or path."""
    return (arn or "").rpartition("/")[2]


def the_one(values: Iterable[str]) -> str | None:
    """The value that all share, None if they differ or there is none."""
    found = set(values)
    return found.pop() if len(found) == 1 else None
