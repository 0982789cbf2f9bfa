"""A small bundle, as a run closes one, for the tests of manifest, envelope and verification."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakeproof.evidence.bundle import close

RUN_ID = "0a1b2c3d"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
RUN = {
    "schema_version": 1,
    "run_id": RUN_ID,
    "banner": "EMBEDDED ACCOUNT",
    "command": ["pytest", "-k", "one or two"],
    "seed": "5eed",
    "plan": {"file": "plans/p.yaml", "sha256": "", "policies_sha256": ""},
    "git": {"commit": "c0ffee", "dirty": False},
}
VERDICTS = {
    "schema_version": 1,
    "run_id": RUN_ID,
    "partial": [],
    "exit_code": 14,
    "signed_off": True,
    "scenarios": [
        {"id": "a.feature::one", "verdict": "PASS"},
        {"id": "a.feature::two[é]", "verdict": "WAIVED"},
        {"id": "a.feature::three", "verdict": "NOT_RUN"},
    ],
}
FILES = {
    "run.json": json.dumps(RUN),
    "verdicts.json": json.dumps(VERDICTS),
    "ledger.jsonl": '{"sql": "SELECT 1"}\n',
    "inventory/before.json": "{}\n",
    "inputs/plans/p.yaml": "name: p\n",
    "allure-results/1-result.json": "{}",
    "empty.txt": "",
}


def bundle(directory: Path, key: Ed25519PrivateKey | None = None) -> Path:
    """Close a bundle under ``directory``. Returns it."""
    work = directory / "runs" / RUN_ID
    for name, text in FILES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    return close(work, directory / "evidence" / RUN_ID, RUN_ID, key)
