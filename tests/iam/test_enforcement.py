"""IAM through the front door: what a user or a role session may do in a running account, and how it is refused."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import CLIENT, Embedded

ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(**principal: Any) -> str:
    """A trust policy for AssumeRole, TagSession and SetSourceIdentity."""
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    return document({"Effect": "Allow", "Action": actions, "Principal": principal})


def user(embedded: Embedded, name: str, *statements: dict[str, Any]) -> dict[str, Any]:
    """Make a user with one inline policy and return its access key."""
    iam = embedded.client("iam")
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key: dict[str, Any] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def role(embedded: Embedded, name: str, trust_policy: str, *statements: dict[str, Any], **extra: Any) -> str:
    """Make a role with one inline policy and return its ARN."""
    iam = embedded.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_policy, **extra)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return arn


def refused(call: Any, *arguments: Any, **parameters: Any) -> tuple[str, int, str]:
    """Error code, HTTP status and message of a call that must be refused."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **parameters)
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_each_service_refuses_in_its_own_words(embedded: Embedded) -> None:
    """A user without policies is refused everywhere, with the service's code, status and AWS's text."""
    key = user(embedded, "nobody")
    arn = f"arn:aws:iam::{embedded.account_id}:user/nobody"
    workgroup = f"arn:aws:athena:us-east-1:{embedded.account_id}:workgroup/primary"
    assert refused(embedded.client("athena", key).get_work_group, WorkGroup="primary") == (
        "AccessDeniedException",
        400,
        f"User: {arn} is not authorized to perform: athena:GetWorkGroup on resource: {workgroup} because no "
        "identity-based policy allows the athena:GetWorkGroup action",
    )
    assert refused(embedded.client("athena", key).list_work_groups)[2] == (
        f"User: {arn} is not authorized to perform: athena:ListWorkGroups because no identity-based policy allows "
        "the athena:ListWorkGroups action"
    )
    code, status, text = refused(embedded.client("s3", key).get_object, Bucket="lake", Key="k")
    assert (code, status) == ("AccessDenied", 403)
    assert 'on resource: "arn:aws:s3:::lake/k" because' in text
    code, status, text = refused(embedded.client("iam", key).list_users)
    assert (code, status) == ("AccessDenied", 403)
    assert text.endswith("because no identity-based policy allows the iam:ListUsers action")
    assert embedded.client("sts", key).get_caller_identity()["Arn"] == arn


def test_explicit_deny_says_so(embedded: Embedded) -> None:
    """A Deny beside an Allow of everything refuses what it names, in AWS's words, and nothing else."""
    key = user(embedded, "denied", ALLOW_ALL, {"Effect": "Deny", "Action": "glue:Get*", "Resource": "*"})
    text = refused(embedded.client("glue", key).get_databases)[2]
    assert text.endswith("with an explicit deny in an identity-based policy")
    assert "UserName" in embedded.client("iam", key).get_user()["User"]


def test_boundary_limits_a_role(embedded: Embedded) -> None:
    """A role with a permissions boundary may do what both allow."""
    iam = embedded.client("iam")
    policy = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    boundary = iam.create_policy(PolicyName="OnlyS3", PolicyDocument=policy)["Policy"]["Arn"]
    trusted = trust(AWS=embedded.account_id)
    arn = role(embedded, "bounded", trusted, ALLOW_ALL, PermissionsBoundary=boundary)
    session = embedded.as_role(arn, "tester")
    assert refused(embedded.client("glue", session).get_databases)[2].endswith(
        "because no permissions boundary allows the glue:GetDatabases action"
    )
    assert "Buckets" in embedded.client("s3", session).list_buckets()


def test_session_policy_limits_the_session(embedded: Embedded) -> None:
    """A session may do what the role's policies and the session policy both allow."""
    arn = role(embedded, "wide", trust(AWS=embedded.account_id), ALLOW_ALL)
    narrow = document({"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
    session = embedded.as_role(arn, "tester", Policy=narrow)
    assert refused(embedded.client("glue", session).get_databases)[2].endswith(
        "because no session policy allows the glue:GetDatabases action"
    )
    assert "Buckets" in embedded.client("s3", session).list_buckets()


def test_policy_variable_follows_the_session_tags(embedded: Embedded) -> None:
    """A session tag overlays the role's tag of the same key, and a policy variable follows it."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="homes")
    for name in ("ann", "bob"):
        s3.put_object(Bucket="homes", Key=f"{name}/x", Body=b"x")
    own = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::homes/${aws:PrincipalTag/who}/*"}
    tags = [{"Key": "who", "Value": "ann"}]
    arn = role(embedded, "home", trust(AWS=embedded.account_id), own, Tags=tags)
    plain = embedded.client("s3", embedded.as_role(arn, "tester"))
    tagged = embedded.client("s3", embedded.as_role(arn, "tester", Tags=[{"Key": "who", "Value": "bob"}]))
    assert refused(plain.get_object, Bucket="homes", Key="bob/x")[0] == "AccessDenied"
    assert refused(tagged.get_object, Bucket="homes", Key="ann/x")[0] == "AccessDenied"
    assert plain.get_object(Bucket="homes", Key="ann/x")["Body"].read() == b"x"
    assert tagged.get_object(Bucket="homes", Key="bob/x")["Body"].read() == b"x"


def test_bucket_policy_grants_and_denies(embedded: Embedded) -> None:
    """A bucket policy opens a bucket to a user it names, and closes it to the administrator."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="open", Body=b"x")
    s3.put_object(Bucket="shared", Key="shut", Body=b"x")
    key = user(embedded, "guest")
    grant = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shared/open",
        "Principal": {"AWS": f"arn:aws:iam::{embedded.account_id}:user/guest"},
    }
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/shut", "Principal": "*"}
    assert refused(embedded.client("s3", key).get_object, Bucket="shared", Key="open")[0] == "AccessDenied"
    s3.put_bucket_policy(Bucket="shared", Policy=document(grant, deny))
    assert refused(s3.get_object, Bucket="shared", Key="shut")[2].endswith(
        "with an explicit deny in a resource-based policy"
    )
    assert embedded.client("s3", key).get_object(Bucket="shared", Key="open")["Body"].read() == b"x"


@pytest.mark.parametrize(("comparison", "refuses"), [("NumericLessThan", True), ("NumericGreaterThan", False)])
def test_bucket_policy_reads_the_age_of_a_signature(embedded: Embedded, comparison: str, refuses: bool) -> None:
    """s3:signatureAge is the time in milliseconds since the request was signed, presigned URLs included."""
    s3, bucket = embedded.client("s3"), f"aged-{comparison.lower()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    condition = {comparison: {"s3:signatureAge": "600000"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=document({**deny, "Condition": condition}))
    presigning = embedded.client("s3", config=CLIENT.merge(Config(signature_version="s3v4")))
    url = presigning.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    if refuses:
        assert "explicit deny in a resource-based policy" in refused(s3.get_object, Bucket=bucket, Key="k")[2]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(url, timeout=10)
        return
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == b"x"


def test_role_may_be_assumed_by_whom_it_trusts(embedded: Embedded) -> None:
    """AssumeRole needs the trust policy. Trust in an account leaves it to identity policies."""
    key = user(embedded, "climber")
    arn = f"arn:aws:iam::{embedded.account_id}:user/climber"
    by_account = role(embedded, "by-account", trust(AWS=embedded.account_id))
    by_name = role(embedded, "by-name", trust(AWS=arn))
    by_service = role(embedded, "by-service", trust(Service="sagemaker.amazonaws.com"))
    sts = embedded.client("sts", key)
    for wanted in (by_account, by_service):
        assert refused(sts.assume_role, RoleArn=wanted, RoleSessionName="tester") == (
            "AccessDenied",
            403,
            f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {wanted}",
        )
    assert (
        refused(embedded.client("sts").assume_role, RoleArn=by_service, RoleSessionName="tester")[0] == "AccessDenied"
    )
    assert sts.assume_role(RoleArn=by_name, RoleSessionName="tester")["AssumedRoleUser"]["Arn"].endswith(
        "/by-name/tester"
    )


def test_session_tags_and_source_identity_need_their_own_permission(embedded: Embedded) -> None:
    """A trust policy with sts:AssumeRole alone lets nobody pass tags or a source identity. ExternalId must match."""
    only_assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": embedded.account_id}}
    arn = role(embedded, "strict", document({**only_assume, "Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}}))
    sts = embedded.client("sts")
    asked = {"RoleArn": arn, "RoleSessionName": "tester", "ExternalId": "x-1"}
    assert "sts:AssumeRole" in refused(sts.assume_role, RoleArn=arn, RoleSessionName="tester")[2]
    assert "sts:AssumeRole" in refused(sts.assume_role, **{**asked, "ExternalId": "x-2"})[2]
    assert "sts:TagSession" in refused(sts.assume_role, **asked, Tags=[{"Key": "a", "Value": "b"}])[2]
    assert "sts:SetSourceIdentity" in refused(sts.assume_role, **asked, SourceIdentity="ann")[2]
    assert "Credentials" in sts.assume_role(**asked)


def test_passing_a_role_needs_permission_for_the_service(embedded: Embedded) -> None:
    """A role can be given to SageMaker only by those who may pass it to SageMaker."""
    execution = role(embedded, "execution", trust(Service="sagemaker.amazonaws.com"))
    glue_only = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    create = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": execution}
    key = user(embedded, "passer", create, {**passing, "Condition": glue_only})
    asked: dict[str, Any] = {"DomainId": "d-none", "UserProfileName": "p", "UserSettings": {"ExecutionRole": execution}}
    sagemaker = embedded.client("sagemaker", key)
    assert f"iam:PassRole on resource: {execution}" in refused(sagemaker.create_user_profile, **asked)[2]
    embedded.client("iam").put_user_policy(UserName="passer", PolicyName="pass", PolicyDocument=document(passing))
    assert refused(sagemaker.create_user_profile, **asked)[0] == "ResourceNotFound"


def test_stored_policies_are_checked(embedded: Embedded) -> None:
    """A malformed or oversized document, or one that trusts nobody who exists, is not stored."""
    iam = embedded.client("iam")
    iam.create_user(UserName="writer")
    bad = document(
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringIs": {"s3:prefix": "a"}}}
    )
    put = {"UserName": "writer", "PolicyName": "p"}
    assert refused(iam.put_user_policy, **put, PolicyDocument=bad)[0] == "MalformedPolicyDocument"
    assert refused(iam.put_user_policy, **put, PolicyDocument="{")[0] == "MalformedPolicyDocument"
    half = document(
        *[{"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{'x' * 60}{n}"} for n in range(9)]
    )
    iam.put_user_policy(**put, PolicyDocument=half)
    assert refused(iam.put_user_policy, UserName="writer", PolicyName="q", PolicyDocument=half) == (
        "LimitExceeded",
        409,
        "Maximum policy size of 2048 bytes exceeded for user writer",
    )
    iam.put_user_policy(**put, PolicyDocument=half)
    big = document(
        *[{"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{n}{'x' * 99}"} for n in range(40)]
    )
    assert refused(iam.create_policy, PolicyName="big", PolicyDocument=big)[0] == "LimitExceeded"
    ghost = trust(AWS=f"arn:aws:iam::{embedded.account_id}:user/ghost")
    code, _, text = refused(iam.create_role, RoleName="haunted", AssumeRolePolicyDocument=ghost)
    assert (code, text.partition(":")[0]) == ("MalformedPolicyDocument", "Invalid principal in policy")
    embedded.client("s3").create_bucket(Bucket="haunted")
    open_to_ghost = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::haunted",
        "Principal": {"AWS": f"arn:aws:iam::{embedded.account_id}:user/ghost"},
    }
    put_bucket_policy = embedded.client("s3").put_bucket_policy
    assert refused(put_bucket_policy, Bucket="haunted", Policy=document(open_to_ghost))[0] == "MalformedPolicy"


def test_what_is_not_known_is_refused_by_name(embedded: Embedded) -> None:
    """An unknown operation, or a decision that hangs on an unknown condition key, is 501 and names what is unknown."""
    code, status, text = refused(embedded.client("iam").list_virtual_mfa_devices)
    assert (code, status) == ("NotImplemented", 501)
    assert "ListVirtualMFADevices" in text
    made_up = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"s3:MadeUp": "true"}}}
    key = user(embedded, "puzzled", made_up)
    code, status, text = refused(embedded.client("s3", key).list_buckets)
    assert (code, status) == ("NotImplemented", 501)
    assert "s3:MadeUp" in text
