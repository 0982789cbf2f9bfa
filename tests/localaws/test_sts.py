"""AssumeRole and GetCallerIdentity, through the front door."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import CLIENT, Embedded

ALL_STS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
UNCHECKED = CLIENT.merge(Config(parameter_validation=False))
"""The server's limits are what is tested, not botocore's."""
TAGS = [{"Key": "studiouserid", "Value": "one"}]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Lab:
    """Makes users and roles with names of their own, and asks STS with their keys."""

    def __init__(self, embedded: Embedded) -> None:
        self.embedded = embedded
        self.iam = embedded.client("iam")
        self.root = f"arn:aws:iam::{embedded.account_id}:root"
        self.made = 0

    def name(self) -> str:
        self.made += 1
        return f"made-{self.made}"

    def user(self, *actions: str) -> dict[str, Any]:
        """The key of a user who may do ``actions`` on everything."""
        name = self.name()
        self.iam.create_user(UserName=name)
        if actions:
            allow = document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=allow)
        key: dict[str, Any] = self.iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def role(
        self,
        trusted: list[str] | None = None,
        condition: dict[str, Any] | None = None,
        rights: tuple[str, ...] = ALL_STS,
        **more: Any,
    ) -> str:
        """The ARN of a role that trusts the account for ``trusted`` actions, and may do ``rights`` itself."""
        name = self.name()
        statement = {"Effect": "Allow", "Principal": {"AWS": self.root}, "Action": trusted or ALL_STS}
        trust = document({**statement, **({"Condition": condition} if condition else {})})
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
        allow = document({"Effect": "Allow", "Action": list(rights), "Resource": "*"})
        self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=allow)
        return arn

    def assume(self, arn: str, credentials: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        """AssumeRole's answer."""
        parameters = {"RoleSessionName": "me", **parameters}
        sts = self.embedded.client("sts", credentials, config=UNCHECKED)
        answer: dict[str, Any] = sts.assume_role(RoleArn=arn, **parameters)
        return answer

    def refused(self, arn: str, credentials: dict[str, Any] | None = None, **parameters: Any) -> tuple[str, str]:
        """Code and message of a refusal."""
        with pytest.raises(ClientError) as error:
            self.assume(arn, credentials, **parameters)
        found = error.value.response["Error"]
        return found["Code"], found["Message"]


@pytest.fixture(scope="module")
def lab(embedded: Embedded) -> Lab:
    return Lab(embedded)


class TestWhoMay:
    """Trust policy and identity policy, and what each extra needs."""

    def test_a_role_that_does_not_exist_is_refused_like_one_that_may_not_be_assumed(self, lab: Lab) -> None:
        """The text names caller, action and role, has no "because", and does not tell whether the role exists."""
        key = lab.user("s3:GetObject")
        absent = f"arn:aws:iam::{lab.embedded.account_id}:role/absent"
        text = "User: {} is not authorized to perform: sts:AssumeRole on resource: {}"
        who = lab.embedded.client("sts", key).get_caller_identity()["Arn"]
        for arn in (absent, lab.role(), "arn:aws:iam::999999999999:role/elsewhere"):
            assert lab.refused(arn, key) == ("AccessDenied", text.format(who, arn))

    def test_the_path_is_part_of_the_arn(self, lab: Lab) -> None:
        """A role is found by its whole ARN, path included."""
        arn = lab.role(Path="/service-role/")
        assert lab.refused(arn.replace("/service-role/", "/"))[0] == "AccessDenied"
        assert lab.assume(arn)["AssumedRoleUser"]["Arn"].split(":")[5].startswith("assumed-role/made-")

    def test_both_sides_must_allow(self, lab: Lab) -> None:
        """A trust policy that names the account delegates: the caller's own policy must allow too."""
        arn = lab.role()
        assert lab.refused(arn, lab.user())[0] == "AccessDenied"
        assert lab.assume(arn, lab.user("sts:AssumeRole"))["Credentials"]

    def test_a_trust_policy_that_names_the_user_is_enough(self, lab: Lab) -> None:
        """Within one account a trust policy that names the user's ARN grants by itself, and only to that user."""
        key, other = lab.user(), lab.user()
        user_arn = lab.embedded.client("sts", key).get_caller_identity()["Arn"]
        trust = document({"Effect": "Allow", "Principal": {"AWS": user_arn}, "Action": "sts:AssumeRole"})
        name = lab.name()
        arn = lab.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        assert lab.refused(arn, other)[0] == "AccessDenied"
        assert lab.assume(arn, key)["Credentials"]

    @pytest.mark.parametrize(
        ("action", "extra"),
        [
            ("sts:TagSession", {"Tags": TAGS}),
            ("sts:SetSourceIdentity", {"SourceIdentity": "one"}),
        ],
    )
    def test_tags_and_source_identity_need_their_own_permission(
        self, lab: Lab, action: str, extra: dict[str, Any]
    ) -> None:
        """sts:TagSession and sts:SetSourceIdentity must be allowed by the trust policy and by the caller's."""
        without = [each for each in ALL_STS if each != action]
        full = lab.user(*ALL_STS)
        code, message = lab.refused(lab.role(without), full, **extra)
        assert code == "AccessDenied" and f"perform: {action} on resource" in message
        code, message = lab.refused(lab.role(), lab.user(*without), **extra)
        assert code == "AccessDenied" and f"perform: {action} on resource" in message
        assert lab.assume(lab.role(without), full)["Credentials"]
        assert lab.assume(lab.role(), full, **extra)["Credentials"]

    def test_an_external_id_must_match(self, lab: Lab) -> None:
        """A trust policy that asks for an external id refuses another one, and none."""
        arn = lab.role(condition={"StringEquals": {"sts:ExternalId": "secret/1"}})
        assert lab.refused(arn)[0] == "AccessDenied"
        assert lab.refused(arn, ExternalId="secret/2")[0] == "AccessDenied"
        assert lab.assume(arn, ExternalId="secret/1")["Credentials"]

    def test_conditions_on_tags_and_session_name(self, lab: Lab) -> None:
        """Request tags, their keys and the session's name can be asked for in a trust policy."""
        arn = lab.role(condition={"StringEquals": {"aws:RequestTag/studiouserid": "one", "sts:RoleSessionName": "me"}})
        assert lab.refused(arn)[0] == "AccessDenied"
        assert lab.refused(arn, Tags=[{"Key": "studiouserid", "Value": "two"}])[0] == "AccessDenied"
        assert lab.refused(arn, Tags=TAGS, RoleSessionName="you")[0] == "AccessDenied"
        assert lab.assume(arn, Tags=TAGS)["Credentials"]


class TestParameters:
    """Limits of STS's API reference."""

    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({"RoleSessionName": "x"}, "greater than or equal to 2"),
            ({"RoleSessionName": "x" * 65}, "less than or equal to 64"),
            ({"RoleSessionName": "with space"}, r"regular expression pattern: [\w+=,.@-]*"),
            ({"RoleSessionName": "naïve"}, "regular expression"),
            ({"DurationSeconds": 899}, "greater than or equal to 900"),
            ({"DurationSeconds": 43201}, "less than or equal to 43200"),
            ({"DurationSeconds": 3601}, "MaxSessionDuration set for this role"),
            ({"ExternalId": "bad id"}, "regular expression"),
            ({"SourceIdentity": "a/b"}, "regular expression"),
            ({"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}, "less than or equal to 50"),
            ({"Tags": [{"Key": "k" * 129, "Value": ""}]}, "less than or equal to 128"),
            ({"Tags": [{"Key": "k", "Value": "v" * 257}]}, "less than or equal to 256"),
            ({"PolicyArns": [{"arn": ADMINISTRATOR_ACCESS}] * 11}, "less than or equal to 10"),
            ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/Absent"}]}, "does not exist or is not attachable"),
        ],
        ids=str,
    )
    def test_what_does_not_fit_is_a_validation_error(self, lab: Lab, parameters: dict[str, Any], words: str) -> None:
        """Each limit is refused with ValidationError, in words that name the constraint."""
        code, message = lab.refused(lab.role(), **parameters)
        assert code == "ValidationError"
        assert words in message

    @pytest.mark.parametrize(
        "arn", ["arn:aws:iam::123456789012:user/no-role", "x" * 30, "arn:aws:s3:::a-long-bucket-name"]
    )
    def test_a_role_arn_must_be_one(self, lab: Lab, arn: str) -> None:
        """What is no role's ARN is invalid."""
        assert lab.refused(arn) == ("ValidationError", f"{arn} is invalid")

    @pytest.mark.parametrize(
        ("parameters", "code"),
        [
            ({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "InvalidParameterValue"),
            ({"Tags": [{"Key": "aws:x", "Value": ""}]}, "InvalidParameterValue"),
            ({"Tags": TAGS, "TransitiveTagKeys": ["other"]}, "InvalidParameterValue"),
            ({"Policy": "{}"}, "MalformedPolicyDocument"),
            ({"Policy": "not json"}, "MalformedPolicyDocument"),
            ({"Policy": document() + " " * 2048}, "PackedPolicyTooLarge"),
        ],
        ids=str,
    )
    def test_what_contradicts_itself_is_refused(self, lab: Lab, parameters: dict[str, Any], code: str) -> None:
        """Duplicate and reserved tags, foreign transitive keys, malformed and oversized policies."""
        assert lab.refused(lab.role(), **parameters)[0] == code

    @pytest.mark.parametrize(
        "parameters",
        [
            {"SerialNumber": "arn:aws:iam::123456789012:mfa/me", "TokenCode": "123456"},
            {
                "ProvidedContexts": [
                    {"ProviderArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "ContextAssertion": "x" * 10}
                ]
            },
        ],
        ids=["MFA", "contexts"],
    )
    def test_what_is_not_served_is_refused_by_name(self, lab: Lab, parameters: dict[str, Any]) -> None:
        """MFA and provided contexts are not served, and say so."""
        code, message = lab.refused(lab.role(), **parameters)
        assert code == "NotImplemented" and next(iter(parameters)) in message


class TestSessions:
    """What a session is, and what it may."""

    def test_the_answer_is_stss(self, lab: Lab) -> None:
        """Ids, ARN, expiry and key look as STS's, and GetCallerIdentity says the same."""
        arn = lab.role()
        before = datetime.now(UTC)
        answer = lab.assume(arn, SourceIdentity="one", DurationSeconds=900)
        made, who = answer["Credentials"], answer["AssumedRoleUser"]
        assert made["AccessKeyId"].startswith("ASIA") and len(made["AccessKeyId"]) == 20
        assert abs(made["Expiration"] - before - timedelta(seconds=900)) < timedelta(seconds=5)
        assert who["AssumedRoleId"].startswith("AROA") and who["AssumedRoleId"].endswith(":me")
        assert who["Arn"] == f"arn:aws:sts::{lab.embedded.account_id}:assumed-role/{arn.rpartition('/')[2]}/me"
        assert answer["SourceIdentity"] == "one"
        identity = lab.embedded.client("sts", made).get_caller_identity()
        assert (identity["UserId"], identity["Arn"]) == (who["AssumedRoleId"], who["Arn"])

    def test_a_session_policy_only_narrows(self, lab: Lab) -> None:
        """A session may do what role and session policy both allow, inline or by ARN."""
        arn = lab.role(rights=("s3:ListAllMyBuckets",))
        allow = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
        s3_only = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
        for parameters, lists, users in (
            ({}, True, False),
            ({"Policy": document(allow)}, False, False),
            ({"PolicyArns": [{"arn": s3_only}]}, True, False),
            ({"PolicyArns": [{"arn": ADMINISTRATOR_ACCESS}]}, True, False),
            ({"Policy": document(allow), "PolicyArns": [{"arn": s3_only}]}, True, False),
        ):
            made = lab.assume(arn, **parameters)["Credentials"]
            assert may(lambda made=made: lab.embedded.client("s3", made).list_buckets()) is lists, parameters
            assert may(lambda made=made: lab.embedded.client("iam", made).list_users()) is users, parameters

    def test_chained_sessions_last_an_hour(self, lab: Lab) -> None:
        """A role that a session assumes is limited to one hour, whatever the role's maximum."""
        first = lab.assume(lab.role())["Credentials"]
        second = lab.role(MaxSessionDuration=43200)
        code, message = lab.refused(second, first, DurationSeconds=3601)
        assert code == "ValidationError" and "role chaining" in message
        assert lab.assume(second, first, DurationSeconds=3600)["Credentials"]
        assert lab.assume(second, DurationSeconds=43200)["Credentials"]

    def test_a_source_identity_stays(self, lab: Lab) -> None:
        """A source identity goes with the chain, cannot be changed, and needs its permission at each step."""
        first = lab.assume(lab.role(), SourceIdentity="one")["Credentials"]
        assert lab.refused(lab.role(), first, SourceIdentity="two")[0] == "AccessDenied"
        assert lab.refused(lab.role(["sts:AssumeRole"]), first)[0] == "AccessDenied"
        assert lab.assume(lab.role(), first)["SourceIdentity"] == "one"
        assert lab.assume(lab.role(), first, SourceIdentity="one")["SourceIdentity"] == "one"

    def test_transitive_tags_go_on_and_others_do_not(self, lab: Lab) -> None:
        """A transitive tag reaches the next session, cannot be overridden, and an ordinary tag ends with its own."""
        tags = [*TAGS, {"Key": "team", "Value": "data"}]
        first = lab.assume(lab.role(), Tags=tags, TransitiveTagKeys=["studiouserid"])["Credentials"]
        needs = {"StringEquals": {"aws:RequestTag/studiouserid": "one"}}
        code, message = lab.refused(lab.role(), first, Tags=[{"Key": "studioUserId", "Value": "two"}])
        assert code == "InvalidParameterValue" and "conflicts with a transitive tag key" in message
        second = lab.assume(lab.role(condition=needs), first)["Credentials"]
        third_needs_team = lab.role(condition={"StringEquals": {"aws:PrincipalTag/team": "data"}})
        assert lab.refused(third_needs_team, second)[0] == "AccessDenied"
        assert lab.assume(third_needs_team, first)["Credentials"]
        third = lab.role(condition={"StringEquals": {"aws:PrincipalTag/studiouserid": "one"}})
        assert lab.assume(third, second)["Credentials"]

    def test_a_deleted_role_leaves_its_sessions_without_rights(self, lab: Lab) -> None:
        """The sessions of a role that was deleted and made again may do nothing."""
        arn = lab.role(rights=("s3:ListAllMyBuckets",))
        name = arn.rpartition("/")[2]
        trust = json.dumps(lab.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
        made = lab.assume(arn)["Credentials"]
        assert may(lambda: lab.embedded.client("s3", made).list_buckets())
        lab.iam.delete_role_policy(RoleName=name, PolicyName="own")
        lab.iam.delete_role(RoleName=name)
        lab.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        lab.iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR_ACCESS)
        assert not may(lambda: lab.embedded.client("s3", made).list_buckets())
        fresh = lab.assume(arn)["Credentials"]
        assert may(lambda: lab.embedded.client("s3", fresh).list_buckets())

    def test_a_session_ends_by_the_accounts_clock(self, start_embedded: Any) -> None:
        """A session that lasts 900 s works after 899 s and is expired after 901 s of the account's time."""
        with start_embedded() as account:
            lab = Lab(account)
            made = lab.assume(lab.role(), DurationSeconds=900)["Credentials"]
            sts = account.client("sts", made)
            account.control("clock", {"advance": 890})
            assert sts.get_caller_identity()["Account"] == account.account_id
            account.control("clock", {"advance": 11})
            with pytest.raises(ClientError, match="ExpiredToken"):
                sts.get_caller_identity()


class TestRefusedByName:
    """Operations of STS that are not served."""

    def test_signed_operations(self, lab: Lab) -> None:
        """GetSessionToken, GetFederationToken and the rest are NotImplemented, 501, by name."""
        sts = lab.embedded.client("sts")
        for call, parameters in (
            (sts.get_session_token, {}),
            (sts.get_federation_token, {"Name": "me"}),
            (sts.decode_authorization_message, {"EncodedMessage": "x"}),
            (sts.get_access_key_info, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
        ):
            with pytest.raises(ClientError) as error:
                call(**parameters)
            assert error.value.response["Error"]["Code"] == "NotImplemented"
            assert error.value.operation_name in error.value.response["Error"]["Message"]

    def test_unsigned_operations(self, lab: Lab) -> None:
        """AssumeRoleWithSAML and AssumeRoleWithWebIdentity are refused by name too, though nobody signs them."""
        sts = lab.embedded.client("sts", config=Config(signature_version=UNSIGNED))
        role = f"arn:aws:iam::{lab.embedded.account_id}:role/absent"
        for call, parameters in (
            (
                sts.assume_role_with_web_identity,
                {"RoleArn": role, "RoleSessionName": "me", "WebIdentityToken": "token"},
            ),
            (
                sts.assume_role_with_saml,
                {"RoleArn": role, "PrincipalArn": role.replace("role", "saml-provider"), "SAMLAssertion": "assertion"},
            ),
        ):
            with pytest.raises(ClientError) as error:
                call(**parameters)
            assert error.value.response["Error"]["Code"] == "NotImplemented"
            assert error.value.operation_name in error.value.response["Error"]["Message"]

    def test_no_permission_is_needed_to_ask_who_one_is(self, lab: Lab) -> None:
        """GetCallerIdentity answers even a user whose policies deny it."""
        key = lab.user()
        name = key["UserName"]
        deny = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
        lab.iam.put_user_policy(UserName=name, PolicyName="none", PolicyDocument=deny)
        identity = lab.embedded.client("sts", key).get_caller_identity()
        assert identity["Arn"] == f"arn:aws:iam::{lab.embedded.account_id}:user/{name}"
        assert identity["UserId"].startswith("AIDA")


def may(call: Any) -> bool:
    """Whether a call is allowed; any refusal but AccessDenied is an error."""
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    return True
