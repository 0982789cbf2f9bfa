"""Delivery: events become log files, log files become digests, each when its time has come by the account's clock.

Nothing waits for it: events are kept as they come, and files are written when somebody is about to look at them or the
clock has moved. What is written then, and under which times, is what a prompt delivery would have written.
Source: CloudTrail User Guide, "CloudTrail log file name format" and "CloudTrail digest file structure".
"""

from __future__ import annotations

import bisect
import gzip
import hashlib
import secrets
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from localaws.cloudtrail import digests, log_bucket
from localaws.cloudtrail.digests import Chain, LogFile
from localaws.cloudtrail.history import unpack
from localaws.cloudtrail.trails import Deliveries, Pending, Trail
from localaws.errors import AwsError

if TYPE_CHECKING:
    from localaws.account import Account

MOST_EVENTS = 10_000
"""Events in one log file."""
MOST_DIGESTS = 1_000
"""Digests of one chain written at a time. Where the clock has jumped further, one digest covers the rest."""
_ALPHABET = string.ascii_letters + string.digits


class Undelivered(Exception):
    """The bucket did not take a file. Why stands in the trail's status; what is due stays due."""


def deliver(account: Account, trail: Trail, *, everything: bool = False) -> None:
    """Write every file of a trail that is due; with ``everything`` also what is not due yet, and the last digest."""
    now = account.clock.now().timestamp()
    try:
        for region in trail.regions:
            chain = trail.chains.get(region)
            if chain is not None:
                _deliver_digests(account, trail, region, chain, now)
            _deliver_logs(account, trail, region, float("inf") if everything else now, now)
            if chain is not None and everything:
                _write_digest(account, trail, region, chain, max(int(now), chain.start + 1))
    except Undelivered:
        return


def start_chain(trail: Trail, now: datetime) -> None:
    """Begin a chain in each Region; one whose end is still to come goes on instead."""
    for region in trail.regions:
        chain = trail.chains.setdefault(region, Chain(int(now.timestamp())))
        chain.until = None


def end_chain(trail: Trail, until: float) -> None:
    """Let the chains end with the digest that covers ``until`` (seconds of the epoch)."""
    for chain in trail.chains.values():
        if chain.until is None:
            chain.until = until


def _deliver_digests(account: Account, trail: Trail, region: str, chain: Chain, now: float) -> None:
    interval = account.digest_interval
    while (overdue := int((now - chain.start) // interval)) > 0:
        jump = overdue if overdue > MOST_DIGESTS else 1
        end = chain.start + jump * interval
        _deliver_logs(account, trail, region, end, end)
        _write_digest(account, trail, region, chain, end)
        if chain.until is not None and chain.until <= end:
            del trail.chains[region]
            return


def _deliver_logs(account: Account, trail: Trail, region: str, until: float, now: float) -> None:
    """Write the events of a Region that are due by ``until``. A file is named by the time of its delivery."""
    waiting = trail.pending.get(region, [])
    count = bisect.bisect_right(waiting, until, key=lambda one: one.due)
    while count > 0:
        batch = waiting[: min(count, MOST_EVENTS)]
        _write_log(account, trail, region, batch, min(now, batch[-1].due))
        del waiting[: len(batch)]
        count -= len(batch)


def _write_log(account: Account, trail: Trail, region: str, batch: list[Pending], at: float) -> None:
    records = ",".join(unpack(one.packed) for one in batch)
    inflated = f'{{"Records":[{records}]}}'.encode()
    unique = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    moment = datetime.fromtimestamp(at, UTC)
    name = f"{account.account_id}_CloudTrail_{region}_{moment:%Y%m%dT%H%MZ}_{unique}.json.gz"
    key = f"{trail.folder}{account.account_id}/CloudTrail/{region}/{moment:%Y/%m/%d}/{name}"
    _write(account, trail, trail.logs, key, gzip.compress(inflated, 5, mtime=0), {}, moment)
    chain = trail.chains.get(region)
    if chain is not None and (chain.until is None or at <= chain.until):
        times = [one.time for one in batch]
        digest = hashlib.sha256(inflated).hexdigest()
        chain.files.append(LogFile(trail.bucket, key, digest, max(times), min(times)))


def _write_digest(account: Account, trail: Trail, region: str, chain: Chain, end: int) -> None:
    moment = datetime.fromtimestamp(end, UTC)
    name = (
        f"{account.account_id}_CloudTrail-Digest_{region}_{trail.name}_{trail.home_region}_"
        f"{moment:%Y%m%dT%H%M%SZ}.json.gz"
    )
    key = f"{trail.folder}{account.account_id}/CloudTrail-Digest/{region}/{moment:%Y/%m/%d}/{name}"
    made = digests.compose(account.account_id, trail.bucket, key, chain, end, account.cloudtrail.signing_key())
    _write(account, trail, trail.digests, key, made.body, made.metadata, moment)
    chain.start, chain.files, chain.previous = end, [], made.previous


def _write(
    account: Account,
    trail: Trail,
    status: Deliveries,
    key: str,
    body: bytes,
    metadata: dict[str, str],
    moment: datetime,
) -> None:
    """Raises Undelivered."""
    try:
        call = log_bucket.put(account, trail, key, body, metadata)
    except AwsError as error:
        status.error = error.code
        raise Undelivered from error
    status.delivered, status.error = moment, None
    call.time = moment
    account.cloudtrail.record_own(call, trail)
