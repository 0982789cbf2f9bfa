"""A bucket that demands TLS can be used: the embedded account stands in for AWS's HTTPS endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(("refused", "allowed"), [("true", "false")])
def test_a_bucket_that_demands_tls_is_open_over_the_loopback(refused: str, allowed: str, embedded: Any) -> None:
    """Denying requests without TLS refuses nobody; denying those with TLS refuses everybody."""
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="tls-only")

    def deny_when(secure: str) -> None:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::tls-only/*",
            "Condition": {"Bool": {"aws:SecureTransport": secure}},
        }
        s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    s3.put_object(Bucket="tls-only", Key="k", Body=b"x")
    deny_when(allowed)
    assert s3.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"x"
    deny_when(refused)
    with pytest.raises(ClientError, match="explicit deny"):
        s3.get_object(Bucket="tls-only", Key="k")
