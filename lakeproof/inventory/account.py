"""What an account says of itself: whether somebody depends on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PRODUCTION = re.compile(r"(?:^|[^a-z])prod(?:uction)?(?:$|[^a-z])", re.IGNORECASE)
STAGES = frozenset({"env", "environment", "stage", "tier"})
"""Keys of an account's tags, in lower case, whose value says what the account is for."""


def production(iam: Any, organizations: Any, account_id: str) -> tuple[list[str], list[str]]:
    """(what says that the account is a production one, what could not be asked).

    Read are the account's alias (IAM) and its tags (Organizations, which only some principals may read: AWS
    Organizations API reference, ListTagsForResource).
    """
    signs: list[str] = []
    unasked: list[str] = []
    try:
        aliases = iam.list_account_aliases()["AccountAliases"]
        signs += [f"its alias is {alias}" for alias in aliases if PRODUCTION.search(alias)]
    except ClientError as error:
        unasked.append(f"whether its alias says production ({_code(error)})")
    try:
        signs += [f"its tag {key} is {value}" for key, value in _tags(organizations, account_id) if _stage(key, value)]
    except (ClientError, BotoCoreError) as error:
        unasked.append(f"whether its tags in the organization say production ({_code(error)})")
    return signs, unasked


def _tags(organizations: Any, account_id: str) -> Iterator[tuple[str, str]]:
    for page in organizations.get_paginator("list_tags_for_resource").paginate(ResourceId=account_id):
        for tag in page["Tags"]:
            yield tag["Key"], tag["Value"]


def _stage(key: str, value: str) -> bool:
    return key.lower() in STAGES and PRODUCTION.search(value) is not None


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
