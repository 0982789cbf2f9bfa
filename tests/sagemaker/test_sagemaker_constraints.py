"""The service models' constraints, in Python."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from localaws import sagemaker, sso
from localaws.constraints import check, compiled
from localaws.errors import AwsError
from localaws.sagemaker import state as sagemaker_state
from localaws.services import model
from localaws.sso import service as sso_service


def patterns(shape: Shape | None, seen: set[str]) -> Iterator[str]:
    """Every pattern within a shape."""
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    if pattern := shape.metadata.get("pattern"):
        yield pattern
    inner: list[Shape] = []
    if isinstance(shape, StructureShape):
        inner = list(shape.members.values())
    elif isinstance(shape, ListShape):
        inner = [shape.member]
    elif isinstance(shape, MapShape):
        inner = [shape.key, shape.value]
    for member in inner:
        yield from patterns(member, seen)


@pytest.mark.parametrize(
    ("service", "handlers"),
    [
        ("sagemaker", sagemaker.HANDLERS),
        ("sso-admin", sso.HANDLERS),
        ("identitystore", sso.IDENTITYSTORE_HANDLERS),
    ],
)
def test_every_pattern_can_be_asked(service: str, handlers: dict[str, object]) -> None:
    """Every pattern of every operation that is served compiles, so that none goes unchecked."""
    seen: set[str] = set()
    for operation in handlers:
        for pattern in patterns(model(service).operation_model(operation).input_shape, seen):
            compiled(pattern)


def test_every_broken_constraint_is_told() -> None:
    """One refusal lists all that is wrong, in AWS's words."""
    with pytest.raises(AwsError) as refused:
        check("sagemaker", "DescribeUserProfile", {"DomainId": "wrong", "UserProfileName": "a" * 64})
    assert refused.value.code == "ValidationException"
    assert refused.value.message.startswith("3 validation errors detected: Value 'wrong' at 'domainId' failed to")
    assert "Member must have length less than or equal to 63" in refused.value.message


def test_deep_members_are_checked_with_their_path() -> None:
    """Members of lists and structures are checked, and named by their path."""
    with pytest.raises(AwsError) as refused:
        check("sagemaker", "AddTags", {"ResourceArn": "arn:aws:sagemaker:r:1:x", "Tags": [{"Key": "!", "Value": "v"}]})
    assert "at 'tags.1.member.key' failed to satisfy constraint" in refused.value.message


@pytest.mark.parametrize("state", [sagemaker_state.State(), sso_service.State()])
def test_the_state_is_plain_data(state: object) -> None:
    """What a service holds can be written to disk and read back."""
    assert pickle.loads(pickle.dumps(state)) == state
