"""``envelope.json``: an in-toto statement about a bundle's manifest, in a DSSE envelope, signed or said to be unsigned.

Sources: DSSE 1.0 (``protocol.md``, ``envelope.md``), in-toto Statement v1, predicate Test Result v0.1. The statement
follows from manifest, run.json and verdicts.json alone, so that an unsigned envelope can be checked as well: written
again, it must be the same to the byte. Beside a signature stands its public key (a field that DSSE lets consumers
ignore), so that damage shows without a key at hand; whose key it is, only ``--key`` answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lakeproof.evidence.files import EvidenceError, canonical
from lakeproof.evidence.keys import RAW, key_id
from lakeproof.evidence.manifest import ENVELOPE, MANIFEST

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PASSED = ("PASS",)
WARNED = ("WAIVED", "NOT_APPLICABLE")
FAILED = ("FAIL", "NOT_OBTAINED", "NOT_RUN")
INPUTS = "inputs/"


def statement(manifest: bytes, run: Mapping[str, Any], verdicts: Mapping[str, Any], files: Sequence[Any]) -> bytes:
    """The payload: what was tested, with which inputs, and what came of it. ``files`` are the manifest's entries.

    ``result`` is PASSED for a run that signed off, WARNED for one that did so with waivers or was green but partial,
    FAILED for every other. Raises KeyError or TypeError on documents of another shape.
    """
    of = {name: [each["id"] for each in verdicts["scenarios"] if each["verdict"] in name] for name in _GROUPS}
    inputs = [{"name": each["path"], "digest": {"sha256": each["sha256"]}} for each in files]
    return canonical(
        {
            "_type": STATEMENT,
            "subject": [{"name": MANIFEST, "digest": {"sha256": hashlib.sha256(manifest).hexdigest()}}],
            "predicateType": PREDICATE,
            "predicate": {
                "result": _result(verdicts),
                "configuration": [each for each in inputs if each["name"].startswith(INPUTS)],
                "passedTests": of[PASSED],
                "warnedTests": of[WARNED],
                "failedTests": of[FAILED],
                "run": {
                    "id": run["run_id"],
                    "banner": run["banner"],
                    "partial": verdicts["partial"],
                    "exit_code": verdicts["exit_code"],
                    "signed_off": verdicts["signed_off"],
                },
            },
        }
    )


_GROUPS = (PASSED, WARNED, FAILED)


def seal(payload: bytes, key: Ed25519PrivateKey | None) -> bytes:
    """The envelope's bytes; without a key it has no signature, and says so by an empty list."""
    signatures = []
    if key is not None:
        public = key.public_key()
        signature = key.sign(pae(PAYLOAD_TYPE, payload))
        signatures = [
            {"keyid": key_id(public), "sig": _base64(signature), "public_key": _base64(public.public_bytes(*RAW))}
        ]
    return canonical({"payload": _base64(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures})


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def opened(content: bytes) -> tuple[bytes, Ed25519PublicKey | None]:
    """The payload of an envelope, and the key that signed it (None: it is unsigned).

    Raises EvidenceError unless the envelope is spelt as we write it, to the byte, and its signature fits.
    """
    try:
        found = json.loads(content)
        payload, signatures = base64.b64decode(found["payload"], validate=True), found["signatures"]
        same = {"payload": _base64(payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures}
        if content != canonical(same):
            raise ValueError("it is not spelt as it was written")
        if not signatures:
            return payload, None
        [entry] = signatures
        signature, public = (base64.b64decode(entry[name], validate=True) for name in ("sig", "public_key"))
        key = Ed25519PublicKey.from_public_bytes(public)
        if entry != {"keyid": key_id(key), "sig": _base64(signature), "public_key": _base64(public)}:
            raise ValueError("its signature is not spelt as it was written")
        key.verify(signature, pae(PAYLOAD_TYPE, payload))
    except InvalidSignature as error:
        raise EvidenceError(f"{ENVELOPE} is altered: its signature does not fit what it signs") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EvidenceError(f"{ENVELOPE} is altered: {error}") from error
    return payload, key


def subject(payload: bytes) -> str | None:
    """The SHA-256 of the manifest that a statement is about; None if it does not say."""
    try:
        digest = json.loads(payload)["subject"][0]["digest"]["sha256"]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return digest if isinstance(digest, str) else None


def _result(verdicts: Mapping[str, Any]) -> str:
    if verdicts["signed_off"] and verdicts["exit_code"] == 0:
        return "PASSED"
    return "WARNED" if verdicts["exit_code"] in (0, 14) else "FAILED"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
