"""What an SDK puts on the wire is what the account reads: for every operation that it serves."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localaws import edge, iam, protocol, services
from localaws.answer import refusal, success
from localaws.errors import AwsError
from localaws.services import BY_SIGNING_NAME, Service
from localaws.wire import HttpRequest, header_mapping

SERVICES = {service.name: service for service in BY_SIGNING_NAME.values()}
SERVED = sorted(iam.load_operations())

TEXT = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_characters="\x7f\x85\xa0"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text)
ASCII = st.text("abcXYZ019-_/.=", min_size=1, max_size=12)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)


def values(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that fit a shape: bounded in depth, for every member at least sometimes present."""
    kind = shape.type_name
    in_header = shape.serialization.get("location") in ("header", "headers")
    if kind == "structure":
        return structures(shape, depth)
    if kind == "list":
        return st.lists(values(shape.member, depth + 1), min_size=1, max_size=2)
    if kind == "map":
        names = st.text("abcdefg-", min_size=1, max_size=5) if in_header else ASCII
        return st.dictionaries(names, ASCII if in_header else values(shape.value, depth + 1), min_size=1, max_size=2)
    if kind == "string":
        if getattr(shape, "enum", None):
            return st.sampled_from(list(shape.enum))
        least = int(shape.metadata.get("min", 0))
        return (ASCII if in_header else TEXT).map(lambda text: text.ljust(least, "x"))
    if kind in ("integer", "long"):
        least = int(shape.metadata.get("min", 0))
        return st.integers(least, max(least, min(int(shape.metadata.get("max", 1000)), least + 1000)))
    return SCALARS[kind]


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "float": st.floats(0, 1000).map(lambda number: math.floor(number * 8) / 8),
    "double": st.floats(0, 1000).map(lambda number: math.floor(number * 8) / 8),
    "blob": st.binary(min_size=1, max_size=20),
    "timestamp": TIMES,
}


def structures(shape: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    if getattr(shape, "is_document_type", False):
        return st.just({})
    required = {name: values(shape.members[name], depth + 1) for name in shape.required_members}
    others = [name for name in shape.members if name not in required]
    if depth > 3:
        others = [name for name in others if shape.members[name].type_name in ("string", "integer", "boolean")]
    if getattr(shape, "is_tagged_union", False) or (not required and depth > 0 and others):
        return st.sampled_from(others).flatmap(
            lambda name: st.fixed_dictionaries({name: values(shape.members[name], depth + 1)})
        )
    return (
        st.lists(st.sampled_from(others), max_size=4, unique=True).flatmap(
            lambda names: st.fixed_dictionaries(
                {**required, **{name: values(shape.members[name], depth + 1) for name in names}}
            )
        )
        if others
        else st.fixed_dictionaries(required)
    )


def on_the_wire(service: Service, operation: str, params: dict[str, Any]) -> HttpRequest:
    """The request as botocore writes it."""
    model = services.model(service.name)
    serializer = botocore.serialize.create_serializer(service.protocol, include_validation=False)
    written = serializer.serialize_to_request(params, model.operation_model(operation))
    botocore.awsrequest.prepare_request_dict(written, endpoint_url="http://127.0.0.1:1")
    url = urlsplit(written["url"])
    body = written["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = header_mapping((name, str(value)) for name, value in written["headers"].items())
    return HttpRequest(written["method"], url.path, url.query, {**headers, "host": "127.0.0.1:1"}, content)


def without_checksums(params: dict[str, Any]) -> dict[str, Any]:
    """A made-up checksum would rightly be refused."""
    return {
        name: value
        for name, value in params.items()
        if not (
            name.startswith("Checksum")
            and name[8:]
            in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH3", "XXHASH64", "XXHASH128")
        )
        and name != "ContentMD5"
    }


@pytest.mark.parametrize(("service_name", "operation"), SERVED, ids=lambda part: part)
def test_every_served_operation_is_read_as_it_was_written(service_name: str, operation: str) -> None:
    """For any parameters that fit the model, the parsed parameters equal those that botocore serialised."""
    service = SERVICES[service_name]
    shape = services.model(service_name).operation_model(operation).input_shape
    if shape is None:
        assert protocol.parse(service, on_the_wire(service, operation, {})).operation.name == operation
        return

    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(shape))
    def holds(params: dict[str, Any]) -> None:
        params = without_checksums(params) if service_name == "s3" else params
        parsed = protocol.parse(service, on_the_wire(service, operation, params))
        assert parsed.operation.name == operation
        assert parsed.problem is None, parsed.problem
        assert parsed.params == params

    holds()


NATIVE = sorted((service, operation) for service, handlers in edge.NATIVE.items() for operation in handlers)


@pytest.mark.parametrize(("service_name", "operation"), NATIVE, ids=lambda part: part)
def test_every_output_of_ours_is_read_as_it_was_meant(service_name: str, operation: str) -> None:
    """For any output that fits the model, botocore reads from the wire what the handler returned."""
    service = SERVICES[service_name]
    model = services.model(service_name).operation_model(operation)
    if model.output_shape is None:
        assert success(service, model, {}, "id").status == 200
        return
    parser = botocore.parsers.create_parser(service.protocol)

    @settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(model.output_shape))
    def holds(output: dict[str, Any]) -> None:
        answer = success(service, model, output, "id")
        read = parser.parse(
            {"status_code": answer.status, "headers": answer.headers, "body": answer.body}, model.output_shape
        )
        del read["ResponseMetadata"]
        assert read == output

    holds()


@pytest.mark.parametrize("service_name", sorted(SERVICES))
@pytest.mark.parametrize("message", ["plain", 'with <angle> & "quotes"', "naïve – ünïcode", "control \x00\x0b\ufffe"])
def test_every_refusal_is_read_by_an_sdk(service_name: str, message: str) -> None:
    """botocore reads code, message and status of an AwsError in each service's protocol."""
    service = SERVICES[service_name]
    answer = refusal(service.protocol, AwsError("SomeCode", message, 418), "id", service_name)
    parser = botocore.parsers.create_parser(service.protocol)
    shape = services.model(service_name).operation_model(services.model(service_name).operation_names[0]).output_shape
    read = parser.parse({"status_code": answer.status, "headers": answer.headers, "body": answer.body}, shape)
    assert answer.status == 418
    assert read["Error"]["Code"] == "SomeCode"
    expected = message if "json" in service.protocol else message.translate(dict.fromkeys((0, 0xB, 0xFFFE), "?"))
    assert read["Error"]["Message"] == expected


BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b"<a>" * 5000, b"<a><b></a>", b"Tags.member.1.Key=&" * 50]),
)


@settings(max_examples=200, deadline=None, database=None)
@given(st.sampled_from([pair for pair in SERVED if pair[0] != "s3"]), BODIES)
def test_no_body_breaks_the_parser(served: tuple[str, str], body: bytes) -> None:
    """Whatever the body, a request is parsed, or refused as the client's fault: nothing else is ever raised."""
    service_name, operation = served
    service = SERVICES[service_name]
    template = on_the_wire(service, operation, {})
    if service.protocol == "query":
        body = b"Action=" + operation.encode() + b"&" + body
    try:
        parsed = protocol.parse(service, replace(template, body=body))
    except AwsError as error:
        assert 400 <= error.status < 500
        return
    assert parsed.problem is None or 400 <= parsed.problem.status < 500


@settings(max_examples=200, deadline=None, database=None)
@given(st.sampled_from([operation for name, operation in SERVED if name == "s3"]), BODIES)
def test_no_body_breaks_the_parser_of_s3(operation: str, body: bytes) -> None:
    """The same for S3, whose operations are told apart by method, path, query and headers."""
    service = SERVICES["s3"]
    shape: Any = services.model("s3").operation_model(operation).input_shape
    given_names = {name: "x" for name in (shape.required_members if shape else []) if name in ("Bucket", "Key")}
    template = on_the_wire(service, operation, given_names)
    try:
        parsed = protocol.parse(service, replace(template, body=body))
    except AwsError as error:
        assert 400 <= error.status < 500
        return
    assert parsed.problem is None or 400 <= parsed.problem.status < 500
