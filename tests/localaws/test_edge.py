"""The way of a request: what is refused loudly, what is recorded, and many clients at once."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import CLIENT, Embedded
from tests.localaws.conftest import Probe, Wire

AWS_CLI = Path(sys.executable).with_name("aws")


def error_of(call: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message of a refusal."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"].get("Message", "")


def raw(embedded: Embedded, content: bytes) -> bytes:
    """Send bytes, and read until the server closes or has answered."""
    url = urlsplit(embedded.endpoint_url)
    with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


class TestRefusedLoudly:
    """What is not served is refused by name; what is broken is the client's fault."""

    @pytest.mark.parametrize(
        ("service", "operation", "parameters"),
        [
            ("glue", "create_blueprint", {"Name": "b", "BlueprintLocation": "s3://b"}),
            ("athena", "create_notebook", {"WorkGroup": "w", "Name": "n"}),
            ("s3", "put_bucket_website", {"Bucket": "bbb", "WebsiteConfiguration": {}}),
            ("s3", "get_object_torrent", {"Bucket": "bbb", "Key": "k"}),
            ("iam", "create_saml_provider", {"SAMLMetadataDocument": "x" * 1000, "Name": "n"}),
            ("sagemaker", "create_model", {"ModelName": "m"}),
            ("lakeformation", "start_transaction", {}),
            ("sts", "get_session_token", {}),
            ("secretsmanager", "rotate_secret", {"SecretId": "s"}),
            (
                "sso-admin",
                "create_application",
                {
                    "InstanceArn": "arn:aws:sso:::instance/ssoins-1234567890123456",
                    "Name": "a",
                    "ApplicationProviderArn": "arn:aws:sso::aws:applicationProvider/custom",
                },
            ),
        ],
    )
    def test_an_operation_that_is_not_served(
        self, embedded: Embedded, service: str, operation: str, parameters: dict[str, Any]
    ) -> None:
        """An operation of AWS that the account does not serve is NotImplemented, 501, naming service and operation."""
        code, status, message = error_of(getattr(embedded.client(service), operation), **parameters)
        assert (code, status) == ("NotImplemented", 501)
        assert service in message and operation.replace("_", "") in message.lower()

    @pytest.mark.parametrize(
        ("service", "operation", "name"),
        [
            ("ec2", "describe_instances", "DescribeInstances"),
            ("lambda", "list_functions", "GET /2015-03-31/functions"),
            ("dynamodb", "list_tables", "ListTables"),
            ("sqs", "list_queues", "ListQueues"),
        ],
    )
    def test_a_service_that_is_not_served(self, embedded: Embedded, service: str, operation: str, name: str) -> None:
        """Any other service of AWS is NotImplemented by name, in a protocol that its SDK can read."""
        code, status, message = error_of(getattr(embedded.client(service), operation))
        assert (code, status) == ("NotImplemented", 501)
        assert message.startswith(f"{service}:{name}")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v20180820/accessgrantsinstance/dataaccess?permission=READ&target=s3%3A%2F%2Flake%2F%2A"),
            ("POST", "/v20180820/accessgrantsinstance"),
            ("PUT", "/v20180820/configuration/publicAccessBlock"),
        ],
    )
    def test_s3_control_is_another_service_than_s3(
        self, embedded: Embedded, wire: Wire, method: str, path: str
    ) -> None:
        """S3 Access Grants and the account's public access block are refused by name, whatever buckets there are."""
        s3 = embedded.client("s3")
        s3.create_bucket(Bucket="v20180820")
        answer = wire.send(wire.signed(Probe("s3", method, path, {"x-amz-account-id": embedded.account_id})))
        assert (answer.status, answer.code) == (501, "NotImplemented")
        assert answer.message.startswith(f"s3control:{method} {path.partition('?')[0]} ")
        assert "Contents" not in s3.list_objects_v2(Bucket="v20180820")

    @pytest.mark.parametrize(
        ("protocol", "headers", "body", "code"),
        [
            ("json", {"X-Amz-Target": "AWSGlue.NoSuchThing"}, b"{}", "UnknownOperationException"),
            ("json", {"X-Amz-Target": "Elsewhere.GetDatabases"}, b"{}", "UnknownOperationException"),
            ("json", {}, b"{not json", "SerializationException"),
            ("json", {}, b"[]", "SerializationException"),
            ("json", {}, b'{"MaxResults": "many"}', "SerializationException"),
            ("json", {}, b'{"CatalogId": 5}', "SerializationException"),
            ("json", {"X-Amz-Target": "AWSGlue.GetTable"}, b"{}", "InvalidInputException"),
            ("query", {}, b"Action=NoSuchThing&Version=2011-06-15", "InvalidAction"),
            ("query", {}, b"", "InvalidAction"),
            ("query", {}, b"Action=AssumeRole&Version=2011-06-15", "ValidationError"),
            ("query", {}, b"Action=AssumeRole&DurationSeconds=long", "MalformedInput"),
            ("rest-json", {}, b"{not json", "SerializationException"),
        ],
    )
    def test_a_request_that_cannot_be_read(
        self, wire: Any, protocol: str, headers: dict[str, str], body: bytes, code: str
    ) -> None:
        """Malformed bodies, wrong types, missing parameters and unknown operations are the client's error."""
        probe = wire.probe(protocol)
        spoilt = type(probe)(probe.service, probe.method, probe.path, {**probe.headers, **headers}, body)
        answer = wire.send(wire.signed(spoilt))
        assert (answer.code, answer.status // 100) == (code, 4), answer.body

    @pytest.mark.parametrize("body", [b"<not-closed>", b"", b"<Tagging/>", b"\xff\xfe"])
    def test_malformed_xml(self, embedded: Embedded, wire: Any, body: bytes) -> None:
        """S3's XML bodies are read strictly enough never to fail inside."""
        probe = wire.probe("s3")
        answer = wire.send(wire.signed(type(probe)("s3", "PUT", "/some-bucket?tagging", {}, body)))
        assert answer.status // 100 == 4
        assert answer.code in ("MalformedXML", "InvalidRequest")

    @pytest.mark.parametrize("protocol", ["json", "query", "rest-json", "s3"])
    def test_a_document_that_is_too_large(self, wire: Any, protocol: str) -> None:
        """A body of more than eight megabytes that is to be read as a document is refused before it is read."""
        probe = wire.probe(protocol)
        path = "/some-bucket?tagging" if protocol == "s3" else probe.path
        method = "PUT" if protocol == "s3" else probe.method
        large = type(probe)(probe.service, method, path, probe.headers, b" " * (8 * 1024 * 1024 + 1))
        answer = wire.send(wire.signed(large))
        assert answer.status == (400 if protocol == "s3" else 413)
        assert answer.code.startswith(("RequestEntityTooLarge", "MaxMessageLengthExceeded"))

    @pytest.mark.parametrize(
        "content",
        [
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        ],
    )
    def test_what_is_no_http(self, embedded: Embedded, content: bytes) -> None:
        """Bytes that are no request get a 4xx, and the server lives on."""
        assert raw(embedded, content).split(b" ", 2)[1].startswith((b"4", b"5"))
        assert embedded.client("sts").get_caller_identity()

    def test_a_client_that_goes_away_harms_nobody(self, embedded: Embedded) -> None:
        """A connection that breaks in the middle of a body leaves the account as it was."""
        assert raw(embedded, b"PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc") == b""
        assert embedded.client("sts").get_caller_identity()


class TestHttp:
    """HTTP/1.1 as SDKs use it."""

    def test_expect_continue_and_chunked_bodies(self, embedded: Embedded, wire: Any) -> None:
        """A client that waits for "100 Continue" gets it, and a chunked body is read whole."""
        request = wire.signed(wire.probe("query"))
        url = urlsplit(request.url)
        body = request.data
        lines = [f"POST / HTTP/1.1\r\nHost: {url.netloc}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in request.headers.items()]
        with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
            connection.sendall("".join(lines).encode() + b"\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 100")
            for part in (body[:7], body[7:]):
                connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")

    def test_a_head_has_no_body(self, embedded: Embedded) -> None:
        """HEAD answers the object's length, and neither it nor its refusal sends a body."""
        s3 = embedded.client("s3")
        s3.create_bucket(Bucket="heads")
        s3.put_object(Bucket="heads", Key="k", Body=b"12345")
        assert s3.head_object(Bucket="heads", Key="k")["ContentLength"] == 5
        assert error_of(s3.head_object, Bucket="heads", Key="absent")[:2] == ("404", 404)
        assert s3.get_object(Bucket="heads", Key="k")["Body"].read() == b"12345"

    def test_every_answer_has_a_request_id(self, embedded: Embedded) -> None:
        """The request id of an answer, refused or not, is a fresh one."""
        sts = embedded.client("sts")
        ids = [sts.get_caller_identity()["ResponseMetadata"]["RequestId"] for _ in range(3)]
        with pytest.raises(ClientError) as error:
            sts.get_session_token()
        ids.append(error.value.response["ResponseMetadata"]["RequestId"])
        assert len(set(ids)) == 4 and all(len(each) == 36 for each in ids)

    @pytest.mark.parametrize(
        ("service", "operation", "params", "refused"),
        [
            ("iam", "ListUsers", {}, False),
            ("iam", "GetRole", {"RoleName": "absent"}, True),
            ("s3", "ListBuckets", {}, False),
            ("s3", "GetBucketTagging", {"Bucket": "absent"}, True),
            ("glue", "GetDatabases", {}, False),
            ("athena", "ListWorkGroups", {}, False),
        ],
    )
    def test_the_trail_knows_an_answer_by_its_request_id(
        self, embedded: Embedded, service: str, operation: str, params: dict[str, str], refused: bool
    ) -> None:
        """What boto3 takes for the request's id, in whatever protocol, is the id of its record."""
        call = getattr(embedded.client(service), xform_name(operation))
        if refused:
            with pytest.raises(ClientError) as error:
                call(**params)
            answer = error.value.response
        else:
            answer = call(**params)
        embedded.control("clock", {"advance": 1})
        found = embedded.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": operation}]
        )
        ids = {json.loads(each["CloudTrailEvent"])["requestID"] for each in found["Events"]}
        assert answer["ResponseMetadata"]["RequestId"] in ids

    def test_presigned_urls(self, embedded: Embedded) -> None:
        """boto3's presigned URLs upload and download with no credentials beside them, and only what they say."""
        s3 = embedded.client("s3", config=CLIENT.merge(Config(signature_version="s3v4")))
        s3.create_bucket(Bucket="presigned")
        named = {"Bucket": "presigned", "Key": "some key/ü"}
        put = urllib.request.Request(s3.generate_presigned_url("put_object", named), data=b"sent", method="PUT")
        with urllib.request.urlopen(put, timeout=5) as answer:
            assert answer.status == 200
        get = s3.generate_presigned_url("get_object", named)
        with urllib.request.urlopen(get, timeout=5) as answer:
            assert answer.read() == b"sent"
        for spoilt in (get.replace("some%20key", "other"), get + "&versionId=null"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(spoilt, timeout=5)

    def test_signature_version_2_is_refused_by_name(self, embedded: Embedded) -> None:
        """S3's former signature, with which botocore presigns by default, is refused as AWS does for new buckets."""
        s3 = embedded.client("s3")
        url = s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"})
        assert "AWSAccessKeyId=" in url
        with pytest.raises(urllib.error.HTTPError, match="400") as error:
            urllib.request.urlopen(url, timeout=5)
        assert b"AWS4-HMAC-SHA256" in error.value.read()

    @pytest.mark.parametrize("key", ["a b", "ä/ö", "%2F", "a+b", "//x//", "a/../b", "trailing/", "q?a=b&c", "#~.-_"])
    def test_odd_keys(self, embedded: Embedded, key: str) -> None:
        """Objects with odd keys are put, listed, read and deleted under exactly these keys."""
        s3 = embedded.client("s3")
        s3.create_bucket(Bucket="odd-keys")
        s3.put_object(Bucket="odd-keys", Key=key, Body=key.encode(), Metadata={"a-b": "c"})
        assert [found["Key"] for found in s3.list_objects_v2(Bucket="odd-keys")["Contents"]] == [key]
        answer = s3.get_object(Bucket="odd-keys", Key=key)
        assert (answer["Body"].read().decode(), answer["Metadata"]) == (key, {"a-b": "c"})
        s3.delete_object(Bucket="odd-keys", Key=key)
        assert "Contents" not in s3.list_objects_v2(Bucket="odd-keys")


def test_each_call_is_recorded_once(embedded: Embedded) -> None:
    """Calls that are allowed, refused by IAM or not served each stand once in the trail; wrongly signed ones do not."""
    iam = embedded.client("iam")
    iam.create_user(UserName="recorded")
    key = iam.create_access_key(UserName="recorded")["AccessKey"]
    own = embedded.client("iam", key)
    wrong = embedded.client("iam", {**key, "SecretAccessKey": "x" * 40})
    for call, parameters in (
        (embedded.client("sts", key).get_caller_identity, {}),
        (own.list_users, {}),
        (wrong.list_users, {}),
        (embedded.client("athena", key).create_notebook, {"WorkGroup": "w", "Name": "n"}),
    ):
        try:
            call(**parameters)
        except ClientError as error:
            assert error.response["Error"]["Code"]
    embedded.control("clock", {"advance": 5})
    trail = embedded.client("cloudtrail")
    rows = trail.lookup_events(
        LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": key["AccessKeyId"]}]
    )["Events"]
    events = [json.loads(row["CloudTrailEvent"]) for row in rows]
    assert Counter((event["eventName"], event.get("errorCode")) for event in events) == {
        ("GetCallerIdentity", None): 1,
        ("ListUsers", "AccessDenied"): 1,
        ("CreateNotebook", "NotImplemented"): 1,
    }


def test_many_clients_at_once(embedded: Embedded) -> None:
    """Sixteen clients on kept-alive connections, writing and reading, each see exactly what they wrote."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="crowd")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            own_s3, own_iam, own_glue = (embedded.client(name) for name in ("s3", "iam", "glue"))
            for turn in range(8):
                body = f"{number}-{turn}".encode() * 50
                own_s3.put_object(Bucket="crowd", Key=f"{number}/{turn}", Body=body)
                own_iam.create_user(UserName=f"crowd-{number}-{turn}")
                own_glue.create_database(DatabaseInput={"Name": f"crowd_{number}_{turn}"})
                assert own_s3.get_object(Bucket="crowd", Key=f"{number}/{turn}")["Body"].read() == body
                assert own_iam.get_user(UserName=f"crowd-{number}-{turn}")["User"]["UserName"]
                assert own_glue.get_database(Name=f"crowd_{number}_{turn}")["Database"]["Name"]
        except BaseException as error:  # noqa: BLE001  (handed to the test's own thread)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert len(s3.list_objects_v2(Bucket="crowd")["Contents"]) == 128


class TestControl:
    """The administrator's own paths."""

    def test_only_the_administrator_may_ask(self, embedded: Embedded, wire: Any) -> None:
        """Another user, however mighty, a wrong secret, and a signature for another service are refused."""
        iam = embedded.client("iam")
        iam.create_user(UserName="mighty")
        iam.attach_user_policy(UserName="mighty", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="mighty")["AccessKey"]
        assert embedded.control("clock", credentials=key)[0] == 403
        assert embedded.control("clock", credentials={**key, "SecretAccessKey": "x" * 40})[0] == 400
        probe = wire.probe("query")
        assert wire.send(wire.signed(type(probe)("sts", "GET", "/_localaws/clock"))).status == 403
        assert embedded.control("clock")[0] == 200

    @pytest.mark.parametrize(
        "body", [{"advance": -1}, {"advance": "1"}, {"advance": True}, {"advance": 1e30}, {"retreat": 1}, {}]
    )
    def test_a_clock_only_moves_forward(self, embedded: Embedded, body: dict[str, Any]) -> None:
        """What is no number of seconds forward is refused, and the time stays as it was."""
        before = embedded.control("clock")[1]["now"]
        assert embedded.control("clock", body)[0] == 400
        assert embedded.control("clock")[1]["now"][:13] == before[:13]

    def test_a_path_that_is_not_there(self, embedded: Embedded) -> None:
        """An unknown control path is 404."""
        assert embedded.control("no-such-thing")[0] == 404


class TestAwsCli:
    """The plain AWS CLI, with nothing but endpoint and keys."""

    def cli(self, embedded: Embedded, *arguments: str) -> str:
        """Standard output of a CLI command that must succeed."""
        done = subprocess.run(
            [str(AWS_CLI), *arguments], env=embedded.environment(), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_caller_identity(self, embedded: Embedded) -> None:
        """``aws sts get-caller-identity`` prints the administrator."""
        answer = json.loads(self.cli(embedded, "sts", "get-caller-identity"))
        assert answer["Arn"] == f"arn:aws:iam::{embedded.account_id}:user/administrator"

    def test_copy_and_list(self, embedded: Embedded, tmp_path: Path) -> None:
        """``aws s3 cp`` and ``aws s3 ls`` carry a file there and back, small or in parts."""
        embedded.client("s3").create_bucket(Bucket="cli")
        sizes = {"small.bin": 10, "in-parts.bin": 9_000_000}
        for name, size in sizes.items():
            (tmp_path / name).write_bytes(bytes(size))
            self.cli(embedded, "s3", "cp", str(tmp_path / name), f"s3://cli/d/{name}")
        listed = self.cli(embedded, "s3", "ls", "s3://cli/d/")
        assert {line.split()[3]: int(line.split()[2]) for line in listed.splitlines()} == sizes
        self.cli(embedded, "s3", "cp", "s3://cli/d/in-parts.bin", str(tmp_path / "back.bin"))
        assert (tmp_path / "back.bin").read_bytes() == bytes(9_000_000)
