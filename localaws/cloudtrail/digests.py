"""Digest files: what was delivered, hashed, signed, and chained to the digest before.

Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation"; awscli's ``Sha256RSADigestValidator`` for the string that is signed.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM = "SHA256withRSA"
KEPT = timedelta(days=3650)


class LogFile(NamedTuple):
    """A log file as a digest lists it. ``hash`` is of the inflated bytes; times are seconds of the epoch."""

    bucket: str
    key: str
    hash: str
    newest: int
    oldest: int


class Previous(NamedTuple):
    """The digest before: where it is, the hash of its inflated bytes, its signature in hexadecimal."""

    bucket: str
    key: str
    hash: str
    signature: str


@dataclass
class Chain:
    """The digests of one trail in one Region. The next begins at ``start``, in whole seconds of the epoch.

    ``until`` is when logging or validation ended: log files delivered later are in no digest, and the chain ends.
    """

    start: int
    files: list[LogFile] = field(default_factory=list)
    previous: Previous | None = None
    until: float | None = None


@dataclass(frozen=True)
class SigningKey:
    """The key pair that signs the digests of an account. ``private`` and ``public`` are DER (PKCS#8, PKCS#1)."""

    private: bytes
    public: bytes
    since: datetime

    @classmethod
    def generate(cls, now: datetime) -> SigningKey:
        """A fresh RSA key of 2048 bits, valid for ten years."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        return cls(private, public, now - timedelta(days=1))

    @property
    def fingerprint(self) -> str:
        """What digests and ListPublicKeys name the key by: 32 hexadecimal digits."""
        return hashlib.md5(self.public, usedforsecurity=False).hexdigest()

    def sign(self, text: str) -> str:
        """The signature in hexadecimal (RSASSA-PKCS1-v1_5 with SHA-256)."""
        return _loaded(self.private).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()

    def listed(self) -> dict[str, Any]:
        """The public key as ListPublicKeys lists it."""
        return {
            "Value": self.public,
            "ValidityStartTime": self.since,
            "ValidityEndTime": self.since + KEPT,
            "Fingerprint": self.fingerprint,
        }


@functools.lru_cache(maxsize=8)
def _loaded(private: bytes) -> rsa.RSAPrivateKey:
    """The key that these bytes are. Loading checks it, which takes ten times as long as to sign."""
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


class Digest(NamedTuple):
    """A digest file ready to be written."""

    body: bytes
    metadata: dict[str, str]
    previous: Previous


def compose(account_id: str, bucket: str, key: str, chain: Chain, end: int, signing_key: SigningKey) -> Digest:
    """The digest of a chain's files until ``end``. Written also when there are none."""
    before = chain.previous
    document = {
        "awsAccountId": account_id,
        "digestStartTime": extended(chain.start),
        "digestEndTime": extended(end),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": signing_key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": extended(max(file.newest for file in chain.files)) if chain.files else None,
        "oldestEventTime": extended(min(file.oldest for file in chain.files)) if chain.files else None,
        "previousDigestS3Bucket": before.bucket if before else None,
        "previousDigestS3Object": before.key if before else None,
        "previousDigestHashValue": before.hash if before else None,
        "previousDigestHashAlgorithm": "SHA-256" if before else None,
        "previousDigestSignature": before.signature if before else None,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.key,
                "hashValue": file.hash,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": extended(file.newest),
                "oldestEventTime": extended(file.oldest),
            }
            for file in chain.files
        ],
    }
    inflated = json.dumps(document, separators=(",", ":")).encode()
    own_hash = hashlib.sha256(inflated).hexdigest()
    signed = "\n".join([extended(end), f"{bucket}/{key}", own_hash, before.signature if before else "null"])
    signature = signing_key.sign(signed)
    return Digest(
        gzip.compress(inflated, 6, mtime=0),
        {"signature": signature, "signature-algorithm": ALGORITHM},
        Previous(bucket, key, own_hash, signature),
    )


def extended(seconds: float) -> str:
    """``2015-08-17T14:01:31Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
