"""The ledger: every probe of a run, in order, append-only, without row values and without secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakeproof.evidence.redaction import redact_value
from lakeproof.probes.ledger import Ledger, entry
from lakeproof.probes.outcome import Allowed, Cause, Denied, NotObtained
from tests.probes.samples import ALICE, attempt

ROOT = Path(__file__).resolve().parents[2]


def plain(value: Any) -> Any:
    """No redaction."""
    return value


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.jsonl", seed="s", redact=plain)


def test_a_torn_line_is_named(ledger: Ledger) -> None:
    """A process that died while writing leaves half a line: the ledger names it and gives no entry for it."""
    for number in range(3):
        ledger.append(attempt(f"SELECT {number}"), "s")
    whole = ledger.path.read_text(encoding="utf-8")
    ledger.path.write_text(whole[:-40], encoding="utf-8")
    entries = ledger.entries()
    assert [next(entries)["sql"], next(entries)["sql"]] == ["SELECT 0", "SELECT 1"]
    with pytest.raises(ValueError, match=r"ledger\.jsonl, line 3: not a whole entry"):
        next(entries)


def test_a_line_torn_in_the_middle_is_named_too(ledger: Ledger) -> None:
    """What was appended to a torn line does not hide it."""
    ledger.append(attempt("SELECT 1"), "s")
    ledger.path.write_text(ledger.path.read_text(encoding="utf-8")[:50], encoding="utf-8")
    ledger.append(attempt("SELECT 2"), "s")
    with pytest.raises(ValueError, match="line 1"):
        list(ledger.entries())


def test_a_ledger_that_was_never_written_is_empty(ledger: Ledger) -> None:
    """No probe, no entry, no error."""
    assert list(ledger.entries()) == []


def test_no_row_value_is_written(ledger: Ledger) -> None:
    """Of the rows of a query only their number and a hash are kept; of an API's answer nothing."""
    ledger.append(attempt(outcome=Allowed(("name", "mail"), (("Mallory", "m@example.com"), (None, "x")))), "s")
    ledger.append(attempt(None, Allowed(response={"AuthorizedUrl": "https://example.com"}), params={"A": "b"}), "s")
    text = ledger.path.read_text(encoding="utf-8")
    assert "Mallory" not in text and "m@example.com" not in text and "https://" not in text
    query, call = (line["outcome"] for line in ledger.entries())
    assert query["columns"] == ["name", "mail"] and query["rows"] == 2
    assert call == {"result": "Allowed"}


def test_equal_rows_have_equal_hashes_and_others_do_not() -> None:
    """The hash tells whether two results were the same, NULL and the text of it apart."""
    results = [(("a", "b"),), (("a", "b"),), (("b", "a"),), (("ab", ""),), ((None, "b"),), (("None", "b"),)]
    found = [entry(attempt(outcome=Allowed(("x", "y"), rows)), "s", "s")["outcome"]["sha256"] for rows in results]
    assert found[0] == found[1]
    assert len(set(found)) == len(results) - 1


def test_what_is_written_passes_the_redaction(ledger: Ledger) -> None:
    """Keys in SQL, in an error text, in a parameter of any type and in its name do not reach the file."""
    key = "AKIAIOSFODNN7EXAMPLE"
    guarded = Ledger(ledger.path, seed="s", redact=redact_value)
    guarded.append(attempt(f"SELECT '{key}'", NotObtained(f"bad {key}")), f"scenario {key}")
    guarded.append(attempt(None, params={"Body": key.encode(), key: {key}, "Password": "Tr0ub4dor&3"}), "s")
    text = ledger.path.read_text(encoding="utf-8")
    assert key not in text and "Tr0ub4dor" not in text
    assert len(list(guarded.entries())) == 2


def test_no_key_of_an_identity_is_written(ledger: Ledger) -> None:
    """Identities are named by their ARNs; their keys are no part of an entry, and not of a printed attempt."""
    ledger.append(attempt(), "s")
    keys = ALICE.credentials
    for text in (ledger.path.read_text(encoding="utf-8"), str(attempt()), repr(attempt())):
        assert keys.secret_access_key not in text
        assert str(keys.session_token) not in text


def test_nothing_that_was_written_is_ever_changed(ledger: Ledger) -> None:
    """Each append leaves all bytes before it as they were."""
    before = b""
    for number in range(5):
        ledger.append(attempt(f"SELECT {number}"), "s")
        after = ledger.path.read_bytes()
        assert after.startswith(before) and after.count(b"\n") == number + 1
        before = after


@example(["\ud83d", "a\u2028b\x85c\rd"])
@given(st.lists(st.text(st.characters(), max_size=30), max_size=5))
def test_entries_come_back_in_order_whatever_stands_in_them(texts: list[str]) -> None:
    """Any SQL survives: line separators of every kind, quotes, half surrogate pairs; one entry is one line."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as directory:
        ledger = Ledger(Path(directory) / "l", seed="s", redact=plain)
        for text in texts:
            ledger.append(attempt(text), "s")
        assert [line["sql"] for line in ledger.entries()] == texts


def test_several_processes_append_whole_lines(ledger: Ledger) -> None:
    """Workers of a run write the same file at once: no line is lost or mixed, each process's own are in order."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom lakeproof.probes.ledger import Ledger\n"
        "from tests.probes.samples import attempt\n"
        "ledger = Ledger(Path(sys.argv[1]), seed=sys.argv[2], redact=lambda value: value)\n"
        "for number in range(200):\n    ledger.append(attempt(f'{number} ' + 'x' * 5000), 's')\n"
    )
    command = [sys.executable, "-c", program, str(ledger.path)]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in "abc"]
    assert [writer.wait(30) for writer in writers] == [0, 0, 0]
    found = [(line["seed"], int(line["sql"].split()[0])) for line in ledger.entries()]
    for name in "abc":
        assert [number for seed, number in found if seed == name] == list(range(200))


def test_an_entry_says_who_what_when_why_and_what_came_of_it(ledger: Ledger) -> None:
    """The identity as policies and as CloudTrail name it, scenario, seed, ids, times and outcome."""
    ledger.append(attempt(outcome=Denied(Cause.LF_COLUMN, "no"), request_id="r", state="FAILED"), "feature::scenario")
    [line] = ledger.entries()
    assert line["identity"] == {
        "name": "alice in Studio",
        "kind": "execution",
        "person": "alice",
        "principal": ALICE.principal_arn,
        "session": ALICE.session_arn,
        "source_identity": "alice",
    }
    assert (line["scenario"], line["seed"], line["kind"]) == ("feature::scenario", "s", "query")
    assert (line["query_id"], line["request_id"], line["state"]) == ("q-1", "r", "FAILED")
    assert line["outcome"] == {"result": "Denied", "cause": "LF_COLUMN", "text": "no"}
    assert line["started"] == line["ended"] == "2026-11-24T12:00:00+00:00"
    assert json.loads(json.dumps(line)) == line
