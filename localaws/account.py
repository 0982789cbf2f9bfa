"""One embedded AWS account: its identity, its clock, and the services that hold its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.clock import Clock
from localaws.faults import Faults
from localaws.gate import Gate
from localaws.store import Store

if TYPE_CHECKING:
    from localaws.athena import Athena
    from localaws.cloudformation import CloudFormation
    from localaws.cloudtrail import CloudTrail
    from localaws.iam import Authorizer
    from localaws.iam.guardrails import Written
    from localaws.lakeformation import LakeFormation
    from localaws.sagemaker import SageMaker
    from localaws.sso import Sso
    from localaws.sts import Sts

ADMINISTRATOR = "administrator"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


class Account:
    """``gate`` is passed by every call. ``saved`` are states by name, as ``localaws.saved`` makes them.

    ``scps`` are the service and resource control policies in force. ``trail_delay`` and
    ``digest_interval`` (from one digest file of a trail to the next) are in seconds.
    """

    def __init__(
        self,
        account_id: str = "123456789012",
        region: str = "us-east-1",
        *,
        trail_delay: float = 0.2,
        digest_interval: int = 3600,
        scps: tuple[Written, ...] = (),
    ) -> None:
        from localaws.athena import Athena
        from localaws.cloudformation import CloudFormation
        from localaws.cloudtrail import CloudTrail
        from localaws.iam import Authorizer
        from localaws.lakeformation import LakeFormation
        from localaws.sagemaker import SageMaker
        from localaws.sso import Sso
        from localaws.sts import Sts

        self.account_id = account_id
        self.region = region
        self.trail_delay = trail_delay
        self.digest_interval = digest_interval
        self.scps = scps
        self.clock = Clock()
        self.gate = Gate()
        self.faults = Faults()
        self.saved: dict[str, bytes] = {}
        self.store = Store(account_id, region)
        self.authorizer: Authorizer = Authorizer(self)
        self.sts: Sts = Sts(self)
        self.lakeformation: LakeFormation = LakeFormation(self)
        self.sagemaker: SageMaker = SageMaker(self)
        self.sso: Sso = Sso(self)
        self.cloudtrail: CloudTrail = CloudTrail(self)
        self.athena: Athena = Athena(self)
        self.cloudformation: CloudFormation = CloudFormation(self)

    def create_administrator(self) -> tuple[str, str]:
        """Make the IAM user ``administrator`` and return a fresh access key (id, secret)."""
        self.store.invoke("iam", "CreateUser", {"UserName": ADMINISTRATOR})
        self.store.invoke("iam", "AttachUserPolicy", {"UserName": ADMINISTRATOR, "PolicyArn": ADMINISTRATOR_POLICY})
        key = self.store.invoke("iam", "CreateAccessKey", {"UserName": ADMINISTRATOR})["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]
