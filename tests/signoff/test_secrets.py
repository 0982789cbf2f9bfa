"""No secret of an account is in anything that a run leaves behind, however it ended and whatever it was made to say."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.signoff.runs import HARVEST, SignOff, checkout, sign_off

KINDS = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Password", "AuthorizedUrl", "ExternalId"}


def harvested(run: SignOff) -> dict[str, str]:
    """Every secret of the run, with its kind."""
    return {entry["secret"]: entry["name"] for entry in run.observed("secret")}


def spellings(secret: str) -> Iterator[bytes]:
    """How a secret may stand in a file."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield base64.b64encode(secret.encode()).rstrip(b"=")[:-1]


def leaks(run: SignOff, *directories: str) -> list[str]:
    """The kind of each secret, and the file in which it stands."""
    found = harvested(run)
    kinds = {spelling: kind for secret, kind in found.items() for spelling in spellings(secret)}
    seen = []
    for directory in directories:
        for file in filter(Path.is_file, (run.root / directory).rglob("*")):
            content = file.read_bytes()
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            seen += [f"{kind} in {file.relative_to(run.root)}" for text, kind in kinds.items() if text in content]
    return seen


def test_a_green_run_leaves_no_secret(whole: SignOff) -> None:
    """Secrets of every kind were in use; none is in a file of the run or in what it printed."""
    assert set(harvested(whole).values()) == KINDS
    assert leaks(whole, "build") == []
    assert not [kind for secret, kind in harvested(whole).items() if secret in whole.output]


def test_a_run_with_a_crash_leaves_no_secret(crashed: SignOff) -> None:
    """The same, when a worker died with its results in memory."""
    assert set(harvested(crashed).values()) == KINDS
    assert leaks(crashed, "build") == []
    assert not [kind for secret, kind in harvested(crashed).items() if secret in crashed.output]


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> SignOff:
    """A run in which scenarios say every secret that the process holds, wherever a report takes text from."""
    root = checkout(tmp_path_factory.mktemp("talkative"))
    return sign_off(root, *HARVEST, "-k", "opens_their_own or reads_column or lists_the", plugin=TALK)


TALK = """
import json
import logging
import os
import sys
import warnings
from pathlib import Path

import allure

def known():
    lines = Path(os.environ["OBSERVED"]).read_text().splitlines()
    return {e["secret"]: e["name"] for e in map(json.loads, lines) if e["what"] == "secret"}

def spoken(name, secret):
    if name == "AuthorizedUrl":
        return f"https://studio.example/auth?token={secret}"
    return f"{name}={secret} {json.dumps({name: secret})}"

def said():
    return " ".join(spoken(name, secret) for secret, name in known().items() if name != "ExternalId")

def pytest_runtest_call(item):
    print(said())
    print(said(), file=sys.stderr)
    logging.getLogger("talk").warning("%s", said())
    warnings.warn(said())
    item.user_properties.append(("secrets", said()))
    item.add_report_section("call", "talk", said())
    allure.dynamic.description(said())
    allure.dynamic.parameter("secrets", said())
    allure.dynamic.link(f"https://example.com/?{said()}")
    allure.attach(said(), said())
    file = Path(os.environ["TMPDIR"]) / "talk.txt"
    file.write_text(said())
    allure.attach.file(str(file), said())
    with allure.step(said()):
        pass
    if "product_id" in item.nodeid:
        raise AssertionError(said())
    if "star_rating" in item.nodeid:
        raise RuntimeError(said())
"""


def test_what_scenarios_say_is_redacted(talkative: SignOff) -> None:
    """Prints, logs, warnings, attachments, parameters, steps and exceptions: nothing of it reaches a file as it was."""
    assert talkative.those("FAIL") and talkative.those("NOT_OBTAINED") and talkative.those("PASS")
    assert leaks(talkative, "build") == []
    assert any("«redacted»" in json.dumps(result, ensure_ascii=False) for result in talkative.allure)


@pytest.mark.parametrize("name", ["whole", "talkative"])
def test_the_journal_that_outlives_a_run_holds_no_key(name: str, request: pytest.FixtureRequest) -> None:
    """``lakeproof destroy`` needs the external id and the ids of access keys; it needs no key, password or token."""
    run: SignOff = request.getfixturevalue(name)
    needed = ("AccessKeyId ", "ExternalId ")
    assert [leak for leak in leaks(run, ".lakeproof") if not leak.startswith(needed)] == []
