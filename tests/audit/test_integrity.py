"""Log integrity: every way to tamper with a trail's bucket is found, and awscli agrees wherever it finds something."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lakeproof.audit.integrity.chain import LINKED, NOT_DUE, SEALED, Problem, Sealing, seal
from lakeproof.audit.integrity.digests import PublicKeys
from lakeproof.audit.logs.copy import copy
from lakeproof.audit.logs.folder import look
from lakeproof.audit.logs.wanted import wanted
from tests.audit import awscli_oracle
from tests.audit.bucket import HOUR, Trail, public_keys
from tests.audit.records import access, start

KEYS = PublicKeys.of(public_keys()["PublicKeyList"])


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    """Five hours: one log each in four of them, an empty digest in the third."""
    made = Trail(tmp_path / "bucket")
    for hour in range(5):
        if hour != 2:
            made.log(start(event=f"s{hour}"), access(event=f"a{hour}"))
        made.digest()
    return made


def sealing(trail: Trail, keys: PublicKeys = KEYS, anchored: bool = True) -> Sealing:
    """What our verification says. The anchor is the delivery of the fifth digest, five minutes after its end."""
    folder = look(trail.root)
    made = copy(folder, wanted(), trail.root.parent / "cache", workers=1)
    delivered = trail.hour + timedelta(minutes=5)
    told = seal(folder, made.files, keys, delivered if anchored else None)
    told.problems += [Problem(finding, each.key, said) for each in made.files for finding, said in each.problems]
    return told


def found(told: Sealing) -> set[str]:
    """The ids of the findings."""
    return {problem.finding for problem in told.problems}


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the inflated contents of a file."""
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


def test_an_untouched_trail_is_sealed(trail: Trail) -> None:
    """Nothing is found, every log is sealed, the chain covers all five hours; awscli finds nothing either."""
    told = sealing(trail)
    assert told.problems == []
    assert set(told.states.values()) == {SEALED}
    assert told.chains[0].spans == [(trail.hour - 5 * HOUR, trail.hour)]
    assert told.covers(trail.hour - HOUR, HOUR)
    assert not told.covers(trail.hour - HOUR, HOUR + timedelta(seconds=1))
    assert awscli_oracle.invalid(trail.root) == 0


SEEN_BY_BOTH = {
    "a log is edited": (
        lambda t: rewrite(t.path(t.logs[1]), lambda raw: raw.replace(b"alice", b"mallo")),
        "log-changed",
    ),
    "a log is deleted": (lambda t: t.delete(t.logs[1]), "log-missing"),
    "a second gzip member is appended": (
        lambda t: t.path(t.logs[1]).write_bytes(t.path(t.logs[1]).read_bytes() + gzip.compress(b"{}")),
        "log-appended",
    ),
    "a log is cut short": (
        lambda t: t.path(t.logs[1]).write_bytes(t.path(t.logs[1]).read_bytes()[:-20]),
        "log-truncated",
    ),
    "a digest is edited": (
        lambda t: rewrite(t.path(t.digests[2]), lambda raw: raw.replace(b'"awsAccountId": "1', b'"awsAccountId": "2')),
        "digest-signature",
    ),
    "a digest is deleted": (lambda t: t.delete(t.digests[2]), "digest-missing"),
    "two digests are deleted": (lambda t: t.delete(t.digests[1], t.digests[2]), "digest-missing"),
    "the first digest is deleted": (lambda t: t.delete(t.digests[0]), "digest-missing"),
    "a digest's signature is another's": (
        lambda t: t.path(f"{t.digests[2]}.metadata.json").write_bytes(
            t.path(f"{t.digests[1]}.metadata.json").read_bytes()
        ),
        "digest-signature",
    ),
    "a digest is no gzip": (lambda t: t.path(t.digests[2]).write_bytes(b"x"), "digest-broken"),
}


@pytest.mark.parametrize("way", SEEN_BY_BOTH)
def test_what_awscli_finds_is_found(trail: Trail, way: str) -> None:
    """Each way that validate-logs notices is a finding here too."""
    tamper, finding = SEEN_BY_BOTH[way]
    tamper(trail)
    assert awscli_oracle.invalid(trail.root) > 0
    assert finding in found(sealing(trail))


def _inject(trail: Trail) -> None:
    trail.hour -= 3 * HOUR
    trail.log(access(event="forged"), listed=False)
    trail.hour += 3 * HOUR


MISSED_BY_AWSCLI = {
    "a forged log is added": (_inject, "log-not-listed"),
    "the last digest is deleted": (lambda t: t.delete(t.digests[-1]), "chain-cut"),
    "the last two digests are deleted": (lambda t: t.delete(*t.digests[-2:]), "chain-cut"),
    "the last digest is deleted with its log": (lambda t: t.delete(t.digests[-1], t.logs[-1]), "chain-cut"),
}


@pytest.mark.parametrize("way", MISSED_BY_AWSCLI)
def test_what_awscli_misses_is_found(trail: Trail, way: str) -> None:
    """validate-logs counts nothing as invalid, and it is a finding here. (Should it notice one day, move the row.)"""
    tamper, finding = MISSED_BY_AWSCLI[way]
    tamper(trail)
    assert awscli_oracle.invalid(trail.root) == 0
    assert finding in found(sealing(trail))


def test_a_forged_log_does_not_count(trail: Trail) -> None:
    """Its records are excluded: a forged query cannot explain an access."""
    _inject(trail)
    assert sealing(trail).excluded == {trail.logs[-1]}


def test_without_the_anchor_the_end_can_be_cut_unseen(trail: Trail) -> None:
    """The twin of the anchor: the last digest and its log are gone, and nothing here can tell."""
    trail.delete(trail.digests[-1], trail.logs[-1])
    assert found(sealing(trail, anchored=False)) == set()


def test_digests_that_a_later_log_should_have_are_missed_without_an_anchor(trail: Trail) -> None:
    """A log delivered hours after the last digest: digests are written every hour, so some were deleted."""
    trail.delete(*trail.digests[-3:])
    assert "chain-cut" in found(sealing(trail, anchored=False))


def test_a_log_whose_digest_is_not_due_is_not_sealed_and_no_finding(trail: Trail) -> None:
    """A run that has just ended says so instead of claiming integrity."""
    key = trail.log(start(event="late"), listed=False)
    told = sealing(trail)
    assert (told.problems, told.states[key], told.excluded) == ([], NOT_DUE, set())


def test_a_backfill_digest_seals_what_its_hour_missed(trail: Trail) -> None:
    """A log that the hour's digest left out, listed by a _backfill digest; without it, the log is injected."""
    trail.hour -= 3 * HOUR
    key = trail.log(start(event="missed"))
    backfill = trail.digest(backfill=True)
    trail.hour += 3 * HOUR
    assert (found(sealing(trail)), sealing(trail).states[key]) == (set(), SEALED)
    assert awscli_oracle.invalid(trail.root) == 0
    trail.delete(backfill)
    assert found(sealing(trail)) == {"log-not-listed"}


def test_a_signature_lost_in_copying_is_taken_from_the_next_digest(trail: Trail) -> None:
    """Only the last digest needs its object's metadata."""
    for key in trail.digests[:-1]:
        trail.path(f"{key}.metadata.json").unlink()
    assert found(sealing(trail)) == set()
    trail.path(f"{trail.digests[-1]}.metadata.json").unlink()
    assert found(sealing(trail)) == {"digest-signature"}


def test_a_chain_of_another_key_is_not_sound(trail: Trail) -> None:
    """A whole chain written and signed by somebody else: no log of it counts."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    stranger = rsa.generate_private_key(65537, 2048).public_key()
    told = sealing(trail, PublicKeys({"f1": stranger}))
    assert found(told) == {"digest-signature"}
    assert len(told.excluded) == len(trail.logs)


def test_without_public_keys_nothing_is_sealed(trail: Trail) -> None:
    """Hashes alone link; whoever may write the bucket could have written them."""
    told = sealing(trail, PublicKeys({}))
    assert set(told.states.values()) == {LINKED}
    assert not told.covers(trail.hour - HOUR, HOUR)


def test_a_digest_moved_to_another_place_is_noticed(trail: Trail) -> None:
    """A digest says where it was delivered."""
    key = trail.digests[3]
    other = key.replace("/2026/", "/2025/")
    trail.path(other).parent.mkdir(parents=True)
    trail.path(key).rename(trail.path(other))
    assert "digest-changed" in found(sealing(trail))


def test_the_predecessors_hash_is_held_against_the_predecessor(trail: Trail) -> None:
    """Without keys a changed digest is still told by its follower's hash of it."""
    rewrite(trail.path(trail.digests[1]), lambda raw: json.dumps({**json.loads(raw), "x": 1}).encode())
    assert "digest-changed" in found(sealing(trail, PublicKeys({})))
