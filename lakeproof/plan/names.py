"""What AWS accepts as a name, each rule with its source, and the placeholders that a name may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

ACCOUNT_PLACEHOLDERS = ("account", "region", "run")
"""Known once the account is: resolved by ``Plan.resolved``."""
PERSON_PLACEHOLDERS = ("person", "user_id", "profile")
"""Known from the person alone: resolved when the plan is loaded."""

_SAMPLE = {
    "account": "123456789012",
    "region": "us-east-1",
    "run": "0a1b2c3d",
    "person": "person",
    "user_id": "person",
    "profile": "person",
}
_PLACEHOLDER = re.compile(r"(?<!\$)\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace ``{name}`` for the names in ``values``. Others, and IAM's ``${aws:...}``, stay as they are."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def placeholders(text: str) -> set[str]:
    """The ``{names}`` that a text holds."""
    return set(_PLACEHOLDER.findall(text))


@dataclass(frozen=True)
class Rule:
    """A kind of name: what it must look like, in AWS's terms and in words, and where AWS says so.

    ``Annotated[str, RULE]`` is a pydantic field that holds to it; the error's type is "name".
    """

    kind: str
    pattern: str
    shortest: int
    longest: int
    words: str
    source: str

    def expected(self) -> str:
        """One sentence for whoever has to mend a name."""
        return f"{self.kind}: {self.words}, {self.shortest} to {self.longest} characters ({self.source})"

    def accepts(self, name: str) -> bool:
        """True when AWS would take ``name``, its placeholders filled with samples.

        The Region's is the shortest: whether a name fits another is known when the plan is resolved for it."""
        filled = fill(name, _SAMPLE)
        return (
            self.shortest <= len(filled) <= self.longest
            and not placeholders(filled)
            and re.fullmatch(self.pattern, filled) is not None
        )

    def check(self, name: str) -> str:
        """``name`` itself. Raises pydantic's error of type "name" when AWS would refuse it."""
        if not self.accepts(name):
            raise PydanticCustomError("name", "{expected}", {"expected": self.expected(), "odd": self.odd(name)})
        return name

    def odd(self, name: str) -> str:
        """The characters of ``name`` that the rule allows nowhere, as far as one can tell."""
        plain = {letter for letter in fill(name, _SAMPLE) if not letter.isalnum()}
        return " ".join(
            sorted(
                letter
                for letter in plain
                if not re.fullmatch(self.pattern, f"abc{letter}abc{letter}")
                and not re.fullmatch(self.pattern, f"abc{letter}abc")
            )
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"description": self.expected()}


PROFILE = Rule(
    "a SageMaker profile name",
    r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
    1,
    63,
    "letters, digits and hyphens, no hyphen first or last",
    "SageMaker API, CreateUserProfile",
)
DOMAIN = Rule("a SageMaker domain name", PROFILE.pattern, 1, 63, PROFILE.words, "SageMaker API, CreateDomain")
USER = Rule("an IAM user name", r"[\w+=,.@-]+", 1, 64, "letters, digits and +=,.@_-", "IAM API, CreateUser")
ROLE = Rule("an IAM role name", r"[\w+=,.@-]+", 1, 64, "letters, digits and +=,.@_-", "IAM API, CreateRole")
GROUP = Rule("an IAM group name", r"[\w+=,.@-]+", 1, 128, "letters, digits and +=,.@_-", "IAM API, CreateGroup")
POLICY = Rule("an IAM policy name", r"[\w+=,.@-]+", 1, 128, "letters, digits and +=,.@_-", "IAM API, CreatePolicy")
PERMISSION_SET = Rule(
    "a permission set name", r"[\w+=,.@-]+", 1, 32, "letters, digits and +=,.@_-", "SSO admin API, CreatePermissionSet"
)
BUCKET = Rule(
    "an S3 bucket name",
    r"(?!xn--|sthree-|.*-s3alias$)[a-z0-9][a-z0-9-]*[a-z0-9]",
    3,
    63,
    "lower-case letters, digits and hyphens, no hyphen first or last",
    "S3 user guide, Bucket naming rules",
)
TRAIL = Rule(
    "a trail name",
    r"(?!.*[._-]{2})(?!(?:\d+\.){3}\d+$)[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]",
    3,
    128,
    "letters, digits and ._-, never two of these side by side, a letter or digit first and last",
    "CloudTrail API, CreateTrail",
)
DATABASE = Rule(
    "a database name",
    r"[a-z0-9_]+",
    1,
    255,
    "lower-case letters, digits and underscores",
    "Athena user guide, Name databases, tables, and columns",
)
TABLE = Rule("a table name", r"[a-z0-9_]+", 1, 255, DATABASE.words, DATABASE.source)
COLUMN = Rule("a column name", r"[a-z0-9_]+", 1, 255, DATABASE.words, DATABASE.source)
WORKGROUP = Rule(
    "an Athena workgroup name", r"[a-zA-Z0-9._-]+", 1, 128, "letters, digits and ._-", "Athena API, CreateWorkGroup"
)
TAG_KEY = Rule(
    "a tag key",
    r"(?!aws:)[\w .:/=+@-]+",
    1,
    128,
    "letters, digits, spaces and _.:/=+@-, not 'aws:' first",
    "IAM user guide, Tags for IAM resources",
)
PREFIX = Rule(
    "an S3 prefix",
    r"([A-Za-z0-9!_.*'()@=+-]+/)+",
    2,
    512,
    "words joined by '/' and a '/' at the end",
    "S3 user guide, Naming objects; no leading '/'",
)
PERSON = Rule(
    "a person's name",
    r"[A-Za-z0-9](?:[A-Za-z0-9._@-]*[A-Za-z0-9])?",
    1,
    64,
    "letters, digits and ._@- (no placeholder)",
    "Lakeproof: it heads the rows of the report",
)
PLAN = Rule("a plan's name", r"[a-z0-9]+(-[a-z0-9]+)*", 1, 40, "lower-case words joined by hyphens", "Lakeproof")
VPC = Rule("a VPC id", r"vpc-[0-9a-f]{8}([0-9a-f]{9})?", 12, 21, "vpc- and 8 or 17 hexadecimal digits", "EC2 API")
SUBNET = Rule(
    "a subnet id", r"subnet-[0-9a-f]{8}([0-9a-f]{9})?", 15, 24, "subnet- and 8 or 17 hexadecimal digits", "EC2 API"
)
EXTERNAL_ID = Rule("an external id", r"[\w+=,.@:/-]+", 2, 1224, "letters, digits and _+=,.@:/-", "STS API, AssumeRole")
POLICY_ARN = Rule(
    "a managed policy's ARN",
    r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]+",
    20,
    2048,
    "arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME",
    "IAM API, AttachRolePolicy",
)
EMAIL = Rule(
    "a federated user id",
    r"[^@\s:/]+@[^@\s:/]+",
    3,
    128,
    "an e-mail address",
    "the walkthrough maps ${user:email} to the session tag",
)
LF_TAG_KEY = Rule(
    "an LF-Tag's key",
    r"[a-z0-9_.:/+@%-]+",
    1,
    128,
    "lower-case letters, digits and _.:/+@%-",
    "Lake Formation API, LFTag; keys and values are stored in lower case: developer guide, LF-Tag restrictions",
)
LF_TAG_VALUE = Rule("an LF-Tag's value", LF_TAG_KEY.pattern, 1, 256, LF_TAG_KEY.words, LF_TAG_KEY.source)
FILTER = Rule(
    "a row filter's name", r"[A-Za-z0-9_-]+", 1, 255, "letters, digits and _-", "Lake Formation API, DataCellsFilter"
)
COLUMN_TYPE = Rule(
    "a column type",
    r"string|tinyint|smallint|int|bigint|float|double|boolean|date|timestamp|"
    r"decimal\(([1-9]|[12]\d|3[0-8]),([0-9]|[12]\d|3[0-8])\)",
    3,
    14,
    "one of string, tinyint, smallint, int, bigint, float, double, boolean, date, timestamp, decimal(p,s)",
    "Athena user guide, Data types; others are not generated yet",
)
