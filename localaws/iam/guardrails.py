"""Service control policies and resource control policies: what an organization puts above the account.

Sources: AWS Organizations User Guide, "SCP syntax", "RCP syntax", "SCP evaluation".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from localaws.iam.document import compiled, parse, statements_of
from localaws.iam.evaluator import Attached
from localaws.iam.fault import PolicyFault


@dataclass(frozen=True, slots=True)
class Guardrails:
    """``scp`` has one tuple per level, each of which must allow. ``rcp`` only ever denies: AWS keeps
    RCPFullAWSAccess attached beside it."""

    scp: tuple[tuple[Attached, ...], ...] = ()
    rcp: tuple[Attached, ...] = ()


@lru_cache(maxsize=64)
def guardrails(documents: tuple[str, ...]) -> Guardrails:
    """Sort documents into one level of SCPs and the RCPs. An RCP has a Principal in its statements, an SCP never has.

    A document that cannot be read counts as an SCP and denies everything.
    """
    scp: list[Attached] = []
    rcp: list[Attached] = []
    for number, text in enumerate(documents, 1):
        if _names_principals(text):
            rcp.append(Attached(compiled(text, "rcp"), "rcp", f"RCP {number}"))
        else:
            scp.append(Attached(compiled(text, "scp"), "scp", f"SCP {number}"))
    return Guardrails((tuple(scp),) if scp else (), tuple(rcp))


def _names_principals(text: str) -> bool:
    try:
        entries: list[Any] = statements_of(parse(text))[0]
    except PolicyFault:
        return False
    return any(isinstance(entry, dict) and "Principal" in entry for entry in entries)
