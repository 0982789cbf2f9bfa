"""Digest files: ``aws cloudtrail validate-logs`` accepts them, and reports what somebody has changed."""

from __future__ import annotations

import gzip
import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.cloudtrail.trail_account import NAME, Files, make_bucket, make_trail, names, now, validate_logs
from tests.conftest import Embedded, running

HOUR = 3600


@pytest.fixture(scope="module")
def account() -> Iterator[Embedded]:
    """An account whose trail ``audit`` has logged for three hours, one event in each; its state is ``whole``."""
    with running() as embedded:
        make_bucket(embedded, "logs")
        make_trail(embedded, "logs")
        for _ in range(3):
            embedded.client("iam").list_users()
            embedded.control("clock", {"advance": HOUR})
        embedded.control("clock", {"advance": 5})
        assert embedded.control("state", {"save": "whole"})[0] == 200
        yield embedded


@pytest.fixture
def files(account: Embedded) -> Files:
    """The bucket as it was delivered."""
    assert account.control("state", {"restore": "whole"})[0] == 200
    return Files(account, "logs")


@pytest.fixture
def since(account: Embedded) -> datetime:
    """The beginning of all."""
    started: datetime = account.client("cloudtrail").get_trail_status(Name=NAME)["StartLoggingTime"]
    return started


def arn(account: Embedded) -> str:
    """The trail's."""
    return f"arn:aws:cloudtrail:us-east-1:{account.account_id}:trail/{NAME}"


def test_validate_logs_accepts_what_was_delivered(account: Embedded, files: Files, since: datetime) -> None:
    """awscli finds every digest and every log file valid."""
    code, said = validate_logs(account, arn(account), since=since)
    assert "3/3 digest files valid" in said and "INVALID" not in said
    assert "3/3 log files valid" in said
    assert code == 0


def _edit(files: Files, key: str) -> None:
    """Take one event out of a log file."""
    document = files.document(key)
    text = str(document).encode()
    files.account.client("s3").put_object(Bucket="logs", Key=key, Body=gzip.compress(text[:-2]))


def _delete_log(files: Files) -> str:
    files.account.client("s3").delete_object(Bucket="logs", Key=files.listed()[0])
    return "INVALID: not found"


def _edit_log(files: Files) -> str:
    _edit(files, files.listed()[0])
    return "INVALID: hash value doesn't match"


def _delete_digest(files: Files) -> str:
    files.account.client("s3").delete_object(Bucket="logs", Key=files.listed("CloudTrail-Digest")[1])
    return "INVALID: not found"


def _edit_digest(files: Files) -> str:
    key = files.listed("CloudTrail-Digest")[1]
    s3 = files.account.client("s3")
    metadata = s3.head_object(Bucket="logs", Key=key)["Metadata"]
    body = gzip.decompress(s3.get_object(Bucket="logs", Key=key)["Body"].read())
    s3.put_object(Bucket="logs", Key=key, Body=gzip.compress(body.replace(b"T", b"t")), Metadata=metadata)
    return "INVALID"


def _unsign_digest(files: Files) -> str:
    key = files.listed("CloudTrail-Digest")[1]
    s3 = files.account.client("s3")
    s3.put_object(Bucket="logs", Key=key, Body=s3.get_object(Bucket="logs", Key=key)["Body"].read())
    return "INVALID: signature verification failed"


@pytest.mark.parametrize("tamper", [_delete_log, _edit_log, _delete_digest, _edit_digest, _unsign_digest])
def test_validate_logs_reports_what_was_changed(
    account: Embedded, files: Files, since: datetime, tamper: Callable[[Files], str]
) -> None:
    """A log file or digest that was deleted, edited or robbed of its signature fails the validation."""
    finding = tamper(files)
    code, said = validate_logs(account, arn(account), since=since)
    assert finding in said
    assert code == 1


def test_a_digest_is_chained_and_signed_as_documented(account: Embedded, files: Files) -> None:
    """Each digest covers an hour, names the hash and signature of the one before, and is signed by the listed key."""
    s3, keys = account.client("s3"), files.listed("CloudTrail-Digest")
    listed = account.client("cloudtrail").list_public_keys()["PublicKeyList"]
    assert len(listed) == 1
    key = rsa_key(listed[0]["Value"])
    previous: dict[str, str] | None = None
    for name in keys:
        digest = files.document(name)
        signature = s3.head_object(Bucket="logs", Key=name)["Metadata"]["signature"]
        inflated = gzip.decompress(s3.get_object(Bucket="logs", Key=name)["Body"].read())
        begin, end = (datetime.fromisoformat(digest[f"digest{which}Time"]) for which in ("Start", "End"))
        assert (end - begin).total_seconds() == HOUR
        assert digest["digestPublicKeyFingerprint"] == listed[0]["Fingerprint"]
        assert digest["digestSignatureAlgorithm"] == "SHA256withRSA"
        if previous is None:
            assert digest["previousDigestS3Object"] is None and digest["previousDigestSignature"] is None
        else:
            assert {field: digest[field] for field in previous} == previous
        signed = [digest["digestEndTime"], f"logs/{name}", hashlib.sha256(inflated).hexdigest()]
        signed.append(digest["previousDigestSignature"] or "null")
        key.verify(bytes.fromhex(signature), "\n".join(signed).encode(), padding.PKCS1v15(), hashes.SHA256())
        previous = {
            "previousDigestS3Object": name,
            "previousDigestHashValue": hashlib.sha256(inflated).hexdigest(),
            "previousDigestSignature": signature,
            "digestStartTime": digest["digestEndTime"],
        }
    listed = [file["s3Object"] for name in keys for file in files.document(name)["logFiles"]]
    assert listed == [key for key in files.listed() if key <= listed[-1]] and len(listed) == 3


def rsa_key(der: bytes) -> rsa.RSAPublicKey:
    """A public key in PKCS#1."""
    key = serialization.load_der_public_key(der)
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_a_quiet_hour_has_a_digest_too(account: Embedded, files: Files) -> None:
    """A digest without log files is delivered, and says so."""
    account.client("cloudtrail").put_event_selectors(
        TrailName=NAME,
        EventSelectors=[
            {
                "IncludeManagementEvents": False,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::none/"]}],
            }
        ],
    )
    account.control("clock", {"advance": 2 * HOUR})
    quiet = files.document(files.listed("CloudTrail-Digest")[-1])
    assert quiet["logFiles"] == [] and quiet["newestEventTime"] is None


def test_a_digest_comes_every_interval() -> None:
    """With ``--digest-interval 60`` a minute of the account's clock brings a digest, and not a second less."""
    with running("--digest-interval", "60") as account:
        files = Files(account, make_bucket(account, "logs"))
        make_trail(account, "logs")
        assert files.listed("CloudTrail-Digest") == []
        account.control("clock", {"advance": 61})
        assert len(files.listed("CloudTrail-Digest")) == 1
        account.control("clock", {"advance": 180})
        assert len(files.listed("CloudTrail-Digest")) == 4


def test_a_leap_of_the_clock_is_covered_by_one_digest() -> None:
    """After a leap over more than a thousand intervals one digest covers it, and the chain has no gap."""
    with running("--digest-interval", "1") as account:
        files = Files(account, make_bucket(account, "logs"))
        make_trail(account, "logs")
        account.control("clock", {"advance": 5000})
        documents = [files.document(key) for key in files.listed("CloudTrail-Digest")]
        assert len(documents) < 100
        for before, after in itertools.pairwise(documents):
            assert after["digestStartTime"] == before["digestEndTime"]


def test_stopping_ends_the_chain_and_starting_begins_another(account: Embedded, files: Files, since: datetime) -> None:
    """The last digest lists StopLogging's log file; after a pause a new chain begins, and awscli sees the gap."""
    cloudtrail = account.client("cloudtrail")
    cloudtrail.stop_logging(Name=NAME)
    account.control("clock", {"advance": 3 * HOUR})
    ended = files.listed("CloudTrail-Digest")
    assert len(ended) == 4
    last = files.document(ended[-1])["logFiles"]
    assert "StopLogging" in names([r for file in last for r in files.document(file["s3Object"])["Records"]])
    cloudtrail.start_logging(Name=NAME)
    account.control("clock", {"advance": HOUR + 1})
    begun = files.document(files.listed("CloudTrail-Digest")[-1])
    assert begun["previousDigestS3Object"] is None
    code, said = validate_logs(account, arn(account), since=since)
    assert "5/5 digest files valid" in said and "No log files were delivered by CloudTrail between" in said
    assert code == 0


def test_log_files_without_validation_are_in_no_digest(account: Embedded, files: Files) -> None:
    """A trail whose validation is switched off still logs, but its chain ends with the hour."""
    account.client("cloudtrail").update_trail(Name=NAME, EnableLogFileValidation=False)
    before = len(files.listed())
    account.control("clock", {"advance": HOUR})
    account.client("iam").list_groups()
    account.control("clock", {"advance": 2 * HOUR})
    digests = files.listed("CloudTrail-Digest")
    assert len(digests) == 4 and len(files.listed()) > before
    listed = {file["s3Object"] for key in digests for file in files.document(key)["logFiles"]}
    late = [key for key in files.listed() if "ListGroups" in names(files.document(key)["Records"])]
    assert late and not listed & set(late)


def test_public_keys_are_listed_for_the_time_they_are_valid(account: Embedded, files: Files) -> None:
    """ListPublicKeys answers for a range; one before the account began has no key, a reversed one is refused."""
    cloudtrail = account.client("cloudtrail")
    assert (
        cloudtrail.list_public_keys(StartTime=datetime(2001, 1, 1), EndTime=datetime(2001, 2, 1))["PublicKeyList"] == []
    )
    with pytest.raises(cloudtrail.exceptions.InvalidTimeRangeException):
        cloudtrail.list_public_keys(StartTime=now(account), EndTime=datetime(2001, 2, 1))
