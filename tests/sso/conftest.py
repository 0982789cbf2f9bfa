"""What the tests of IAM Identity Center stand on."""

from __future__ import annotations

import pytest

from tests.conftest import Embedded
from tests.sso.center import Center


@pytest.fixture
def center(embedded: Embedded) -> Center:
    """The Identity Center of the module's account."""
    sso = embedded.client("sso-admin")
    instance = sso.list_instances()["Instances"][0]
    return Center(
        account_id=embedded.account_id,
        arn=instance["InstanceArn"],
        store_id=instance["IdentityStoreId"],
        sso=sso,
        people=embedded.client("identitystore"),
        iam=embedded.client("iam"),
    )
