"""The services of the embedded account: how a signature names them, and how they speak."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from moto.core.model import ServiceModel
from moto.core.utils import get_service_model

Protocol = Literal["query", "json", "rest-json", "rest-xml"]


@dataclass(frozen=True, slots=True)
class Service:
    """``name`` is botocore's. ``global_region`` is where a service without regions is signed; None for the others."""

    name: str
    protocol: Protocol
    global_region: str | None = None


BY_SIGNING_NAME: dict[str, Service] = {
    "s3": Service("s3", "rest-xml"),
    "iam": Service("iam", "query", global_region="us-east-1"),
    "sts": Service("sts", "query", global_region="us-east-1"),
    "glue": Service("glue", "json"),
    "athena": Service("athena", "json"),
    "lakeformation": Service("lakeformation", "rest-json"),
    "sagemaker": Service("sagemaker", "json"),
    "cloudtrail": Service("cloudtrail", "json"),
    "secretsmanager": Service("secretsmanager", "json"),
    "sso": Service("sso-admin", "json"),
    "identitystore": Service("identitystore", "json"),
    "cloudformation": Service("cloudformation", "query"),
}
"""Signing names and protocols are those of botocore's service models (``signingName``, ``protocol``)."""

_BY_NAME = {service.name: service for service in BY_SIGNING_NAME.values()}


def named(service: str) -> Service:
    """The service of that botocore name. Raises KeyError for one that this account does not have."""
    return _BY_NAME[service]


@functools.cache
def model(service: str) -> ServiceModel:
    """The service model of a botocore service name."""
    return get_service_model(service)
