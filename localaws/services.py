"""The services of the embedded account: how a signature names them, and how they speak."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

from moto.core.loaders import Loader, create_loader, moto_root
from moto.core.model import ServiceModel

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


class _OurModels(Loader):
    """The models of this account's services alone: to see which services AWS has, botocore reads a thousand directories
    each time that moto loads a model."""

    def list_available_services(self, type_name: str) -> list[str]:
        return sorted(_BY_NAME)


OUR_MODELS = _OurModels(extra_search_paths=[moto_root])


@functools.cache
def model(service: str) -> ServiceModel:
    """The service model of a botocore service name. Raises UnknownServiceError for a service that AWS does not have."""
    loader = OUR_MODELS if service in _BY_NAME else create_loader()
    return ServiceModel(loader.load_service_model(service, "service-2"), service)
