"""The account that a plan is verified on, as data: nobody asks for its name, everybody reads its fields."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

AWS_ATTACK_BUDGET = 25
"""Each attack is a query that somebody pays for, and may stand in somebody's alarms."""
LOCAL_TRAIL_DELAY_S = 0.2
"""After so long the embedded account shows an event, by its clock: what is not there three times later never was."""
LOCAL_BANNER = "EMBEDDED ACCOUNT: not evidence about AWS"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of one identity. A session token makes them temporary. ``repr`` never shows a secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_sts(cls, answer: Mapping[str, Any]) -> Credentials:
        """From the ``Credentials`` member of an STS answer."""
        return cls(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])


@dataclass(frozen=True)
class Target:
    """One account in one Region, with the harness's own keys and the patience that this account needs.

    ``trail_deadline_s``: how long to wait for CloudTrail to deliver (CloudTrail user guide: about 5 minutes on average,
    not guaranteed) before an event is missing. ``propagation_s``: how long a new right or its removal may take to be
    felt. ``attack_budget``: at most so many refused-on-purpose probes, None for no limit. ``max_attempts`` counts the
    first try. ``banner`` heads every report. ``profile`` is the AWS CLI profile that the keys came from; the journal
    keeps it, never the keys.
    """

    name: str
    endpoint_url: str | None
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    banner: str = ""
    trail_deadline_s: float = 3600.0
    propagation_s: float = 60.0
    attack_budget: int | None = None
    max_attempts: int = 5
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    parallel_calls: int = 8
    poll_s: float = 2.0
    profile: str | None = None

    @property
    def credentials(self) -> Credentials:
        """The harness's own keys."""
        return Credentials(self.access_key_id, self.secret_access_key, self.session_token)

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client of ``service`` that signs as ``credentials`` (the harness's own when None).

        Clients are made once per process for each pair, and may be used from several threads (boto3 guide, "Clients").
        """
        return _clients.get(self, service, credentials or self.credentials)

    def to_json(self) -> str:
        """Everything, secrets included: for a worker process of the same run, never for a report."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Target:
        """Undo ``to_json``. Raises TypeError on an unknown field."""
        return cls(**json.loads(text))


def local_target(ready: Mapping[str, str]) -> Target:
    """The embedded account, from the line of JSON that ``python -m localaws`` prints when it is ready."""
    return Target(
        name="local",
        endpoint_url=ready["endpoint_url"],
        region=ready["region"],
        account_id=ready["account_id"],
        access_key_id=ready["access_key_id"],
        secret_access_key=ready["secret_access_key"],
        banner=LOCAL_BANNER,
        trail_deadline_s=3 * LOCAL_TRAIL_DELAY_S,
        propagation_s=0.0,
        attack_budget=None,
        max_attempts=1,
        connect_timeout_s=5.0,
        read_timeout_s=30.0,
        parallel_calls=4,
        poll_s=0.02,
    )


def aws_target(*, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> Target:
    """A real account, from the AWS CLI's own configuration; asks STS who that is.

    Raises LookupError without credentials or Region; botocore's ClientError when the keys are refused.
    """
    import boto3

    session = boto3.Session(profile_name=profile, region_name=region)
    keys = session.get_credentials()
    if keys is None:
        raise LookupError("no AWS credentials found: name a --profile, or set AWS_ACCESS_KEY_ID")
    if session.region_name is None:
        raise LookupError("no AWS Region found: name a --region, or set AWS_DEFAULT_REGION")
    frozen = keys.get_frozen_credentials()
    if frozen.access_key is None or frozen.secret_key is None:
        raise LookupError("the AWS credentials found are incomplete: access key id and secret are both needed")
    asking = Target(
        name="aws",
        endpoint_url=endpoint_url,
        region=session.region_name,
        account_id="",
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        session_token=frozen.token,
        attack_budget=AWS_ATTACK_BUDGET,
        profile=profile,
    )
    return replace(asking, account_id=asking.client("sts").get_caller_identity()["Account"])


class _Clients:
    """Clients by connection, service and identity. Making one is not thread-safe in boto3; using one is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[object, ...], Any] = {}
        self._session: boto3.Session | None = None

    def get(self, target: Target, service: str, credentials: Credentials) -> Any:
        key = (target.endpoint_url, target.region, service, credentials)
        found = self._made.get(key)
        if found is None:
            with self._lock:
                found = self._made.get(key)
                if found is None:
                    found = self._made[key] = self._make(target, service, credentials)
        return found

    def _make(self, target: Target, service: str, credentials: Credentials) -> Any:
        import boto3
        from botocore.config import Config

        if self._session is None:
            self._session = boto3.Session()
        config = Config(
            retries={"mode": "standard", "total_max_attempts": target.max_attempts},
            connect_timeout=target.connect_timeout_s,
            read_timeout=target.read_timeout_s,
            max_pool_connections=32,
            s3={"addressing_style": "path" if target.endpoint_url else "auto"},
            parameter_validation=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        make: Any = self._session.client
        return make(
            service,
            region_name=target.region,
            endpoint_url=target.endpoint_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=config,
        )


_clients = _Clients()
