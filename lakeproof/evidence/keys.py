"""Ed25519 keys: who signs evidence. The key is the user's; Lakeproof keeps none and writes none into a bundle.

PEM as ``openssl genpkey -algorithm ed25519`` writes it, or OpenSSH's format. A key with a passphrase takes it from the
environment variable ``LAKEPROOF_KEY_PASSPHRASE``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lakeproof.evidence.files import EvidenceError

PASSPHRASE = "LAKEPROOF_KEY_PASSPHRASE"
OPENSSH = (b"-----BEGIN OPENSSH", b"ssh-ed25519 ")
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file. Raises EvidenceError naming what the file is instead."""
    content = _content(path)
    passphrase = os.environ.get(PASSPHRASE, "").encode() or None
    load = serialization.load_ssh_private_key if content.startswith(OPENSSH) else serialization.load_pem_private_key
    try:
        try:
            key = load(content, passphrase)
        except TypeError:  # a passphrase is in the environment, and this key needs none
            key = load(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(
            _no_key(path, f"a private Ed25519 key; if it has a passphrase, set {PASSPHRASE}")
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(_no_key(path, "a private Ed25519 key, not of another kind"))
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file. Raises EvidenceError naming what the file is instead."""
    content = _content(path)
    load = serialization.load_ssh_public_key if content.startswith(OPENSSH) else serialization.load_pem_public_key
    try:
        key = load(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EvidenceError(_no_key(path, "a public Ed25519 key (of a key pair, the .pub half)")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise EvidenceError(_no_key(path, "a public Ed25519 key, not of another kind"))
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, as hexadecimal text: what a bundle calls its signer."""
    return hashlib.sha256(key.public_bytes(*RAW)).hexdigest()


def generate(private: Path, public: Path) -> str:
    """Write a new key pair, the private half for its owner alone (mode 0600). Returns the key's id.

    Raises EvidenceError if a file is there already (a key is never overwritten) or cannot be written; then neither is.
    """
    key = Ed25519PrivateKey.generate()
    half = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    other = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    made: list[Path] = []
    try:
        for path, content, mode in ((private, half, 0o600), (public, other, 0o644)):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(path)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        why = "there is a file of that name; a key is never overwritten" if isinstance(error, FileExistsError) else ""
        raise EvidenceError(f"the key could not be written to {error.filename}: {why or error.strerror}") from error
    return key_id(key.public_key())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"{path}: the key cannot be read: {error.strerror}") from error


def _no_key(path: Path, expected: str) -> str:
    return f"{path}: expected {expected}; `openssl genpkey -algorithm ed25519` or `lakeproof evidence key` makes one"
