"""A trail's bucket as a folder: log files and digests in the real layout, signed by a key of the test's own."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.audit.records import ACCOUNT

REGION = "us-east-1"
BUCKET = "trail-bucket"
TRAIL = "lakeproof"
BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZULU = "%Y-%m-%dT%H:%M:%SZ"


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Stands in for CloudTrail's."""
    return rsa.generate_private_key(65537, 2048)


def public_keys() -> dict[str, Any]:
    """What ListPublicKeys answers."""
    der = private_key().public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    told = {"Value": base64.b64encode(der).decode(), "Fingerprint": "f1"}
    return {"PublicKeyList": [told]}


@dataclass
class Trail:
    """Writes below ``root``. Each hour's logs are listed by a digest that ends at the next full hour."""

    root: Path
    hour: datetime = BEGIN
    number: int = 0
    open: list[str] = field(default_factory=list)
    previous: dict[str, Any] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)

    def log(self, *records: dict[str, Any], listed: bool = True, raw: bytes | None = None) -> str:
        """A log file of these records, or of these raw bytes; returns its key."""
        self.number += 1
        at = self.hour + timedelta(minutes=50)
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{self.number:016d}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{at:%Y/%m/%d}/{name}"
        body = json.dumps({"Records": list(records)}).encode() if raw is None else raw
        self._put(key, gzip.compress(body, mtime=0))
        self.logs.append(key)
        if listed:
            self.open.append(key)
        return key

    def digest(self, backfill: bool = False, signed: bool = True) -> str:
        """The digest of this hour; the next logs are the next hour's. Returns its key."""
        end = self.hour + HOUR
        tail = "_backfill" if backfill else ""
        name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{end:%Y%m%dT%H%M%SZ}{tail}.json.gz"
        key = f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/{name}"
        previous = {} if backfill else self.previous
        said = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": f"{self.hour:{ZULU}}",
            "digestEndTime": f"{end:{ZULU}}",
            "digestS3Bucket": BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": "f1",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": BUCKET if previous else None,
            "previousDigestS3Object": previous.get("key"),
            "previousDigestHashValue": previous.get("sha256"),
            "previousDigestHashAlgorithm": "SHA-256" if previous else None,
            "previousDigestSignature": previous.get("signature"),
            "logFiles": [self._entry(each) for each in self.open],
        }
        raw = json.dumps(said).encode()
        sha256 = hashlib.sha256(raw).hexdigest()
        text = f"{said['digestEndTime']}\n{BUCKET}/{key}\n{sha256}\n{said['previousDigestSignature'] or 'null'}"
        signature = private_key().sign(text.encode(), padding.PKCS1v15(), SHA256()).hex()
        self._put(key, gzip.compress(raw, mtime=0))
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        if backfill:
            metadata["backfill-generation-timestamp"] = f"{end:{ZULU}}"
        if signed:
            (self.root / f"{key}.metadata.json").write_text(json.dumps({"Metadata": metadata}))
        self.digests.append(key)
        if not backfill:
            self.previous = {"key": key, "sha256": sha256, "signature": signature}
            self.hour = end
        self.open = []
        return key

    def path(self, key: str) -> Path:
        """Where an object lies."""
        return self.root / key

    def delete(self, *keys: str) -> None:
        """Take objects away, with what lies beside them."""
        for key in keys:
            self.path(key).unlink()
            self.path(f"{key}.metadata.json").unlink(missing_ok=True)

    def _entry(self, key: str) -> dict[str, Any]:
        raw = gzip.decompress(self.path(key).read_bytes())
        return {
            "s3Bucket": BUCKET,
            "s3Object": key,
            "hashValue": hashlib.sha256(raw).hexdigest(),
            "hashAlgorithm": "SHA-256",
        }

    def _put(self, key: str, data: bytes) -> None:
        self.path(key).parent.mkdir(parents=True, exist_ok=True)
        self.path(key).write_bytes(data)


def folder(root: Path, records: Iterable[dict[str, Any]]) -> Path:
    """A folder with one log file of these records, and no digests."""
    Trail(root).log(*records)
    return root
