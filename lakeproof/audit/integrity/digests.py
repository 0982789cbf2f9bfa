"""A digest file: what it says, and the signature that CloudTrail put on it.

Sources: CloudTrail user guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation" (the string to sign, SHA256withRSA with PKCS #1 v1.5).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from lakeproof.audit.logs.folder import LogFile
from lakeproof.audit.logs.inflate import DamagedFile, inflate
from lakeproof.audit.logs.keys import SIDECAR, DigestName, digest_name

ALGORITHM = "SHA256withRSA"
NEEDED = (
    "digestStartTime",
    "digestEndTime",
    "digestS3Bucket",
    "digestS3Object",
    "digestPublicKeyFingerprint",
    "logFiles",
)


class UnreadableDigest(ValueError):
    """A digest that is damaged or lacks a member. The message says which."""


@dataclass(frozen=True)
class Digest:
    """One digest. ``sha256`` is over the inflated bytes, ``signature`` hex from the object's metadata, None if unknown.

    ``logs`` maps the S3 key of each listed log file to the SHA-256 of its inflated bytes.
    """

    file: LogFile
    name: DigestName
    start: datetime
    end: datetime
    end_text: str
    bucket: str
    object: str
    fingerprint: str
    sha256: str
    previous_object: str | None
    previous_sha256: str | None
    previous_signature: str | None
    signature: str | None
    logs: Mapping[str, str]

    def signed_text(self) -> bytes:
        """What the signature is over."""
        said = (self.end_text, f"{self.bucket}/{self.object}", self.sha256, self.previous_signature or "null")
        return "\n".join(said).encode()


def read(file: LogFile) -> Digest:
    """The digest in a file. Raises UnreadableDigest."""
    name = digest_name(file.key)
    assert name is not None
    try:
        raw, behind = inflate(file.path.read_bytes())
        said = json.loads(raw)
    except (DamagedFile, ValueError) as error:
        raise UnreadableDigest(str(error)) from error
    missing = [each for each in NEEDED if each not in said]
    if behind or missing:
        raise UnreadableDigest(f"{behind} bytes behind its end" if behind else f"without {', '.join(missing)}")
    try:
        return Digest(
            file=file,
            name=name,
            start=datetime.fromisoformat(said["digestStartTime"]),
            end=datetime.fromisoformat(said["digestEndTime"]),
            end_text=said["digestEndTime"],
            bucket=said["digestS3Bucket"],
            object=said["digestS3Object"],
            fingerprint=said["digestPublicKeyFingerprint"],
            sha256=hashlib.sha256(raw).hexdigest(),
            previous_object=said.get("previousDigestS3Object"),
            previous_sha256=said.get("previousDigestHashValue"),
            previous_signature=said.get("previousDigestSignature"),
            signature=_signature(file.path),
            logs={each["s3Object"]: each["hashValue"] for each in said["logFiles"]},
        )
    except (TypeError, KeyError, ValueError) as error:
        raise UnreadableDigest(f"a member is not as documented: {error!r}") from error


def _signature(path: Path) -> str | None:
    """From the metadata beside the digest: the object's own, or the whole answer of head-object."""
    beside = path.with_name(path.name + SIDECAR)
    if not beside.exists():
        return None
    said: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    found = said.get("Metadata", said)
    return str(found["signature"]) if found.get("signature-algorithm", ALGORITHM) == ALGORITHM else None


class PublicKeys:
    """CloudTrail's public keys by fingerprint, as ListPublicKeys gives them."""

    def __init__(self, keys: Mapping[str, rsa.RSAPublicKey]) -> None:
        self._keys = keys

    def __bool__(self) -> bool:
        return bool(self._keys)

    @classmethod
    def of(cls, listed: Iterable[Mapping[str, Any]]) -> PublicKeys:
        """From ``PublicKeyList``: ``Value`` is DER (PKCS #1), as bytes or as base64 text. Raises ValueError."""
        found = {}
        for each in listed:
            key = load_der_public_key(_der(each["Value"]))
            if not isinstance(key, rsa.RSAPublicKey):
                raise ValueError(f"public key {each['Fingerprint']} is no RSA key")
            found[str(each["Fingerprint"])] = key
        return cls(found)

    @classmethod
    def file(cls, path: Path) -> PublicKeys:
        """From what ``aws cloudtrail list-public-keys`` prints. Raises ValueError, KeyError, OSError."""
        return cls.of(json.loads(path.read_text(encoding="utf-8"))["PublicKeyList"])

    def fault(self, digest: Digest, signature: str) -> str:
        """What is wrong with a digest's signature, empty if nothing is."""
        key = self._keys.get(digest.fingerprint)
        if key is None:
            return f"no public key {digest.fingerprint} among {len(self._keys)}"
        try:
            key.verify(bytes.fromhex(signature), digest.signed_text(), padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return "the signature does not fit its contents, place, time or predecessor"
        return ""


def _der(value: str | bytes) -> bytes:
    import base64

    return base64.b64decode(value) if isinstance(value, str) else value
