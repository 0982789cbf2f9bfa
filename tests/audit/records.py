"""CloudTrail records as AWS writes them, composed for the tests: one query by Alice and what it read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lakeproof.audit.correlate import Profile, Trail
from lakeproof.audit.events import normalise

ACCOUNT = "111122223333"
QUERY = "0d9c6f3e-1b2a-4c5d-8e7f-00112233aabb"
OTHER_QUERY = "ffffffff-1b2a-4c5d-8e7f-00112233aabb"
TIME = datetime(2026, 11, 24, 12, 0, 3, tzinfo=UTC)

Record = dict[str, Any]


def role(person: str) -> str:
    """The ARN of a person's execution role."""
    return f"arn:aws:iam::{ACCOUNT}:role/Studio_{person}"


def session(person: str) -> str:
    """The ARN of the person's Studio session."""
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/Studio_{person}/SageMaker"


def identity(person: str, **more: Any) -> Record:
    """``userIdentity`` of a person's Studio session."""
    issuer = {
        "type": "Role",
        "principalId": "AROAEXAMPLE",
        "arn": role(person),
        "accountId": ACCOUNT,
        "userName": f"Studio_{person}",
    }
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:SageMaker",
        "arn": session(person),
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": issuer, "sourceIdentity": person},
        **more,
    }


def start(person: str = "alice", query: str = QUERY, event: str = "start-1") -> Record:
    """StartQueryExecution as it is written today: the SQL is left out, the id is in the answer."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identity(person),
        "eventTime": "2026-11-24T12:00:00Z",
        "eventSource": "athena.amazonaws.com",
        "eventName": "StartQueryExecution",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "Boto3/1.44",
        "requestParameters": {"queryString": "***OMITTED***", "workGroup": person},
        "responseElements": {"queryExecutionId": query},
        "requestID": f"request-{event}",
        "eventID": event,
        "recipientAccountId": ACCOUNT,
    }


def access(person: str = "alice", query: str = QUERY, event: str = "access-1") -> Record:
    """GetDataAccess as it is written today: Athena asks in the person's session; the context is no JSON."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identity(person, invokedBy="athena.amazonaws.com"),
        "eventTime": "2026-11-24T12:00:03Z",
        "eventSource": "lakeformation.amazonaws.com",
        "eventName": "GetDataAccess",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "athena.amazonaws.com",
        "userAgent": "athena.amazonaws.com",
        "requestParameters": {
            "tableArn": f"arn:aws:glue:us-east-1:{ACCOUNT}:table/lake/reviews",
            "permissions": ["SELECT"],
            "auditContext": {"additionalAuditContext": f"{{queryId: {query}}}"},
        },
        "responseElements": None,
        "additionalEventData": {"requesterService": "ATHENA", "lakeFormationPrincipal": role(person)},
        "requestID": f"request-{event}",
        "eventID": event,
        "recipientAccountId": ACCOUNT,
    }


def access_of_2020(person: str = "alice", query: str = QUERY) -> Record:
    """GetDataAccess as it was in 2020: the context is JSON, address and agent are an internal service's."""
    record = access(person, query, "access-2020")
    record["eventVersion"] = "1.05"
    record["userIdentity"].pop("invokedBy")
    record["sourceIPAddress"] = record["userAgent"] = "im.amazonaws.com"
    record["requestParameters"]["auditContext"] = {"additionalAuditContext": f'{{\n  "queryId" : "{query}"\n}}'}
    return record


def changed(record: Mapping[str, Any], path: str, value: Any) -> Record:
    """A copy with another value at a path such as ``userIdentity.arn``; None takes the member away."""
    copied: Record = copy.deepcopy(dict(record))
    *above, last = path.split(".")
    holder = copied
    for name in above:
        holder = holder[name]
    if value is None:
        holder.pop(last)
    else:
        holder[last] = value
    return copied


def trail(*records: Record) -> Trail:
    """A trail that holds these records."""
    found = Trail()
    found.add(map(normalise, records))
    return found


def profiles(*people: str, change: Callable[[Record], Record] = lambda profile: profile) -> dict[str, Profile]:
    """The profiles of these people, by execution role."""
    found = {}
    for person in people or ("alice", "bob"):
        told = {
            "name": person,
            "execution_role_arn": role(person),
            "owner": f"{person}@example.com",
            "role_tag": person,
        }
        found[role(person)] = Profile(**change(told))
    return found
