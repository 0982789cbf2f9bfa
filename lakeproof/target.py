"""The account that a plan is verified on, as data: nobody asks for its name, everybody reads its fields."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lakeproof.retries import make_patient

if TYPE_CHECKING:
    import boto3

AWS_ATTACK_BUDGET = 25
"""Each attack is a query that somebody pays for, and may stand in somebody's alarms."""
FIRST_ATTEMPTS = 4
"""How often the first call of all is tried: an endpoint where nobody listens is a mistake that wants telling soon."""
PROPAGATION_S = 60.0
"""How long AWS is given to make a new right, or its removal, felt everywhere."""
LOCAL_TRAIL_DELAY_S = 0.2
"""After so long the embedded account shows an event, by its clock: what is not there three times later never was."""
LOCAL_DIGEST_INTERVAL_S = 1
"""So often the embedded account writes digests, by its clock; AWS does each hour."""
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
    not guaranteed) before an event is missing. ``digest_deadline_s``: how long to wait, after the last probe, for
    the signed digest that covers it (CloudTrail user guide: each hour). ``propagation_s``: how long a new right or its
    removal may take to be felt. ``attack_budget``: at most so many refused-on-purpose probes, None for no limit.
    ``max_attempts`` counts the first try of a call that AWS was too busy for; ``retry_pause_s`` is about how long to
    wait before the second, twice as long before the third. ``history_interval_s``: LookupEvents is called once in that
    time at most (CloudTrail user guide, "Quotas": two a second, which no account can raise). ``banner`` heads every
    report. ``profile`` is the AWS CLI profile that the keys came from; the journal keeps it, never the keys.
    ``policy_files``: text of the plan's policy files, by path, for a red result to say where a statement stands.
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
    digest_deadline_s: float = 9000.0
    propagation_s: float = PROPAGATION_S
    attack_budget: int | None = None
    max_attempts: int = 8
    retry_pause_s: float = 0.5
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    parallel_calls: int = 8
    poll_s: float = 2.0
    history_interval_s: float = 0.5
    profile: str | None = None
    caller_arn: str = ""
    policy_files: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

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
        digest_deadline_s=20 * LOCAL_DIGEST_INTERVAL_S,
        propagation_s=0.0,
        attack_budget=None,
        max_attempts=1,
        connect_timeout_s=5.0,
        read_timeout_s=30.0,
        parallel_calls=4,
        poll_s=0.02,
        history_interval_s=0.0,
    )


def patient(target: Target) -> Target:
    """The embedded account that goes wrong on purpose: with more patience than its faults last (docs/faults.md)."""
    return replace(target, max_attempts=10, retry_pause_s=0.02, propagation_s=2.0, trail_deadline_s=12.0)


def aws_target(*, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> Target:
    """A real account, from the AWS CLI's own configuration; asks STS who that is.

    Raises LookupError without credentials or Region; botocore's ClientError when the keys are refused.
    """
    import boto3

    session = boto3.Session(profile_name=profile, region_name=region)
    keys = session.get_credentials()
    if keys is None:
        raise LookupError("no AWS credentials found: name a --profile, or set AWS_ACCESS_KEY_ID")
    if not session.region_name:
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
        max_attempts=FIRST_ATTEMPTS,
        profile=profile,
    )
    caller = asking.client("sts").get_caller_identity()
    return replace(asking, account_id=caller["Account"], caller_arn=caller["Arn"], max_attempts=Target.max_attempts)


class _Clients:
    """Clients by connection, service and identity. Making one is not thread-safe in boto3; using one is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[object, ...], Any] = {}
        self._session: boto3.Session | None = None

    def get(self, target: Target, service: str, credentials: Credentials) -> Any:
        key = (target.endpoint_url, target.region, target.max_attempts, service, credentials)
        found = self._made.get(key)
        if found is None:
            with self._lock:
                found = self._made.get(key)
                if found is None:
                    found = self._made[key] = self._make(target, service, credentials)
        return found

    def session(self) -> boto3.Session:
        import boto3

        if self._session is None:
            self._session = boto3.Session()
        return self._session

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._made.clear()

    def _make(self, target: Target, service: str, credentials: Credentials) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # ours are counted: lakeproof.retries
            connect_timeout=target.connect_timeout_s,
            read_timeout=target.read_timeout_s,
            max_pool_connections=32,
            s3={"addressing_style": "path" if target.endpoint_url else "auto"},
            parameter_validation=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        make: Any = self.session().client
        client = make(
            service,
            region_name=target.region,
            endpoint_url=target.endpoint_url,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=config,
        )
        make_patient(client, target.max_attempts, target.retry_pause_s)
        return client


_clients = _Clients()
os.register_at_fork(after_in_child=_clients.forget)  # a connection belongs to one process


def observe(told: Callable[[str, str, Mapping[str, Any]], None]) -> None:
    """Have ``told`` called with service, operation and parameters before each call of any client made from now on."""

    def tell(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        told(model.service_model.service_name, model.name, params)

    _clients.session().events.register("provide-client-params", tell)
