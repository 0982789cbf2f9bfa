"""Whom Lake Formation can grant to, and how a request names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.errors import not_implemented
from localaws.lakeformation.model import IAM_ALLOWED_PRINCIPALS
from localaws.lakeformation.resources import invalid

if TYPE_CHECKING:
    from localaws.account import Account


def named(account: Account, identifier: str | None) -> str:
    """The principal in a request, without asking whether it exists (revoking from a deleted role must work).

    Other accounts, organizations, SAML, QuickSight and Identity Center principals are refused by name.
    """
    if not identifier:
        raise invalid("Principal is required.")
    if identifier in (IAM_ALLOWED_PRINCIPALS, f"{account.account_id}:IAMPrincipals"):
        return identifier
    if identifier.startswith(f"arn:aws:iam::{account.account_id}:"):
        return identifier
    if identifier.startswith("arn:aws:sts::") or not identifier.startswith("arn:"):
        if identifier.isdigit() and len(identifier) == 12:
            raise not_implemented("lakeformation", "Principal", f"does not serve grants to accounts ({identifier})")
        raise invalid(f"Invalid principal, {identifier}")
    raise not_implemented("lakeformation", "Principal", f"does not serve the principal {identifier}")


def existing(account: Account, identifier: str | None) -> str:
    """The principal in a request. Raises InvalidInputException unless it is an IAM user or role that exists, or a group
    that Lake Formation knows (IAM groups are not principals: API reference, DataLakePrincipal)."""
    principal = named(account, identifier)
    if not principal.startswith("arn:"):
        return principal
    kind, _, path = principal.split(":", 5)[5].partition("/")
    name = path.rpartition("/")[2]
    user = account.store.user(name) if kind == "user" else None
    role = account.store.role(name) if kind == "role" else None
    record = user or role
    if record is None or record.arn != principal:
        raise invalid(f"Invalid principal, {principal}")
    return principal
