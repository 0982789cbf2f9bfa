"""The contract between the account and moto: what is written through the store is what its short cuts read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localaws.errors import AwsError
from localaws.store import PolicyRecord, Store

ACCOUNT_ID = "210987654321"
FORM = "application/x-www-form-urlencoded"
TRUST = '{"Version":"2012-10-17","Statement":[]}'
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


@pytest.fixture(scope="module", params=["us-east-1", "eu-west-1"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store in two regions, for an account that is not moto's own."""
    account_id = ACCOUNT_ID if request.param == "us-east-1" else "111122223333"
    store = Store(account_id, request.param)
    create_bucket(store, "lake")
    yield store


def create_bucket(store: Store, name: str) -> None:
    where = {} if store.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": store.region}}
    suffix = "" if store.region == "us-east-1" else f"-{store.region}"
    store.invoke("s3", "CreateBucket", {"Bucket": name + suffix, **where})


@pytest.fixture
def lake(store: Store) -> str:
    """The bucket's name: unique over all accounts."""
    return "lake" if store.region == "us-east-1" else f"lake-{store.region}"


def refusal(call: Any, *arguments: Any) -> AwsError:
    with pytest.raises(AwsError) as error:
        call(*arguments)
    return error.value


class TestRefusals:
    """What fails, fails by AWS's name."""

    def test_an_operation_that_moto_lacks_is_refused_by_name(self, store: Store) -> None:
        """moto's NotImplementedError is our NotImplemented, 501, naming service and operation."""
        error = refusal(store.invoke, "glue", "CreateBlueprint", {"Name": "x", "BlueprintLocation": "s3://x/y"})
        assert (error.code, error.status) == ("NotImplemented", 501)
        assert error.message.startswith("glue:CreateBlueprint")

    def test_a_service_that_the_store_lacks_is_refused_by_name(self, store: Store) -> None:
        """A service that is not the store's is refused as such."""
        assert refusal(store.invoke, "athena", "ListWorkGroups", {}).code == "NotImplemented"

    @pytest.mark.parametrize(
        ("service", "operation", "params", "code", "status"),
        [
            ("iam", "GetRole", {"RoleName": "absent"}, "NoSuchEntity", 404),
            ("glue", "GetTable", {"DatabaseName": "absent", "Name": "x"}, "EntityNotFoundException", 400),
            ("s3", "GetObject", {"Bucket": "absent-bucket", "Key": "x"}, "NoSuchBucket", 404),
            ("s3", "ListObjectsV2", {"Bucket": "absent-bucket"}, "NoSuchBucket", 404),
            ("secretsmanager", "GetSecretValue", {"SecretId": "absent"}, "ResourceNotFoundException", 400),
        ],
    )
    def test_errors_keep_their_code(
        self, store: Store, service: str, operation: str, params: dict[str, Any], code: str, status: int
    ) -> None:
        """An error answer of moto's becomes an AwsError with the same code and status."""
        error = refusal(store.invoke, service, operation, params)
        assert (error.code, error.status) == (code, status)

    def test_missing_buckets_and_keys(self, store: Store, lake: str) -> None:
        """The short cuts raise what S3 answers."""
        assert refusal(store.read_object, lake, "absent").code == "NoSuchKey"
        for call in (store.bucket_region, store.list_objects):
            assert refusal(call, "absent-bucket").code == "NoSuchBucket"
        assert refusal(store.read_object, "absent-bucket", "x").code == "NoSuchBucket"
        assert refusal(store.write_object, "absent-bucket", "x", b"", "text/plain").code == "NoSuchBucket"
        assert refusal(store.delete_object, "absent-bucket", "x").code == "NoSuchBucket"
        assert not store.bucket_exists("absent-bucket")

    def test_nobody_is_nobody(self, store: Store) -> None:
        """Names and keys that do not exist are None, and have no policies."""
        assert store.user("absent") is None
        assert store.role("absent") is None
        assert store.access_key("AKIAIOSFODNN7EXAMPLE") is None
        assert store.managed_policy("arn:aws:iam::aws:policy/Absent") is None
        assert store.user_policies("absent") == store.role_policies("absent") == ()
        assert store.bucket_policy("absent-bucket") is store.secret_policy("absent") is None
        assert store.bucket_tags("absent-bucket") == store.object_tags("absent-bucket", "x") == {}
        assert store.secret_tags("absent") == {}


class TestObjects:
    """S3, by the protocol and by the short cuts."""

    @settings(max_examples=60, deadline=None, database=None)
    @given(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
        st.binary(max_size=200),
    )
    def test_any_key_and_bytes_come_back(self, store: Store, key: str, body: bytes) -> None:
        """Whatever is put under whatever key is read, listed and deleted the same way by protocol and short cut."""
        bucket = "lake" if store.region == "us-east-1" else f"lake-{store.region}"
        store.invoke("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body})
        assert store.read_object(bucket, key) == body
        assert [(found.key, found.size) for found in store.list_objects(bucket, key)] == [(key, len(body))]
        store.write_object(bucket, key, body + b"!", "text/csv")
        answer = store.invoke("s3", "GetObject", {"Bucket": bucket, "Key": key})
        assert (answer["Body"], answer["ContentType"]) == (body + b"!", "text/csv")
        store.delete_object(bucket, key)
        assert refusal(store.read_object, bucket, key).code == "NoSuchKey"
        assert store.list_objects(bucket, key) == []

    def test_a_form_is_content_too(self, store: Store, lake: str) -> None:
        """An object whose content type is a form's keeps its bytes: they are never read as parameters."""
        put = {"Bucket": lake, "Key": "form", "Body": b"key=other&acl=&tagging=", "ContentType": FORM}
        store.invoke("s3", "PutObject", put)
        answer = store.invoke("s3", "GetObject", {"Bucket": lake, "Key": "form"})
        assert (answer["Body"], answer["ContentType"]) == (put["Body"], FORM)

    def test_listing_is_by_prefix_and_in_key_order(self, store: Store, lake: str) -> None:
        """Objects are listed in the order of their UTF-8 bytes, with size, quoted ETag and an aware time."""
        for key in ("t/b", "t/a", "t/Z", "t/é", "u/a"):
            store.write_object(lake, key, b"abc", "text/plain")
        listed = store.list_objects(lake, "t/")
        assert [found.key for found in listed] == ["t/Z", "t/a", "t/b", "t/é"]
        assert {(found.size, found.etag) for found in listed} == {(3, '"900150983cd24fb0d6963f7d28e17f72"')}
        assert all(datetime.now(UTC) - found.last_modified < timedelta(minutes=1) for found in listed)

    def test_a_bucket_lives_in_the_accounts_region(self, store: Store, lake: str) -> None:
        """Region, existence and owner are this account's, whichever account and region it is."""
        assert store.bucket_exists(lake)
        assert store.bucket_region(lake) == store.region
        location = store.forward("s3", "GetBucketLocation", {"Bucket": lake}).body
        assert (store.region.encode() in location) == (store.region != "us-east-1")

    def test_tags_and_policy(self, store: Store, lake: str) -> None:
        """Tags of buckets and objects and the bucket's policy are read as they were put."""
        store.invoke(
            "s3", "PutBucketTagging", {"Bucket": lake, "Tagging": {"TagSet": [{"Key": "team", "Value": "data"}]}}
        )
        store.invoke("s3", "PutObject", {"Bucket": lake, "Key": "tagged", "Body": b"", "Tagging": "a=1&b=x%20y"})
        store.invoke("s3", "PutBucketPolicy", {"Bucket": lake, "Policy": ALLOW})
        assert store.bucket_tags(lake) == {"team": "data"}
        assert store.object_tags(lake, "tagged") == {"a": "1", "b": "x y"}
        assert json.loads(store.bucket_policy(lake) or "") == json.loads(ALLOW)
        store.invoke("s3", "DeleteBucketPolicy", {"Bucket": lake})
        assert store.bucket_policy(lake) is None

    def test_a_stored_policy_does_not_act_by_itself(self, store: Store, lake: str) -> None:
        """moto's own evaluation of bucket policies is off: only the account's evaluator decides."""
        store.write_object(lake, "guarded", b"x", "text/plain")
        deny = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{lake}/*"}
                ],
            }
        )
        store.invoke("s3", "PutBucketPolicy", {"Bucket": lake, "Policy": deny})
        assert store.invoke("s3", "GetObject", {"Bucket": lake, "Key": "guarded"})["Body"] == b"x"
        store.invoke("s3", "DeleteBucketPolicy", {"Bucket": lake})

    def test_ranges_metadata_and_multipart(self, store: Store, lake: str) -> None:
        """What only the protocol knows works through it: ranges, metadata, parts."""
        put = {"Bucket": lake, "Key": "m", "Body": b"0123456789", "Metadata": {"owner": "me"}}
        store.invoke("s3", "PutObject", put)
        answer = store.invoke("s3", "GetObject", {"Bucket": lake, "Key": "m", "Range": "bytes=2-4"})
        assert (answer["Body"], answer["ContentRange"], answer["Metadata"]) == (b"234", "bytes 2-4/10", {"owner": "me"})
        upload = store.invoke("s3", "CreateMultipartUpload", {"Bucket": lake, "Key": "parts"})["UploadId"]
        named = {"Bucket": lake, "Key": "parts", "UploadId": upload}
        bodies = [b"a" * 5_242_880, b"end"]
        parts = [
            {
                "PartNumber": n,
                "ETag": store.invoke("s3", "UploadPart", {**named, "PartNumber": n, "Body": body})["ETag"],
            }
            for n, body in enumerate(bodies, 1)
        ]
        store.invoke("s3", "CompleteMultipartUpload", {**named, "MultipartUpload": {"Parts": parts}})
        assert store.read_object(lake, "parts") == b"".join(bodies)


class TestDirectory:
    """IAM, by the protocol and by the short cuts."""

    def test_a_user_with_everything(self, store: Store) -> None:
        """A user's record, tags, keys and every kind of policy are read as IAM's API wrote them."""
        iam = lambda operation, **params: store.invoke("iam", operation, params)  # noqa: E731
        tags = [{"Key": "studiouserid", "Value": "one"}]
        made = iam("CreateUser", UserName="one", Path="/team/", Tags=tags)["User"]
        record = store.user("one")
        assert record is not None
        assert (record.arn, record.user_id, record.path) == (made["Arn"], made["UserId"], "/team/")
        assert record.arn == f"arn:aws:iam::{store.account_id}:user/team/one"
        assert record.user_id.startswith("AIDA") and len(record.user_id) == 21
        assert record.tags == {"studiouserid": "one"}
        own = iam("CreatePolicy", PolicyName="own", PolicyDocument=ALLOW)["Policy"]["Arn"]
        iam("AttachUserPolicy", UserName="one", PolicyArn=own)
        iam("PutUserPolicy", UserName="one", PolicyName="inline", PolicyDocument=DENY)
        iam("CreateGroup", GroupName="g")
        iam("AddUserToGroup", GroupName="g", UserName="one")
        iam("AttachGroupPolicy", GroupName="g", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam("PutGroupPolicy", GroupName="g", PolicyName="group-inline", PolicyDocument=ALLOW)
        found = store.user_policies("one")
        assert [(policy.kind, policy.name, policy.arn) for policy in found] == [
            ("managed", "own", own),
            ("inline", "inline", None),
            ("group-managed", "AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
            ("group-inline", "group-inline", None),
        ]
        assert (found[0].document, found[1].document) == (ALLOW, DENY)
        iam("RemoveUserFromGroup", GroupName="g", UserName="one")
        assert [policy.kind for policy in store.user_policies("one")] == ["managed", "inline"]

    def test_the_default_version_counts(self, store: Store) -> None:
        """A managed policy is what its default version says."""
        arn = store.invoke("iam", "CreatePolicy", {"PolicyName": "versioned", "PolicyDocument": ALLOW})["Policy"]["Arn"]
        store.invoke("iam", "CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": DENY})
        assert store.managed_policy(arn) == PolicyRecord("versioned", arn, "managed", ALLOW)
        store.invoke("iam", "SetDefaultPolicyVersion", {"PolicyArn": arn, "VersionId": "v2"})
        assert store.managed_policy(arn) == PolicyRecord("versioned", arn, "managed", DENY)

    def test_a_role_with_everything(self, store: Store) -> None:
        """A role's record, its tags (a list in moto), boundary, trust policy and duration."""
        boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
        made = store.invoke(
            "iam",
            "CreateRole",
            {
                "RoleName": "r",
                "Path": "/service-role/",
                "AssumeRolePolicyDocument": TRUST,
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": boundary,
                "Tags": [{"Key": "k", "Value": "v"}],
            },
        )["Role"]
        record = store.role("r")
        assert record is not None
        assert (record.arn, record.role_id) == (made["Arn"], made["RoleId"])
        assert record.role_id.startswith("AROA") and len(record.role_id) == 21
        assert (record.path, record.trust, record.max_session_duration) == ("/service-role/", TRUST, 7200)
        assert (record.tags, record.boundary_arn) == ({"k": "v"}, boundary)
        store.invoke("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "l", "Value": "w"}]})
        store.invoke("iam", "UntagRole", {"RoleName": "r", "TagKeys": ["k"]})
        store.invoke("iam", "DeleteRolePermissionsBoundary", {"RoleName": "r"})
        store.invoke("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": DENY})
        record = store.role("r")
        assert record is not None
        assert (record.tags, record.boundary_arn) == ({"l": "w"}, None)
        assert store.role_policies("r") == (PolicyRecord("p", None, "inline", DENY),)

    def test_a_role_made_anew_is_another_role(self, store: Store) -> None:
        """A role deleted and created again under its name is found with its new id."""
        ids = []
        for _ in range(2):
            store.invoke("iam", "CreateRole", {"RoleName": "again", "AssumeRolePolicyDocument": TRUST})
            record = store.role("again")
            assert record is not None
            ids.append(record.role_id)
            store.invoke("iam", "DeleteRole", {"RoleName": "again"})
            assert store.role("again") is None
        assert ids[0] != ids[1]

    def test_keys_follow_their_user(self, store: Store) -> None:
        """A key is known with its secret and state until it is deleted; no secret is like another."""
        store.invoke("iam", "CreateUser", {"UserName": "keyed"})
        keys = [store.invoke("iam", "CreateAccessKey", {"UserName": "keyed"})["AccessKey"] for _ in range(2)]
        assert len({key["SecretAccessKey"] for key in keys}) == 2
        named = {"UserName": "keyed", "AccessKeyId": keys[0]["AccessKeyId"]}
        record = store.access_key(keys[0]["AccessKeyId"])
        assert record is not None
        assert (record.secret, record.user_name, record.active) == (keys[0]["SecretAccessKey"], "keyed", True)
        assert len(record.secret) == 40
        store.invoke("iam", "UpdateAccessKey", {**named, "Status": "Inactive"})
        inactive = store.access_key(keys[0]["AccessKeyId"])
        assert inactive is not None and not inactive.active
        store.invoke("iam", "DeleteAccessKey", named)
        assert store.access_key(keys[0]["AccessKeyId"]) is None
        assert store.access_key(keys[1]["AccessKeyId"]) is not None

    def test_aws_managed_policies_are_real(self, store: Store) -> None:
        """The documents of AWS's own managed policies are there."""
        record = store.managed_policy("arn:aws:iam::aws:policy/AmazonAthenaFullAccess")
        assert record is not None
        statements = json.loads(record.document)["Statement"]
        assert any("lakeformation:GetDataAccess" in statement["Action"] for statement in statements)


def test_the_catalog_is_this_accounts(store: Store) -> None:
    """Glue's objects carry this account's id, whatever moto would derive from an access key."""
    store.invoke("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}})
    assert store.invoke("glue", "GetDatabase", {"Name": "d"})["Database"]["CatalogId"] == store.account_id


def test_secrets(store: Store) -> None:
    """A secret's tags and policy are found by name and by ARN, and the ARN is of this account and region."""
    made = store.invoke(
        "secretsmanager",
        "CreateSecret",
        {
            "Name": "s",
            "SecretString": "x",
            "Tags": [{"Key": "k", "Value": "v"}],
            "ClientRequestToken": "0" * 32,
        },
    )
    assert made["ARN"].startswith(f"arn:aws:secretsmanager:{store.region}:{store.account_id}:secret:s-")
    store.invoke("secretsmanager", "PutResourcePolicy", {"SecretId": "s", "ResourcePolicy": DENY})
    for name in ("s", made["ARN"]):
        assert store.secret_tags(name) == {"k": "v"}
        assert json.loads(store.secret_policy(name) or "") == json.loads(DENY)
