"""The process: its ready line, its end, and what it says when it cannot start."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import REPOSITORY, Embedded

READY = {"endpoint_url", "region", "account_id", "access_key_id", "secret_access_key"}


def run(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """A process that is expected to end by itself."""
    command = [sys.executable, "-m", "localaws", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, **how)


class TestUnhappyStarts:
    """One clear line on standard error, and an exit code that is not zero."""

    def test_a_taken_port(self, embedded: Embedded) -> None:
        """A port that another process has is named, and nothing is printed on standard output."""
        port = urlsplit(embedded.endpoint_url).port
        done = run("--port", str(port), stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"localaws: port {port} is taken\n")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--region", "nowhere"),
            ("--account-id", "123"),
            ("--trail-delay", "soon"),
            ("--trail-delay", "-1"),
            ("--port", "http"),
            ("--port", "65536"),
            ("--digest-interval", "0"),
            ("--fault", "throttle"),
        ],
        ids=" ".join,
    )
    def test_an_option_that_is_wrong_or_not_there(self, arguments: tuple[str, str]) -> None:
        """A wrong value, and an option that is not served, are refused by name."""
        done = run(*arguments, stdin=subprocess.DEVNULL)
        assert (done.returncode, done.stdout) == (2, "")
        assert arguments[0] in done.stderr

    @pytest.mark.parametrize("content", ["", "nonsense", "[1]", '{"Version": "2012-10-17"}'])
    def test_a_policy_file_that_is_none(self, tmp_path: Path, content: str) -> None:
        """A file of service control policies that does not hold any is named."""
        file = tmp_path / "scp.json"
        file.write_text(content)
        for path in (file, tmp_path / "absent.json"):
            done = run("--scp", str(path), stdin=subprocess.DEVNULL)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
            assert str(path) in done.stderr


class TestReadyLine:
    """One line of JSON, with all that a client needs."""

    def test_it_names_what_was_asked_for(self, start_embedded: Any) -> None:
        """Region and account are those of the options; the key is the administrator's, and fresh at every start."""
        keys = []
        for _ in range(2):
            with start_embedded("--region", "eu-central-1", "--account-id", "999988887777") as account:
                assert (account.region, account.account_id) == ("eu-central-1", "999988887777")
                assert re.fullmatch(r"http://127\.0\.0\.1:\d+", account.endpoint_url)
                keys.append((account.access_key_id, account.secret_access_key))
                arn = account.client("sts").get_caller_identity()["Arn"]
                assert arn == "arn:aws:iam::999988887777:user/administrator"
                account.client("s3").create_bucket(
                    Bucket="b-in-frankfurt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
                )
                account.client("glue").create_database(DatabaseInput={"Name": "d"})
                database = account.client("glue").get_database(Name="d")["Database"]
                assert database["CatalogId"] == "999988887777"
        assert keys[0][0] != keys[1][0] and keys[0][1] != keys[1][1]

    def test_service_control_policies_are_in_force(self, start_embedded: Any, tmp_path: Path) -> None:
        """What a policy of --scp denies, the administrator may not do."""
        deny = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"},
            ],
        }
        file = tmp_path / "scp.json"
        file.write_text(json.dumps([deny]))
        with start_embedded("--scp", str(file)) as account:
            iam = account.client("iam")
            with pytest.raises(iam.exceptions.ClientError, match="explicit deny in a service control policy"):
                iam.create_user(UserName="u")
            assert iam.list_users()["Users"]

    def test_nothing_of_the_machine_reaches_it(self, tmp_path: Path) -> None:
        """A profile, credentials or settings of boto3 and moto in the environment change nothing."""
        (tmp_path / "config").write_text("[profile broken\n")
        foreign = {
            "AWS_PROFILE": "no-such-profile",
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
            "AWS_DEFAULT_REGION": "ap-south-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "MOTO_ACCOUNT_ID": "000000000000",
            "INITIAL_NO_AUTH_ACTION_COUNT": "0",
            "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
        }
        process = start(env={**os.environ, **foreign})
        account = Embedded(**ready(process), process=process)
        try:
            assert account.region == "us-east-1"
            assert account.client("sts").get_caller_identity()["Account"] == "123456789012"
            account.client("s3").create_bucket(Bucket="own-bucket")
            account.client("glue").create_database(DatabaseInput={"Name": "d"})
            assert account.client("glue").get_database(Name="d")["Database"]["CatalogId"] == "123456789012"
        finally:
            end(process)


class TestTheEnd:
    """No account outlives whoever started it."""

    def test_it_ends_when_its_standard_input_closes(self) -> None:
        """The end of standard input ends the process with 0, and nothing more is printed."""
        process = start()
        assert set(ready(process)) == READY
        assert end(process) == (0, "", "")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_on_a_signal(self, number: signal.Signals) -> None:
        """SIGTERM and SIGINT end the process with 0."""
        process = start()
        account = Embedded(**ready(process), process=process)
        account.client("sts").get_caller_identity()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")

    def test_it_ends_with_open_connections(self) -> None:
        """Kept-alive connections do not keep the process."""
        process = start()
        account = Embedded(**ready(process), process=process)
        clients = [account.client("sts") for _ in range(3)]
        assert all(client.get_caller_identity() for client in clients)
        assert end(process)[0] == 0


def start(**how: Any) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "localaws"]
    return subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True, **how)


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    fields: dict[str, str] = json.loads(process.stdout.readline())
    return fields


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Close standard input; exit code, and what was still printed."""
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err
