"""Who deploys: the caller, or the role that the stack was given.

Source: CloudFormation User Guide, "CloudFormation service role": the role is used for every later operation on the
stack, whoever calls. Its sessions are named AWSCloudFormation (captured events).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localaws.call import Call
from localaws.caller import Caller
from localaws.cloudformation.problems import invalid
from localaws.cloudformation.state import Stack
from localaws.cloudformation.work import SERVICE
from localaws.errors import AwsError
from localaws.sts.assume_role import assume
from localaws.sts.request import read

if TYPE_CHECKING:
    from localaws.account import Account

SESSION = "AWSCloudFormation"


def deployer(account: Account, call: Call, stack: Stack) -> Call:
    """A call of whoever deploys the stack. Raises ValidationError for a role that CloudFormation may not assume."""
    if stack.role_arn is None:
        return call
    service = Caller("service", account.account_id, SERVICE, SERVICE)
    params = {"RoleArn": stack.role_arn, "RoleSessionName": SESSION}
    assuming = replace(call.acting("sts", "AssumeRole", params, SERVICE), caller=service, invoked_by=None)
    try:
        output = assume(account, assuming, read(params))
    except AwsError as error:
        account.cloudtrail.record(assuming, None, error)
        raise invalid(
            f"Role {stack.role_arn} is invalid or cannot be assumed"
        ) from error  # fmt: skip
    account.cloudtrail.record(assuming, output, None)
    session = account.sts.sessions.get(output["Credentials"]["AccessKeyId"])
    if session is None:
        raise invalid(f"Role {stack.role_arn} is invalid or cannot be assumed")
    return replace(call, caller=session.caller)
