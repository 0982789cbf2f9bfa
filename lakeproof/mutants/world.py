"""What a change works on: the plan, the account that it was made true in, and what was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from lakeproof.plan import Plan
from lakeproof.target import Target
from provision.estate import Estate

ORIGINAL = "original"
"""The name of the saved state to which every mutant returns."""


@dataclass
class World:
    """``plan`` is resolved; a policy mutant changes its documents as well as the account.

    ``documents`` are the policy files that a change has opened, as parsed JSON; a statement that it took away is None.
    """

    plan: Plan
    target: Target
    estate: Estate
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client with the administrator's rights."""
        return self.target.client(service)

    def document(self, file: str) -> dict[str, Any]:
        """A policy file of the plan, opened for a change."""
        if file not in self.documents:
            self.documents[file] = json.loads(self.plan.documents[file])
        return self.documents[file]

    def write(self) -> None:
        """Put the opened policy files back into the plan."""
        texts = {file: json.dumps(_without_gaps(document)) for file, document in self.documents.items()}
        self.plan = self.plan.model_copy(update={"documents": {**self.plan.documents, **texts}})

    def trust_values(self, person: str | None = None) -> dict[str, str]:
        """What the placeholders of a trust policy stand for."""
        values = {"harness": self.estate.harness_arn, "external_id": self.estate.external_id}
        if person is not None:
            planned = self.plan.person(person)
            values |= {"person": planned.name, "user_id": planned.user_id, "profile": planned.profile}
        return values


def control(target: Target, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request to the account's ``/_localaws/``, which only an embedded one has. Raises RuntimeError if refused."""
    url = f"{target.endpoint_url}/_localaws/{path}"
    request = AWSRequest("POST", url, data=json.dumps(body).encode())
    SigV4Auth(Credentials(target.access_key_id, target.secret_access_key), "localaws", target.region).add_auth(request)
    answer = URLLib3Session(timeout=60).send(request.prepare())
    if answer.status_code != 200:
        raise RuntimeError(f"/_localaws/{path} {dict(body)}: {answer.status_code} {answer.text}")
    found: Mapping[str, Any] = json.loads(answer.text)
    return found


def _without_gaps(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "Statement": [each for each in document["Statement"] if each is not None]}
