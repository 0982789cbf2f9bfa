"""Pages of a list, by key: complete and without duplicates even while the list changes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import TypeVar

from localaws.errors import AwsError

Row = TypeVar("Row")


def page(
    rows: Iterable[Row], key: Callable[[Row], str], token: str | None, size: int | None, default: int
) -> tuple[list[Row], str | None]:
    """The rows after ``token``, at most ``size`` of them, sorted by ``key``, and the token of the next page or None.

    ``key`` must be unique. Raises AwsError InvalidInputException for a token that no page has given.
    """
    ordered = sorted(((key(row), row) for row in rows), key=lambda pair: pair[0])
    if token is not None:
        last = _decoded(token)
        ordered = [pair for pair in ordered if pair[0] > last]
    limit = size or default
    following = base64.urlsafe_b64encode(ordered[limit - 1][0].encode()).decode() if len(ordered) > limit else None
    return [row for _, row in ordered[:limit]], following


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise AwsError("InvalidInputException", "The NextToken is not valid.") from error
