"""The parts of a plan: frozen, strict, nothing unknown accepted.

Names may hold the placeholders {account}, {region} and {run} until ``Plan.resolved``; those of a person's resources
also {person}, {user_id} and {profile}, which are filled when the plan is loaded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from lakeproof.plan import names


def _form(value: object) -> str:
    return "<several>" if isinstance(value, list | tuple | dict | BaseModel) else "<one>"


def _grant_form(value: object) -> str:
    tags = "lf_tags" in value if isinstance(value, dict) else isinstance(value, TagGrant)
    return "<tags>" if tags else "<table>"


class Part(BaseModel):
    """Base of every part of a plan: frozen, strict, an unknown key is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)


TagKey = Annotated[str, names.LF_TAG_KEY]
TagValue = Annotated[str, names.LF_TAG_VALUE]
TagValues = Annotated[tuple[TagValue, ...], Field(min_length=1)]


class Column(Part):
    """One column of a table, as Glue and Athena name it."""

    name: Annotated[str, names.COLUMN]
    type: Annotated[str, names.COLUMN_TYPE]
    lf_tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """LF-Tags of this column alone: they override its table's."""


class Table(Part):
    """One table of Parquet files. Partition keys come last in the table's column order, as Athena shows them."""

    name: Annotated[str, names.TABLE]
    description: str = ""
    prefix: Annotated[str, names.PREFIX]
    """Where the files lie in the lake bucket, with a slash at the end."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    partition_keys: tuple[Column, ...] = ()
    partitions: tuple[
        Annotated[Annotated[str, Tag("<one>")] | Annotated[tuple[str, ...], Tag("<several>")], Discriminator(_form)],
        ...,
    ] = ()
    """The values of the partition key; a list of values for each partition where there are several keys."""
    lf_tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """LF-Tags of this table: they override its database's, and its columns inherit them."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every column in table order, partition keys last."""
        return tuple(column.name for column in (*self.columns, *self.partition_keys))

    @property
    def partition_key_names(self) -> tuple[str, ...]:
        """The partition keys in order."""
        return tuple(key.name for key in self.partition_keys)

    @property
    def partition_values(self) -> tuple[tuple[str, ...], ...]:
        """One tuple of values for each planned partition, one value for each partition key."""
        return tuple((values,) if isinstance(values, str) else values for values in self.partitions)

    def column_type(self, name: str) -> str:
        """The type of a column or partition key. Raises KeyError if there is none of that name."""
        return {column.name: column.type for column in (*self.columns, *self.partition_keys)}[name]


class Dataset(Part):
    """The data that the lake holds: generated from a seed, so that a leak can be recognised and a run repeated."""

    database: Annotated[str, names.DATABASE]
    bucket: Annotated[str, names.BUCKET]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    rows: Annotated[int, Field(ge=1, le=100_000_000)] = 50_000
    """Rows in each table."""
    lf_tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """LF-Tags of the database, which its tables and their columns inherit."""
    tables: Annotated[tuple[Table, ...], Field(min_length=1)]


class AccountSettings(Part):
    """Account-wide settings. They are changed by compare-and-set, and restored when the run is destroyed."""

    iam_allowed_principals: Literal["removed", "off_tables", "left"] = "removed"
    """``removed``: IAMAllowedPrincipals leaves the default permissions, CREATE_DATABASE on the catalog, our database
    and its tables. ``off_tables``: it leaves these tables alone. ``left``: nothing. The last two are as published."""
    describe_default: bool = True
    """Whether every role is granted DESCRIBE on the database ``default``, which Athena needs."""


class PolicyFile(Part):
    """An IAM policy: its name in the account and the JSON file that holds its document, relative to the plan."""

    name: Annotated[str, names.POLICY]
    file: Annotated[str, Field(min_length=1)]


class IamUserSignIn(Part):
    """People who sign in as IAM users, all members of one group that carries their rights in the console."""

    group: Annotated[str, names.GROUP]
    policy: PolicyFile
    managed_policies: tuple[Annotated[str, names.POLICY_ARN], ...] = ()
    """ARNs of further policies attached to the group."""
    login_profile: bool = True
    """Give each user a console password, generated and kept in Secrets Manager."""


class FederatedSignIn(Part):
    """People who sign in through IAM Identity Center, with the session tag that names them."""

    permission_set: Annotated[str, names.PERMISSION_SET] | None
    """None when the account has no IAM Identity Center: then the stand-in roles alone are made."""
    policy: PolicyFile
    """The permission set's inline policy, which every stand-in role carries too."""
    managed_policies: tuple[Annotated[str, names.POLICY_ARN], ...] = ()
    email_attribute: str = "${path:emails[primary eq true].value}"
    """What Identity Center sends as the session tag ``studio.profile_tag``: the attribute that holds the user id."""
    stand_in: Annotated[str, names.ROLE] = "LakeproofStandIn_{user_id}"
    """The role that a test assumes in place of the AWSReservedSSO role, one for each person."""
    stand_in_trust: Annotated[str, Field(min_length=1)]
    """File of the stand-in roles' trust policy."""


class SignIn(Part):
    """The ways of signing in that the people of this plan use."""

    iam_user: IamUserSignIn | None = None
    federated: FederatedSignIn | None = None


class Execution(Part):
    """What every execution role carries: the rights of the code that runs in a person's Studio."""

    role: Annotated[str, names.ROLE] = "SageMakerStudioExecutionRole_{user_id}"
    role_tag: Annotated[str, names.TAG_KEY] = "userprofilename"
    """The role's tag whose value is the person's profile name."""
    policy: PolicyFile
    managed_policies: tuple[Annotated[str, names.POLICY_ARN], ...] = ()
    trust: Annotated[str, Field(min_length=1)]
    """File of the roles' trust policy."""


class DefaultExecutionRole(Part):
    """The domain's default execution role, which no planned profile uses."""

    name: Annotated[str, names.ROLE]
    trust: Annotated[str, Field(min_length=1)]
    managed_policies: tuple[Annotated[str, names.POLICY_ARN], ...] = ()


class Studio(Part):
    """The SageMaker Studio domain."""

    domain: Annotated[str, names.DOMAIN]
    vpc_id: Annotated[str, names.VPC]
    subnet_ids: Annotated[tuple[Annotated[str, names.SUBNET], ...], Field(min_length=1, max_length=16)]
    profile_tag: Annotated[str, names.TAG_KEY] = "studiouserid"
    """The profile's tag whose value is the person's user id."""
    source_identity: bool = True
    """Whether the domain writes the profile's name into CloudTrail (ExecutionRoleIdentityConfig USER_PROFILE_NAME)."""
    default_execution_role: DefaultExecutionRole


class Results(Part):
    """Where Athena leaves what a query returned: for each person a workgroup and a prefix of their own."""

    bucket: Annotated[str, names.BUCKET]
    shared: bool = False
    """One workgroup, which the account has, and one prefix for everybody: whoever asks names the location."""
    workgroup: Annotated[str, names.WORKGROUP] = "{profile}"
    prefix: Annotated[str, names.PREFIX] = "queries/{profile}/"


class Audit(Part):
    """What the audit trail must be."""

    trail: Literal["create", "adopt", "none"] = "none"
    """``create``: a multi-Region trail of the run's own, with log file validation, S3 data events of lake and results,
    and a log bucket that nobody but CloudTrail and the harness reaches. ``adopt``: one that the account has, which must
    be all that; nothing of it is changed. ``none``: CloudTrail's event history, which every account has."""
    name: Annotated[str, names.TRAIL] = "lakeproof-{run}"
    """The trail's name. Must be said of an adopted one."""
    log_bucket: Annotated[str, names.BUCKET] = "lakeproof-logs-{account}-{region}-{run}"
    """Where its files lie. Must be said of an adopted one."""

    @property
    def has_trail(self) -> bool:
        """Whether the plan knows of a trail, its own or an adopted one."""
        return self.trail != "none"


class ControlReader(Part):
    """A role of the harness with SELECT on everything: the twin of last resort."""

    role: Annotated[str, names.ROLE]
    trust: Annotated[str, Field(min_length=1)]
    policy: PolicyFile
    workgroup: Annotated[str, names.WORKGROUP]
    prefix: Annotated[str, names.PREFIX]


class Verification(Part):
    """How the plan is verified."""

    control_reader: ControlReader | None = None
    external_id: Annotated[str, names.EXTERNAL_ID] | None = None
    """With ``provision: adopt``: the ``sts:ExternalId`` with which the roles of the lake admit the harness."""
    least_privilege: str | None = None
    """A file beside the plan: what each person may do, complete (``lakeproof.plan.least_privilege``)."""
    attack_budget: Annotated[int, Field(ge=1)] | None = None
    """At most so many probes that are meant to be refused; None for no limit. The smaller of plan and target holds."""


class Person(Part):
    """A data scientist: one console identity, one execution role, one Studio profile."""

    name: Annotated[str, names.PERSON]
    sign_in: Literal["iam_user", "federated"]
    user_id: str
    """The IAM user's name, or the federated user's e-mail address. It is the value of the profile's tag."""
    profile: Annotated[str, names.PROFILE]
    execution_role: Annotated[str, names.ROLE]
    """Left out in the YAML: made from ``execution.role``."""
    workgroup: Annotated[str, names.WORKGROUP]
    """Left out in the YAML: made from ``results.workgroup``."""
    results_prefix: Annotated[str, names.PREFIX]
    """Left out in the YAML: made from ``results.prefix``."""
    stand_in_role: Annotated[str, names.ROLE] | None = None
    """For a federated person. Left out in the YAML: made from ``sign_in.federated.stand_in``."""


class Columns(Part):
    """Some of a table's columns: those included, or all but those excluded. Exactly one of the two."""

    include: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    exclude: Annotated[tuple[str, ...], Field(min_length=1)] | None = None


class RowFilter(Part):
    """A data filter of Lake Formation: the rows on which the grant's columns show."""

    name: Annotated[str, names.FILTER]
    """Its name in the account. Grants that name the same filter of one table must say the same of it."""
    where: Annotated[str, Field(min_length=1)]
    """Comparisons of columns with constants, joined by AND, OR and NOT (``lakeproof.plan.predicates``)."""


class Grant(Part):
    """SELECT for one person on one table. What is not granted is refused."""

    person: str
    table: str
    columns: Annotated[
        Annotated[Literal["all"], Tag("<one>")] | Annotated[Columns, Tag("<several>")], Discriminator(_form)
    ]
    row_filter: RowFilter | None = None
    """Left out: all rows."""
    grant_option: bool = False


class TagGrant(Part):
    """SELECT for one person on every table and column whose LF-Tags match: each key by one of its values."""

    person: str
    lf_tags: Annotated[dict[TagKey, TagValues], Field(min_length=1)]
    grant_option: bool = False


AnyGrant = Annotated[Annotated[Grant, Tag("<table>")] | Annotated[TagGrant, Tag("<tags>")], Discriminator(_grant_form)]
