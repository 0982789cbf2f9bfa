"""What a run made, as its scenarios need it: ARNs, ids, places and the keys of its people."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lakeproof.target import Credentials

FILE = "estate.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PersonEstate(_Record):
    """One person's resources. Console keys belong to an IAM user; a federated person has a stand-in role instead."""

    name: str
    sign_in: Literal["iam_user", "federated"]
    user_id: str
    profile: str
    profile_arn: str
    execution_role: str
    execution_role_arn: str
    workgroup: str
    results_location: str
    """``s3://bucket/prefix/``, which the workgroup enforces."""
    user_arn: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = Field(default=None, repr=False)
    password_secret_arn: str | None = None
    """The secret that holds the console password."""
    stand_in_role_arn: str | None = None
    identity_store_user_id: str | None = None

    def console_keys(self) -> Credentials:
        """The IAM user's own keys. Raises LookupError for a federated person."""
        if self.access_key_id is None or self.secret_access_key is None:
            raise LookupError(f"{self.name} signs in by {self.sign_in}: there are no access keys")
        return Credentials(self.access_key_id, self.secret_access_key)


class ControlReaderEstate(_Record):
    """The harness's role that may read everything."""

    role_arn: str
    workgroup: str
    results_location: str


class TrailEstate(_Record):
    """The trail that the plan speaks of, made by the run (``created``) or adopted, and where its decoys go.

    A scenario that tries to stop, redirect or delete a trail makes a decoy whose name begins with ``decoy_prefix`` and
    whose files would go to ``decoy_bucket``; what is left of them goes with the run.
    """

    name: str
    log_bucket: str
    created: bool
    decoy_prefix: str
    decoy_bucket: str


class Estate(_Record):
    """Everything that a run made. ``external_id`` opens every role that trusts the harness (sts:ExternalId)."""

    run_id: str
    plan: str
    account_id: str
    region: str
    harness_arn: str
    """The principal that provisions and assumes roles, as policies name it."""
    external_id: str
    expires: str
    """The value of the tag ``lakeproof:expires``: ISO 8601, UTC."""
    lake_bucket: str
    results_bucket: str
    database: str
    registered_location: str
    """ARN that is registered with Lake Formation."""
    dataset_sha256: str
    """Over all generated files, in order."""
    rows: dict[str, dict[str, int]]
    """Table name -> partition directory (``product_category=Apparel``) -> rows in it."""
    domain_id: str
    domain_arn: str
    default_execution_role_arn: str
    execution_policy_arn: str
    group_policy_arn: str | None = None
    permission_set_arn: str | None = None
    identity_center_arn: str | None = None
    control_reader: ControlReaderEstate | None = None
    trail: TrailEstate | None = None
    """None if the plan has no trail."""
    people: tuple[PersonEstate, ...]

    def person(self, name: str) -> PersonEstate:
        """The person of that name. Raises KeyError naming those there are."""
        for person in self.people:
            if person.name == name:
                return person
        raise KeyError(f"no person {name!r} in run {self.run_id}; there are {[p.name for p in self.people]}")

    def write(self, run_dir: Path) -> Path:
        """Write ``estate.json`` for its owner alone (mode 0600): it holds keys. Returns the file."""
        path = run_dir / FILE
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.model_dump_json(indent=1))
        fresh.replace(path)
        return path

    @classmethod
    def read(cls, run_dir: Path) -> Estate:
        """The estate of a run directory. Raises FileNotFoundError when its provisioning has not finished."""
        return cls.model_validate_json((run_dir / FILE).read_text())
