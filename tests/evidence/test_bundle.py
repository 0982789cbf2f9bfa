"""A bundle is whole or not there, and whatever is done to one of its files is told by the file's name."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeproof.evidence import envelope
from lakeproof.evidence.bundle import close, sign
from lakeproof.evidence.files import EvidenceError, write_whole
from lakeproof.evidence.keys import key_id
from lakeproof.evidence.verify import verify
from tests.evidence.bundles import FILES, KEY, OTHER, RUN_ID, VERDICTS, bundle

EVERY = sorted([*FILES, "manifest.json", "envelope.json"])
PUBLIC = KEY.public_key()


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, unsigned and signed."""
    return bundle(tmp_path_factory.mktemp("made"), KEY if request.param == "signed" else None)


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_bundle_is_what_the_run_wrote_and_its_seal(made: Path) -> None:
    """Nothing else is in it, nothing is left of the run's own directory, and it verifies."""
    assert sorted(content(made)) == EVERY
    assert not (made.parent.parent / "runs" / RUN_ID).exists()
    found = verify(made)
    assert not found.problems
    assert (found.files, found.run_id) == (len(FILES), RUN_ID)


def test_only_the_key_that_signed_makes_a_bundle_trusted(tmp_path: Path) -> None:
    """Unsigned and signed by somebody else are told apart, and neither passes for the key that was given."""
    unsigned, signed = bundle(tmp_path / "u"), bundle(tmp_path / "s", KEY)
    assert verify(signed, PUBLIC).trusted and verify(signed).signer == key_id(PUBLIC)
    assert verify(unsigned).signer is None and not verify(unsigned).problems and not verify(unsigned).trusted
    [told] = verify(unsigned, PUBLIC).problems
    assert told.startswith("envelope.json: it is unsigned, not by the key that was given")
    [told] = verify(signed, OTHER.public_key()).problems
    assert f"signed by {key_id(PUBLIC)}, not by the key that was given, {key_id(OTHER.public_key())}" in told


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_that_is_changed_is_told_by_its_file(made: Path, data: st.DataObject) -> None:
    """Whichever byte of whichever file, manifest and envelope among them, becomes whichever other byte."""
    name = data.draw(st.sampled_from([each for each in EVERY if each != "empty.txt"]))
    path = made / name
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(1, 255))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :])
    try:
        assert any(problem.startswith(f"{name} is altered") for problem in verify(made).problems)
        assert not verify(made, PUBLIC).trusted
    finally:
        path.write_bytes(whole)


def test_every_byte_of_the_seal_counts(made: Path, tmp_path: Path) -> None:
    """The lowest bit of every byte of manifest and envelope: base64's spare bits, spaces, keys, all of it."""
    found = shutil.copytree(made, tmp_path / "copy")
    for name in ("manifest.json", "envelope.json"):
        whole = (found / name).read_bytes()
        for at in range(len(whole)):
            (found / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert any(problem.startswith(f"{name} is altered") for problem in verify(found).problems), at
        (found / name).write_bytes(whole)


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def linked(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def emptied(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [shortened, lengthened, linked, emptied])
@pytest.mark.parametrize("name", ["run.json", "inventory/before.json", "manifest.json", "envelope.json"])
def test_a_file_that_is_another_is_told(change: Callable[[Path], None], name: str, tmp_path: Path) -> None:
    """Shorter, longer, a link to the same content elsewhere, a directory in its place."""
    found = bundle(tmp_path)
    change(found / name)
    assert any(problem.startswith(name) for problem in verify(found).problems)


@pytest.mark.parametrize("name", EVERY)
def test_a_file_that_is_gone_is_told(name: str, made: Path, tmp_path: Path) -> None:
    """By its name, the manifest and the envelope too."""
    found = shutil.copytree(made, tmp_path / "copy")
    (found / name).unlink()
    assert f"{name} is removed" in verify(found).problems


@pytest.mark.parametrize("name", ["more.txt", "inventory/more.json", "inventory/.hidden", "a/b/c"])
def test_a_file_that_is_added_is_told(name: str, made: Path, tmp_path: Path) -> None:
    """Wherever it is, and a link or an empty directory as well."""
    found = shutil.copytree(made, tmp_path / "copy")
    (found / name).parent.mkdir(parents=True, exist_ok=True)
    (found / name).write_text("")
    assert verify(found).problems == (f"{name} is added: the manifest does not name it",)
    (found / name).unlink()
    (found / name).symlink_to("/dev/zero")
    assert verify(found).problems == (f"{name} is added: the manifest does not name it",)
    (found / name).unlink()
    (found / name).mkdir()
    assert verify(found).problems == (f"{name} is added: the manifest does not name it",)


def test_a_bundle_rewritten_by_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    """A failure turned into a pass and sealed anew is whole; only the key tells that it is not the signer's."""
    signed = bundle(tmp_path / "s", KEY)
    forged = tmp_path / "forged"
    shutil.copytree(signed, forged)
    for name in ("manifest.json", "envelope.json"):
        (forged / name).unlink()
    said = {**VERDICTS, "scenarios": [{**each, "verdict": "PASS"} for each in VERDICTS["scenarios"]]}  # type: ignore[attr-defined, dict-item]
    (forged / "verdicts.json").write_text(json.dumps(said))
    again = close(forged, tmp_path / "again", RUN_ID, OTHER)
    assert not verify(again).problems and not verify(again, PUBLIC).trusted
    shutil.copy(signed / "envelope.json", again / "envelope.json")
    [told] = verify(again, PUBLIC).problems
    assert told == "manifest.json is altered: envelope.json vouches for another one"


@pytest.mark.parametrize(
    "path", ["../run.json", "/etc/passwd", "a/../../b", "", ".", "manifest.json", "a//b", "inventory/"]
)
def test_a_manifest_never_leads_out_of_its_bundle(path: str, tmp_path: Path) -> None:
    """A bundle may be anybody's: nothing outside it is read."""
    found = bundle(tmp_path)
    listed = json.loads((found / "manifest.json").read_text())
    listed["files"][0]["path"] = path
    write_whole(found / "manifest.json", json.dumps(listed).encode())
    [told] = verify(found).problems
    assert told.startswith("manifest.json is altered: it is no manifest of ours")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"schema_version": 1}', "\xff"])
@pytest.mark.parametrize("name", ["manifest.json", "envelope.json", "run.json", "verdicts.json"])
def test_whatever_stands_in_its_documents_verification_ends_in_words(name: str, text: str, tmp_path: Path) -> None:
    """No traceback, no endless loop: the file is named."""
    found = bundle(tmp_path)
    (found / name).write_bytes(text.encode("latin-1"))
    assert any(problem.startswith(f"{name} is altered") for problem in verify(found).problems)


def test_a_manifest_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    """The version that can read it is named."""
    found = bundle(tmp_path)
    listed = json.loads((found / "manifest.json").read_text())
    (found / "manifest.json").write_text(json.dumps({**listed, "schema_version": 2}))
    [told] = verify(found).problems
    assert told.startswith("manifest.json is altered, or of another version: schema version 2, this Lakeproof reads 1;")


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    """An empty directory, and a path that leads nowhere."""
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(EvidenceError, match="is no evidence bundle: it has neither"):
            verify(path)


def test_the_statement_is_in_toto_s_in_dsse_s_encoding(tmp_path: Path) -> None:
    """Statement v1 about the manifest, predicate Test Result v0.1, signed over DSSE's pre-authentication encoding."""
    found = bundle(tmp_path, KEY)
    told = json.loads((found / "envelope.json").read_text())
    payload = base64.b64decode(told["payload"])
    said = json.loads(payload)
    assert told["payloadType"] == "application/vnd.in-toto+json"
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert said["predicate"]["result"] == "WARNED"
    assert said["predicate"]["passedTests"] == ["a.feature::one"]
    assert said["predicate"]["warnedTests"] == ["a.feature::two[é]"]
    assert said["predicate"]["failedTests"] == ["a.feature::three"]
    assert [each["name"] for each in said["predicate"]["configuration"]] == ["inputs/plans/p.yaml"]
    [signature] = told["signatures"]
    signed = f"DSSEv1 28 application/vnd.in-toto+json {len(payload)} ".encode() + payload
    PUBLIC.verify(base64.b64decode(signature["sig"]), signed)


def test_the_pre_authentication_encoding_is_dsse_s() -> None:
    """The example of the protocol's text."""
    assert envelope.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_a_whole_bundle_can_be_signed_later_and_a_damaged_one_cannot(tmp_path: Path) -> None:
    """Only the envelope changes; a key never vouches for what was altered."""
    found = bundle(tmp_path)
    before = content(found)
    assert sign(found, KEY) == key_id(PUBLIC)
    assert verify(found, PUBLIC).trusted
    assert {name for name, text in content(found).items() if text != before[name]} == {"envelope.json"}
    (found / "ledger.jsonl").write_text("{}")
    with pytest.raises(EvidenceError, match=r"is not signed:\nledger.jsonl is altered"):
        sign(found, KEY)


def test_an_earlier_bundle_is_never_replaced(tmp_path: Path) -> None:
    """Not even by the same run: what the second one wrote stays where it was."""
    first = bundle(tmp_path)
    before = content(first)
    with pytest.raises(EvidenceError, match="evidence is never overwritten"):
        bundle(tmp_path)
    assert content(first) == before
    assert (tmp_path / "runs" / RUN_ID / "run.json").exists()


@pytest.mark.parametrize("key", [None, KEY], ids=["unsigned", "signed"])
def test_a_bundle_that_cannot_be_written_is_not_there(
    key: Ed25519PrivateKey | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever call the disk refuses, there is a whole bundle or none, and the message names file and reason."""
    fsync, calls = os.fsync, [0]

    def full_after(allowed: int) -> Callable[[int], None]:
        def refusing(handle: int) -> None:
            calls[0] += 1
            if calls[0] > allowed:
                raise OSError(28, "No space left on device")
            fsync(handle)

        return refusing

    allowed = 0
    while True:
        calls[0] = 0
        root = tmp_path / str(allowed)
        monkeypatch.setattr(os, "fsync", full_after(allowed))
        try:
            found = bundle(root, key)
            break
        except EvidenceError as error:
            assert "could not be written: No space left on device" in str(error)
            assert not list(root.rglob("*.new"))
            kept = root / "evidence" / RUN_ID
            assert not kept.exists() or not verify(kept).problems
        allowed += 1
    assert allowed > len(FILES)
    assert not verify(found).problems


def test_a_path_that_cannot_be_a_directory_is_named(tmp_path: Path) -> None:
    """Where evidence should go, there is a file."""
    (tmp_path / "evidence").write_text("")
    with pytest.raises(EvidenceError, match="evidence/0a1b2c3d could not be written"):
        bundle(tmp_path)
