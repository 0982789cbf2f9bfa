"""What is listed, read one by one, in an account where others make and delete things at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from botocore.exceptions import ClientError

Name = TypeVar("Name", bound=Hashable)
Facts = TypeVar("Facts")


def standing(names: Callable[[], Iterable[Name]], read: Callable[[Name], Facts]) -> Iterator[tuple[Name, Facts]]:
    """Each name that ``names()`` lists, with what ``read`` says of it.

    A name that cannot be read and is listed no longer has been deleted in between, and is left out. One that is still
    listed is read once more, for a part of it may have gone; then its ClientError is raised: nothing that stands is
    ever left out.
    """
    for name in names():
        try:
            facts = read(name)
        except ClientError:
            if name not in set(names()):
                continue
            facts = read(name)
        yield name, facts
