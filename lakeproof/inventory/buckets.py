"""A bucket as it is: whether the public is kept out, and whom its policy lets in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lakeproof.inventory.identity import several, statements

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A principal that an Allow of a bucket's policy names, with the actions: ``AWS`` and ``*`` for everybody."""

    kind: str
    principal: str
    actions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.principal}: {', '.join(self.actions)}"


def open_to_the_public(s3: Any, bucket: str) -> tuple[str, ...]:
    """The public access blocks that the bucket lacks; all four if it has none."""
    try:
        found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        found = {}
    return tuple(name for name in BLOCKS if not found.get(name))


def admitted(s3: Any, bucket: str) -> tuple[Admitted, ...]:
    """Everybody whom the bucket's policy allows anything, statement by statement; nobody if it has no policy."""
    try:
        document = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return ()
    found = []
    for statement in statements(document):
        if statement.get("Effect") != "Allow":
            continue
        actions = tuple(several(statement.get("Action", "all but some")))
        if "NotPrincipal" in statement:
            found.append(Admitted("NotPrincipal", str(statement["NotPrincipal"]), actions))
        principal = statement.get("Principal", {})
        named = {"AWS": principal} if isinstance(principal, str) else principal
        found += [Admitted(kind, name, actions) for kind, names in named.items() for name in several(names)]
    return tuple(found)
