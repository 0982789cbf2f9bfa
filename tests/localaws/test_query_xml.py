"""Answers of the query protocol: the same as moto.core's serialiser writes, for every operation of IAM and STS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.core.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from moto.core.serialize import SerializationContext, get_serializer_class

from localaws import query_xml, services

OPERATIONS = [(name, each) for name in ("iam", "sts") for each in services.model(name).operation_names]
REQUEST_ID = "00000000-0000-4000-8000-000000000000"
TEXT = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=8)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))
DEPTH = 4
"""So many structures, lists and maps deep are the values drawn."""
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "blob": st.binary(min_size=1, max_size=8),
    "integer": st.integers(0, 10**9),
    "long": st.integers(0, 10**9),
    "string": TEXT,
    "timestamp": TIMES | TIMES.map(lambda time: time.replace(microsecond=0)),
}


def values(shape: Shape, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """Values that an answer of this shape may hold."""
    if isinstance(shape, StructureShape):
        members = {name: values(member, depth - 1) for name, member in shape.members.items() if depth}
        return st.fixed_dictionaries({}, optional=members)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, depth - 1), max_size=2).filter(lambda found: {} not in found)
    if isinstance(shape, MapShape):
        return st.dictionaries(TEXT, values(shape.value, depth - 1), max_size=2)
    return LEAVES[shape.type_name]


def parsed(service: str, operation: str, body: str) -> Any:
    """What boto3 reads out of an answer."""
    model = Session().get_service_model(service)
    answer = {"status_code": 200, "headers": {}, "body": body.encode()}
    return create_parser("query").parse(answer, model.operation_model(operation).output_shape)


def by_moto(service: str, operation: OperationModel, output: Any) -> str:
    """The answer that moto.core writes."""
    serializer = get_serializer_class(service, "query")(operation, SerializationContext(REQUEST_ID))
    return str(serializer.serialize(output)["body"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_is_read_is_what_moto_would_have_answered(data: st.DataObject) -> None:
    """Every operation's answer, whatever it holds, is read by boto3 as if moto.core had written it."""
    service, name = data.draw(st.sampled_from(OPERATIONS))
    operation = services.model(service).operation_model(name)
    output = data.draw(values(operation.output_shape)) if operation.output_shape else {}
    ours = query_xml.written(operation, output, REQUEST_ID)
    assert parsed(service, name, ours) == parsed(service, name, by_moto(service, operation, output))


@pytest.mark.parametrize(("service", "name"), [("iam", "SimulateCustomPolicy"), ("sts", "AssumeRole")])
def test_text_is_escaped(service: str, name: str) -> None:
    """Text that looks like markup is read back as it was, and what is not in the shape is left out."""
    operation = services.model(service).operation_model(name)
    said = {"Marker": "<a>&amp;", "SourceIdentity": "<a>&amp;", "Unheard": "x"}
    read = parsed(service, name, query_xml.written(operation, said, REQUEST_ID))
    assert (read.get("Marker") or read.get("SourceIdentity")) == "<a>&amp;"
    assert "Unheard" not in read
    assert read["ResponseMetadata"]["RequestId"] == REQUEST_ID
