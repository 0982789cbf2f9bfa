"""What every part of provisioning works with: the account, the journal, patience, and how to say what goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from lakeproof.retries import THROTTLED, noted
from lakeproof.target import Target
from provision.journal import Entry, Journal

RUN_TAG = "lakeproof:run"
EXPIRES_TAG = "lakeproof:expires"
DESCRIPTION = "Made by Lakeproof"
"""Of everything that takes a description; the sweep asks for the tags of such roles only."""

Progress = Callable[[str], None]
Item = TypeVar("Item")
Result = TypeVar("Result")

_TAKEN = frozenset(
    {
        "EntityAlreadyExists",
        "AlreadyExistsException",
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "ResourceExistsException",
        "ConflictException",
        "ResourceInUse",
        "TrailAlreadyExistsException",
    }
)
_ABSENT = frozenset(
    {
        "NoSuchEntity",
        "NoSuchEntityException",
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchKey",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "NoSuchTagSet",
        "TrailNotFoundException",
        "404",
        "NotFound",
    }
)


_BUSY = THROTTLED | {"ConcurrentModificationException", "InternalServiceException", "InternalError"}
DENIED = ("AccessDenied", "AccessDeniedException")


def busy(error_code: str | None) -> bool:
    """Whether the error of one entry of a batch call may pass."""
    return error_code in _BUSY


class ProvisionError(Exception):
    """Provisioning stopped. What was made until then is in the journal, and ``lakeproof destroy`` undoes it."""


def code(error: ClientError) -> str:
    """AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def absent(error: ClientError) -> bool:
    """Whether AWS says that the thing does not exist. Athena says so in words alone (InvalidRequestException)."""
    text = str(error)
    return code(error) in _ABSENT or (code(error) == "InvalidRequestException" and "is not found" in text)


def taken(error: ClientError) -> bool:
    """Whether AWS says that the name is in use. Athena says so in words alone (InvalidRequestException)."""
    text = str(error)
    return code(error) in _TAKEN or (code(error) == "InvalidRequestException" and "already" in text)


def unheard(call: Callable[..., object], **arguments: Any) -> Callable[[], None]:
    """A call, to be made later, whose answer is not needed."""

    def make() -> None:
        call(**arguments)

    return make


def gone_is_fine(call: Callable[..., object], **arguments: Any) -> None:
    """Make a call that removes something; nothing to remove is fine."""
    try:
        call(**arguments)
    except ClientError as error:
        if not absent(error):
            raise


@dataclass(frozen=True)
class Kind:
    """One kind of thing that a run makes, and how it is undone.

    ``rank``: what has a higher rank is removed first; things of one rank do not depend on each other.
    ``remove`` returns a note where something was left as it is on purpose, and takes absence for done.
    ``remaining`` reads the account back and returns those of the entries that still exist.
    ``remove_all`` does the same for many in fewer calls, where AWS offers that.
    ``owned`` tells for an entry that was begun and never confirmed whether what exists now is this run's.
    """

    name: str
    rank: int
    remove: Callable[[Site, Entry], str | None]
    remaining: Callable[[Site, Sequence[Entry]], Iterable[Entry]]
    owned: Callable[[Site, Entry], bool] = lambda site, entry: True
    remove_all: Callable[[Site, Sequence[Entry]], None] | None = None


@dataclass(frozen=True)
class Site:
    """One run's work on one account."""

    target: Target
    journal: Journal
    progress: Progress

    @property
    def run_id(self) -> str:
        """The run's id, part of names and the value of the tag ``lakeproof:run``."""
        return self.journal.header.run_id

    @property
    def tag_map(self) -> dict[str, str]:
        """The tags of everything that can be tagged."""
        return {RUN_TAG: self.run_id, EXPIRES_TAG: self.journal.header.expires}

    def tags(self, **more: str) -> list[dict[str, str]]:
        """The same as a list of Key and Value, with further ones."""
        return [{"Key": key, "Value": value} for key, value in {**self.tag_map, **more}.items()]

    def ours(self, tags: Iterable[Mapping[str, str]]) -> bool:
        """Whether a list of tags says that this run made the thing."""
        return any(tag.get("Key") == RUN_TAG and tag.get("Value") == self.run_id for tag in tags)

    def client(self, service: str) -> Any:
        """A client with the harness's own rights."""
        return self.target.client(service)

    def make(
        self, kind: Kind, id: str, create: Callable[[], Mapping[str, Any] | None], undo: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """Make one thing unless this run has made it: write it down, call ``create``, write down what it returned.

        One that was begun and never confirmed is undone first, if it is ours. Raises ProvisionError when the name
        belongs to somebody else; then nothing of theirs will be touched.
        """
        entry = self.journal.find(kind.name, id)
        if entry and entry.state == "made":
            return entry.made
        if entry and entry.state == "begun" and kind.owned(self, entry):
            kind.remove(self, entry)
        if entry is None or entry.state == "foreign":
            entry = self.journal.begin([(kind.name, id, undo or {})])[0]
        try:
            answer = self._created(kind, entry, create)
        except ClientError as error:
            if not taken(error):
                raise
            self.journal.foreign(entry, code(error))
            raise ProvisionError(
                f"there is a {kind.name} {id!r} in account {self.target.account_id} that this run did not make: it is "
                "left alone. Choose another name in the plan (placeholder {run} makes names unique), or undo the run "
                "that made it with 'lakeproof destroy'"
            ) from error
        return self.journal.made(entry, answer).made

    def _created(self, kind: Kind, entry: Entry, create: Callable[[], Mapping[str, Any] | None]) -> Mapping[str, Any]:
        """What ``create`` returned. If the name is taken because the answer to an earlier try was lost, what that try
        made is removed, if it is ours, and made anew: what is journalled must be known. Raises ClientError."""
        for _ in range(self.target.max_attempts):
            with noted() as tries:
                try:
                    return self.patiently(DENIED, create) or {}
                except ClientError as error:
                    if not (taken(error) and any(one.lost for one in tries) and kind.owned(self, entry)):
                        raise
            self.progress(f"the answer about {kind.name} {entry.id} was lost: it is made again")
            kind.remove(self, entry)
        return create() or {}

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """``work`` on every item, several at once; results in order. Raises the first error when all have ended."""
        todo = list(items)
        if len(todo) < 2 or self.target.parallel_calls < 2:
            return [work(item) for item in todo]
        with ThreadPoolExecutor(self.target.parallel_calls) as pool:
            return [future.result() for future in [pool.submit(work, item) for item in todo]]

    def wait(
        self,
        what: str,
        state: Callable[[], str | None],
        wanted: str | None,
        failed: Sequence[str] = (),
        deadline_s: float = 1800.0,
    ) -> None:
        """Poll ``state`` until it is ``wanted`` (None: gone), saying so. Raises ProvisionError when it is one of
        ``failed`` or the deadline has passed. The pauses grow from the target's poll to ten times that."""
        began, said, pause = time.monotonic(), 0.0, self.target.poll_s
        while (now := state()) != wanted:
            waited = time.monotonic() - began
            if now in failed or (now is None and wanted is not None):
                raise ProvisionError(f"{what} is {now or 'gone'}, not {wanted}")
            if waited > deadline_s:
                raise ProvisionError(f"{what} is still {now} after {waited:.0f} s, not {wanted or 'gone'}")
            if waited - said >= 10:
                said = waited
                self.progress(f"{what}: {now}, waiting for {wanted or 'its end'} ({waited:.0f} s)")
            time.sleep(pause)
            pause = min(pause * 1.3, self.target.poll_s * 10)

    def until_taken(self, entries: Sequence[Item], send: Callable[[Sequence[Item]], Sequence[Item]]) -> Sequence[Item]:
        """Send the entries of a batch call, and again those that AWS was too busy to take: ``send`` returns them.
        Returns what is still not taken after as many tries as any call has."""
        left: Sequence[Item] = entries
        for number in range(self.target.max_attempts):
            left = send(left)
            if not left or number + 1 == self.target.max_attempts:
                break
            time.sleep(self.target.retry_pause_s * 2**number)
        return left

    def settle(self) -> None:
        """Wait once, when all is made, until it is felt everywhere: what is then refused is refused, and what was
        taken away is gone (the target's propagation time)."""
        if self.target.propagation_s:
            self.progress(f"waiting {self.target.propagation_s:.0f} s until every right is felt everywhere")
            time.sleep(self.target.propagation_s)

    def patiently(self, codes: Sequence[str], call: Callable[..., Result], **arguments: Any) -> Result:
        """Make a call that AWS may refuse while a new role or policy is not yet known everywhere (IAM user guide,
        "Changes that I make are not always immediately visible"): on these error codes it is tried again, for the
        target's propagation time."""
        deadline = time.monotonic() + self.target.propagation_s
        while True:
            try:
                return call(**arguments)
            except ClientError as error:
                if code(error) not in codes or time.monotonic() >= deadline:
                    raise
                time.sleep(max(self.target.poll_s, 1.0))
