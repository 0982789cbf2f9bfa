"""No secret leaves through any channel: planted in every place where one could stand, it never survives."""

from __future__ import annotations

import html
import json
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakeproof.evidence import redaction
from lakeproof.evidence.redaction import REDACTED, protect, redact, redact_value
from lakeproof.evidence.runfile import write
from lakeproof.probes.ledger import Ledger
from lakeproof.probes.outcome import NotObtained
from tests.probes.samples import attempt

BASE64 = string.ascii_letters + string.digits + "+/"
PRINTABLE = "".join(sorted(set(string.printable) - set(string.whitespace))) + "äß€ "

ACCESS_KEYS = st.builds(
    str.__add__, st.sampled_from(["AKIA", "ASIA"]), st.text(string.ascii_uppercase + "234567", min_size=16, max_size=16)
)
SECRET_KEYS = st.text(BASE64, min_size=40, max_size=40)
TOKENS = st.builds("IQoJb3JpZ2luX2Vj{}==".format, st.text(BASE64, min_size=60, max_size=120))
PASSWORDS = st.text(PRINTABLE, min_size=8, max_size=30).filter(
    lambda text: len(text.strip()) >= 8 and REDACTED not in text
)
SIGNATURES = st.text("0123456789abcdef", min_size=64, max_size=64)
AROUND = st.text(string.ascii_lowercase + " .,\n", max_size=20)

Channel = Callable[[str, str], str]
"""Writes a secret under a name, as some channel would."""

NAMED: dict[str, Channel] = {
    "JSON": lambda name, secret: json.dumps({"before": 1, name: secret, "after": 2}),
    "JSON, plain characters": lambda name, secret: json.dumps({name: secret}, ensure_ascii=False),
    "JSON in JSON": lambda name, secret: json.dumps({"text": json.dumps({name: secret, "after": 2})}),
    "Python": lambda name, secret: repr({name: secret, "after": 2}),
    "XML": lambda name, secret: f"<{name}>{html.escape(secret)}</{name}>",
    "a quoted setting": lambda name, secret: f'{name} = "{secret.replace(chr(34), "")}" # after',
    "a half line": lambda name, secret: json.dumps({name: secret})[:-2],
}
WRITTEN: dict[str, Channel] = {
    "text": lambda name, secret: f"the {name} was {secret}, and so on",
    "JSON": NAMED["JSON"],
    "JSON in JSON": NAMED["JSON in JSON"],
    "Python": NAMED["Python"],
    "HTML": lambda name, secret: f"<td title='{html.escape(secret)}'>{html.escape(secret)}</td>",
    "a URL": lambda name, secret: (
        f"https://example.com/{quote(secret, safe='')}?{urlencode({name: secret})}#{quote(secret)}"
    ),
    "a form": lambda name, secret: f"a={quote_plus(secret)}&b=1",
}
NAMES = ["SecretAccessKey", "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "SessionToken",
         "aws_session_token", "x-amz-security-token", "Password", "SecretString", "password"]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_protected() -> Iterator[None]:
    """Each test begins, and leaves the others, without protected secrets."""
    before = dict(redaction._protected)
    redaction._protected.clear()
    yield
    redaction._protected.clear()
    redaction._protected.update(before)


def survives(secret: str, text: str) -> bool:
    """Whether the secret, in any spelling, still stands in a text."""
    in_json = json.dumps(secret)[1:-1]
    plain = json.dumps(secret, ensure_ascii=False)[1:-1]
    written = {secret, in_json, plain, json.dumps(in_json)[1:-1], repr(secret)[1:-1], html.escape(secret)}
    in_urls = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return any(spelling in text for spelling in written | in_urls)


@pytest.mark.parametrize("channel", NAMED)
@given(name=st.sampled_from(NAMES), secret=st.one_of(SECRET_KEYS, TOKENS, PASSWORDS))
def test_a_secret_beside_its_name_never_survives(channel: str, name: str, secret: str) -> None:
    """Nobody told us the value: its name is enough, however the text is quoted, escaped or cut off. No part is left."""
    text = redact(NAMED[channel](name, secret))
    assert not survives(secret, text)
    assert len(text) <= len(NAMED[channel](name, "")) + len(REDACTED) + 2, "a part of it is left"


@pytest.mark.parametrize("channel", WRITTEN)
@example(secret="a word / and + another", before="", after="")
@given(secret=st.one_of(SECRET_KEYS, TOKENS, PASSWORDS), before=AROUND, after=AROUND)
def test_a_protected_secret_never_survives(channel: str, secret: str, before: str, after: str) -> None:
    """A value that the run knows is cut out wherever it stands, in every spelling."""
    redaction._protected.clear()
    protect(secret)
    assert not survives(secret, redact(before + WRITTEN[channel]("value", secret) + after))


@given(
    key=ACCESS_KEYS,
    before=st.sampled_from(["", " ", "_", "key", "'", "=", "/", "7", "é"]),
    after=st.sampled_from(["", "_x", "a", "'", "/", " "]),
)
def test_an_access_key_id_never_survives(key: str, before: str, after: str) -> None:
    """Whatever it is glued to."""
    before = before if before != "7" else "x7/"
    assert key not in redact(before + key + after)


@given(token=TOKENS, around=AROUND)
def test_a_session_token_by_itself_never_survives(token: str, around: str) -> None:
    """A token is known by its beginning, which is that of every STS token."""
    assert token not in redact(f"{around} {token}\n{around}")


@given(key=ACCESS_KEYS, signature=SIGNATURES, token=TOKENS, escape=st.sampled_from(["&", "&amp;", "\\u0026"]))
def test_a_signed_url_never_survives(key: str, signature: str, token: str, escape: str) -> None:
    """S3's, SageMaker's and the old kind of signed URL: no parameter that carries the right is left."""
    signed = {"X-Amz-Credential": f"{key}/20261124/us-east-1/s3/aws4_request", "X-Amz-Security-Token": token,
              "X-Amz-Signature": signature}  # fmt: skip
    urls = [
        f"https://bucket.s3.amazonaws.com/key?X-Amz-Expires=60&{urlencode(signed)}",
        f"https://d-1.studio.us-east-1.sagemaker.aws/auth?token={signature}",
        f"https://bucket.s3.amazonaws.com/key?AWSAccessKeyId={key}&Signature={quote(signature)}&Expires=1",
    ]
    for url in urls:
        text = redact(f'see "{url.replace("&", escape)}" there')
        assert signature not in text and key not in text and not survives(token, text)
        assert text.startswith('see "https://') and text.endswith('" there')


@given(key=ACCESS_KEYS, signature=SIGNATURES)
def test_an_authorization_header_never_survives(key: str, signature: str) -> None:
    """SigV4's header names the key and carries the signature."""
    scope = f"{key}/20261124/us-east-1/s3/aws4_request"
    text = redact(f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={signature}")
    assert key not in text and signature not in text


@given(secret=SECRET_KEYS, key=ACCESS_KEYS)
def test_no_place_in_a_value_is_left_out(secret: str, key: str) -> None:
    """Texts in members, in names of members, in lists, sets, bytes, paths and errors; JSON can write the rest."""
    redaction._protected.clear()
    protect(secret)
    value: Any = {
        secret: {"list": [secret, (secret, {secret})], "bytes": secret.encode(), "error": ValueError(secret)},
        "path": Path("/tmp") / key,
        "Password": {"Value": "hunter2hunter2"},
        "Credentials": ["a-secret-of-any-kind"],
        "MasterUserPassword": 12345678,
        "NextToken": "a-token",
    }
    text = json.dumps(redact_value(value))
    for planted in (secret, key, "hunter2", "a-secret-of", "12345678", "a-token"):
        assert not survives(planted, text)


@settings(max_examples=25)
@given(secret=SECRET_KEYS, key=ACCESS_KEYS, password=PASSWORDS)
def test_no_channel_of_a_run_lets_a_secret_out(secret: str, key: str, password: str) -> None:
    """run.json, its copy and the ledger: planted in every field that a run could fill."""
    from tempfile import TemporaryDirectory

    redaction._protected.clear()
    protect(secret, password)
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        write(
            {"command": ["pytest", f"--seed={secret}"], "residue": [key, password]},
            folder / "a.json",
            folder / "b.json",
        )
        ledger = Ledger(folder / "ledger.jsonl", seed=secret, redact=redact_value)
        ledger.append(attempt(f"SELECT '{password}'", NotObtained(f"bad key {key}", secret)), f"a.feature::{key}")
        ledger.append(attempt(None, params={"Password": "x" * 9, "Body": secret.encode()}), "s")
        assert len(list(ledger.entries())) == 2
        for file in folder.iterdir():
            text = file.read_text(encoding="utf-8")
            assert not any(survives(each, text) for each in (secret, key, password, "x" * 9)), file.name


def test_a_secret_that_is_part_of_another_leaves_nothing_of_it() -> None:
    """The longest is cut out first, in whatever order they were protected."""
    protect("abcdefgh", "abcdefgh-and-the-rest", "the-rest")
    assert redact("x abcdefgh-and-the-rest y") == f"x {REDACTED} y"


def test_a_short_secret_is_not_replaced_by_value() -> None:
    """Seven letters would tear holes into innocent words; beside its name it is cut out all the same."""
    protect("reviews", None, "")
    assert redact("SELECT * FROM reviews") == "SELECT * FROM reviews"
    assert redact('"Password": "reviews"') == f'"Password": "{REDACTED}"'


@pytest.mark.parametrize(
    "text",
    [
        "SELECT customer_id FROM reviews WHERE token_count > 3",
        "arn:aws:sts::111122223333:assumed-role/Studio_alice/SageMaker",
        "AROAEXAMPLEROLEID7777:SageMaker",
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "the password of a user is changed with iam:ChangePassword on resource *",
        "secretsmanager:GetSecretValue",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    """Evidence that was cut to pieces would prove nothing."""
    assert redact(text) == text


def test_what_was_redacted_once_stays_as_it_is_and_json_stays_json() -> None:
    """A text may pass twice; quotes are left in place."""
    once = redact(json.dumps({"SecretAccessKey": "x" * 40, "after": [1]}))
    assert redact(once) == once
    assert json.loads(once) == {"SecretAccessKey": REDACTED, "after": [1]}


def test_values_that_are_no_text_stay_what_they_are() -> None:
    """Numbers, booleans and nothing; a time becomes text, once and for all."""
    value = {"a": 1, "b": 2.5, "c": True, "d": None, "Password": None, "e": datetime(2026, 1, 1, tzinfo=UTC)}
    assert redact_value(value) == {**value, "e": "2026-01-01 00:00:00+00:00"}


def test_a_scenarios_name_is_no_secrets_name() -> None:
    """run.json has verdicts by scenario: one that is about a secret keeps its verdict."""
    scenarios = {"features/isolation/escalation.feature::test_nobody_reads_the_password_of[alice]": "PASS"}
    assert redact_value(scenarios) == scenarios
