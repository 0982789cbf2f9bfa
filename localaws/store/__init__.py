"""The account's stored state: buckets, IAM's directory, the catalog, secrets, permission sets.

moto's backends hold it; this package is the only one that knows them. Every access is serialised by one lock.
Nothing here checks permissions or writes CloudTrail events.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from localaws.store import backend
from localaws.store.backend import Raw
from localaws.store.directory import DIRECTORY_SERVICES
from localaws.store.principals import NamedPrincipals
from localaws.store.records import AccessKey, PolicyRecord, RoleRecord, StoredObject, UserRecord

__all__ = ["AccessKey", "PolicyRecord", "Raw", "RoleRecord", "Store", "StoredObject", "UserRecord"]


class Store(NamedPrincipals):
    """The state of one account. Reads and writes of S3 objects and of IAM's directory are direct and cheap."""

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self.lock = threading.RLock()
        self.role_ids = {}
        self.key_owners = {}
        self.memory = {}
        backend.prepare(account_id, region)

    def forward(self, service: str, operation: str, params: Mapping[str, Any]) -> Raw:
        """Run an operation and return its answer as it goes on the wire, errors included.

        Raises AwsError NotImplemented (501) for an operation that the backend does not have.
        """
        with self.lock:
            try:
                with self.followed(service, operation, params):
                    return backend.run(self.account_id, self.region, service, operation, params)
            finally:
                if service in DIRECTORY_SERVICES and not operation.startswith(("Get", "List", "Describe")):
                    self.memory = {}

    def invoke(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Run an operation and return its output, named as in the service model. Raises AwsError if it fails."""
        return self.parsed(service, operation, self.forward(service, operation, params))

    def backends(self) -> backend.Backends:
        """All that is stored, as it stands: to be pickled before the next change."""
        with self.lock:
            return backend.all_of(self.account_id)

    def replace_backends(self, backends: backend.Backends) -> None:
        """Forget all that is stored, and hold ``backends`` instead."""
        with self.lock:
            backend.replace_all(self.account_id, backends)
            backend.prepare(self.account_id, self.region)
            self.memory = {}

    def parsed(self, service: str, operation: str, raw: Raw) -> dict[str, Any]:
        """The output in an answer of ``forward``. Raises AwsError if the answer is an error."""
        return backend.parsed(service, operation, raw)
