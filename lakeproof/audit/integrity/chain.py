"""A chain of digests, and which log files it seals.

A log file is sealed if a digest lists it with its hash, and that digest is itself sound: its signature verifies, and
the digest after it names its hash. Where no signature can be checked, nothing is sealed, only linked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lakeproof.audit.integrity.digests import Digest, PublicKeys, UnreadableDigest, read
from lakeproof.audit.logs.extract import FileReport
from lakeproof.audit.logs.folder import Folder
from lakeproof.audit.logs.keys import SIDECAR, file_name, log_name

SEALED = "sealed"
NOT_DUE = "delivered after the last digest, whose successor is not due or not here yet"
BEFORE = "delivered before the first digest"
LINKED = "linked by hashes, no signature checked: give the public keys"
NOT_LISTED = "listed by no digest"
GAP = "delivered while no sound digest covers the time"
NO_DIGESTS = "no digest files here"
UNSOUND = "listed only by a digest that is not sound"
CHANGED = "not what its digest says"
UNNAMED = "not named as a log file"


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about one file: the finding's id, the file's key, and what is wrong."""

    finding: str
    key: str
    said: str


@dataclass
class Chain:
    """The digests of one account, Region and trail. ``spans`` are the times that sound digests cover without a gap."""

    name: tuple[str, str, str, str]
    digests: int = 0
    sound: int = 0
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    whole: bool = True


@dataclass
class Sealing:
    """What the digests say of a folder's logs. ``states`` has every log file's; only SEALED ones are sealed."""

    chains: list[Chain] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)

    @property
    def excluded(self) -> set[str]:
        """Logs whose records must not count: injected, changed, or listed by a digest that is not sound."""
        return {key for key, state in self.states.items() if state in (NOT_LISTED, CHANGED, UNSOUND)}

    def covers(self, time: datetime, lateness: timedelta) -> bool:
        """Whether an unbroken, validated chain covers ``time`` and the ``lateness`` after it.

        A digest lists the files that were delivered in its period, and a file may hold earlier events: only then
        must an event of that time be in a sealed log.
        """
        return any(
            start <= time and time + lateness <= end
            for chain in self.chains
            if chain.whole
            for start, end in chain.spans
        )


def seal(
    folder: Folder,
    reports: Iterable[FileReport],
    keys: PublicKeys,
    latest_digest: datetime | None = None,
    since: datetime | None = None,
) -> Sealing:
    """Validate the folder's digests, and hold its logs against them.

    ``latest_digest`` is GetTrailStatus' LatestDigestDeliveryTime: without it, nobody can tell that the last digests
    were deleted together with their logs. ``since``: the folder holds what was delivered from then on, so that a first
    digest that began no later needs no predecessor. Never raises for what is wrong with a file: that is a problem.
    """
    result = Sealing()
    chains: dict[tuple[str, str, str, str], list[Digest]] = defaultdict(list)
    for file in folder.digests:
        try:
            digest = read(file)
            chains[digest.name.chain].append(digest)
        except UnreadableDigest as error:
            result.problems.append(Problem("digest-broken", file.key, str(error)))
    listed: dict[str, tuple[str, str]] = {}
    for name, digests in sorted(chains.items()):
        chain = Chain(name, digests=len(digests))
        regular = sorted((each for each in digests if not each.name.backfill), key=lambda each: each.end)
        sound = _sound(regular, [each for each in digests if each.name.backfill], keys, chain, result, since)
        for digest in digests:
            state = (SEALED if keys else LINKED) if digest.object in sound else UNSOUND
            for key, sha256 in digest.logs.items():
                if listed.get(key, (UNSOUND, ""))[0] == UNSOUND:
                    listed[key] = (state, sha256)
        if regular:
            _end(regular[-1], folder, latest_digest, chain, result)
        result.chains.append(chain)
    _logs(folder, {each.key: each for each in reports}, listed, result, since)
    return result


def _sound(
    regular: list[Digest],
    backfill: list[Digest],
    keys: PublicKeys,
    chain: Chain,
    result: Sealing,
    since: datetime | None,
) -> set[str]:
    """The S3 keys of the digests that hold. Fills in what the chain covers."""
    sound: set[str] = set()
    for number, digest in enumerate(regular):
        follower = regular[number + 1] if number + 1 < len(regular) else None
        faults = [*_place(digest), *_link(digest, follower), *_signed(digest, follower, keys)]
        result.problems += faults
        if not faults:
            sound.add(digest.object)
        before = regular[number - 1] if number else None
        if gap := _gap(before, digest, since):
            chain.whole = False
            result.problems.append(Problem("digest-missing", digest.file.key, gap))
        if faults:
            chain.whole = False
        elif chain.spans and not gap and before is not None and before.object in sound:
            chain.spans[-1] = (chain.spans[-1][0], digest.end)
        else:
            chain.spans.append((digest.start, digest.end))
    for digest in backfill:
        faults = [*_place(digest), *_signed(digest, None, keys)]
        result.problems += faults
        if not faults:
            sound.add(digest.object)
    chain.sound = len(sound)
    if not keys:
        chain.spans = []
    return sound


def _gap(before: Digest | None, digest: Digest, since: datetime | None) -> str:
    if digest.previous_object is None:
        return "" if before is None else "it says it is the first of the chain, and there are earlier ones"
    if before is None and since is not None and digest.start <= since:
        return ""
    if before is None:
        return f"its predecessor is not here: {digest.previous_object}"
    return "" if before.object == digest.previous_object else f"its predecessor is not here: {digest.previous_object}"


def _place(digest: Digest) -> list[Problem]:
    if _same(digest.object, digest.file.key):
        return []
    return [Problem("digest-changed", digest.file.key, f"it says that it was delivered as {digest.object}")]


def _link(digest: Digest, follower: Digest | None) -> list[Problem]:
    if follower is None or follower.previous_object != digest.object:
        return []
    if follower.previous_sha256 != digest.sha256:
        return [Problem("digest-changed", digest.file.key, f"{file_name(follower.object)} names another hash of it")]
    if digest.signature and follower.previous_signature != digest.signature:
        return [Problem("digest-changed", digest.file.key, f"{file_name(follower.object)} names another signature")]
    return []


def _signed(digest: Digest, follower: Digest | None, keys: PublicKeys) -> list[Problem]:
    """By its own signature or, where the object's metadata was lost in copying, by the one that its follower names."""
    if not keys:
        return []
    named = follower.previous_signature if follower and follower.previous_object == digest.object else None
    signature = digest.signature or named
    if signature is None:
        fault = f"no signature: neither {SIDECAR} beside it nor a digest after it"
    else:
        fault = keys.fault(digest, signature)
    return [Problem("digest-signature", digest.file.key, fault)] if fault else []


def _end(last: Digest, folder: Folder, latest: datetime | None, chain: Chain, result: Sealing) -> None:
    """Whether the chain ends where it should. A digest is written every period, whether or not there were calls."""
    period = max(last.end - last.start, timedelta(seconds=1))
    if latest is not None and latest - last.end >= period:
        said = f"the last one here ends {last.end}; the trail delivered another at {latest}"
        result.problems.append(Problem("chain-cut", last.file.key, said))
        chain.whole = False
        return
    names = [name for name in (log_name(log.key) for log in folder.logs) if name]
    newest = max((n.delivered for n in names if (n.account, n.region) == chain.name[:2]), default=last.end)
    if newest - last.end >= 2 * period + timedelta(minutes=1):
        said = f"the last one here ends {last.end}; a log file was delivered at {newest}"
        result.problems.append(Problem("chain-cut", last.file.key, said))
        chain.whole = False


def _logs(
    folder: Folder,
    reports: Mapping[str, FileReport],
    listed: Mapping[str, tuple[str, str]],
    result: Sealing,
    since: datetime | None,
) -> None:
    """The state of every log file, and the problems of those that are not as listed."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for s3_key in listed:
        by_name[file_name(s3_key)].append(s3_key)
    seen: set[str] = set()
    for log in folder.logs:
        name = file_name(log.key)
        there = by_name.get(name) or by_name.get(f"{name}.gz", [])
        found = next((each for each in there if _same(each, log.key) or _same(each, f"{log.key}.gz")), None)
        if found is None:
            state = _unlisted(log.key, result)
        else:
            seen.add(found)
            state, sha256 = listed[found]
            report = reports[log.key]
            if report.sha256 != sha256:
                state = CHANGED
                result.problems.append(
                    Problem("log-changed", log.key, f"SHA-256 {report.sha256 or 'none'}, not {sha256}")
                )
        result.states[log.key] = state
    skipped = {file_name(key) for keys in folder.left_out.values() for key in keys}
    for s3_key in sorted(set(listed) - seen):
        said = log_name(s3_key)
        earlier = since is not None and said is not None and said.delivered < since - timedelta(minutes=1)
        if file_name(s3_key) not in skipped and not earlier:
            result.problems.append(Problem("log-missing", s3_key, "a digest lists it"))


def _unlisted(key: str, result: Sealing) -> str:
    name = log_name(key)
    if name is None:
        return UNNAMED
    chains = [chain for chain in result.chains if chain.name[:2] == (name.account, name.region)]
    spans = [span for chain in chains for span in chain.spans]
    if not chains:
        return NO_DIGESTS
    if not spans:
        return LINKED if all(chain.sound for chain in chains) else UNSOUND
    minute = timedelta(minutes=1)  # names of log files are to the minute
    if all(name.delivered < start - minute for start, _ in spans):
        return BEFORE
    if all(name.delivered + minute > end for _, end in spans):
        return NOT_DUE
    if not any(start - minute <= name.delivered and name.delivered + minute <= end for start, end in spans):
        return GAP
    result.problems.append(Problem("log-not-listed", key, f"delivered {name.delivered}, a time that digests cover"))
    return NOT_LISTED


def _same(s3_key: str, key: str) -> bool:
    """Whether a file below the folder can be the object of that key: the folder may be any prefix of the bucket."""
    return s3_key == key or s3_key.endswith(f"/{key}") or key.endswith(f"/{s3_key}")
