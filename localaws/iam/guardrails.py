"""Service control policies and resource control policies: what an organization puts above the account.

Sources: AWS Organizations User Guide, "SCP syntax", "RCP syntax", "SCP evaluation".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from localaws.iam.document import compile_document, compiled, parse, statements_of
from localaws.iam.evaluator import Attached
from localaws.iam.fault import PolicyFault
from localaws.iam.positions import Span, list_items


@dataclass(frozen=True, slots=True)
class Guardrails:
    """``scp`` has one tuple per level, each of which must allow. ``rcp`` only ever denies: AWS keeps
    RCPFullAWSAccess attached beside it."""

    scp: tuple[tuple[Attached, ...], ...] = ()
    rcp: tuple[Attached, ...] = ()


class Written(NamedTuple):
    """A policy document as it stands in a file: ``line``, from 1, is where it begins."""

    text: str
    file: str
    line: int = 1


def read_file(path: Path) -> tuple[Written, ...]:
    """The policy documents of a file: one, or a list of them.

    Raises OSError, or ValueError naming file and line for what is no policy that an organization would store.
    """
    try:
        whole = path.read_text(encoding="utf-8")
        content = json.loads(whole)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON: {error}") from error
    texts = list_items(whole) if isinstance(content, list) else [Span(0, len(whole))]
    found = tuple(Written(whole[at.start : at.end], str(path), whole.count("\n", 0, at.start) + 1) for at in texts)
    for each in found:
        try:
            compile_document(each.text, "rcp" if _names_principals(each.text) else "scp")
        except PolicyFault as fault:
            raise ValueError(
                f"{path}: expected a policy document, or a list of them; line {each.line}: {fault}"
            ) from fault
    if not found:
        raise ValueError(f"{path}: expected a policy document, or a list of them; it is empty")
    return found


@lru_cache(maxsize=64)
def guardrails(documents: tuple[Written, ...]) -> Guardrails:
    """Sort documents into one level of SCPs and the RCPs. An RCP has a Principal in its statements, an SCP never has.

    A document that cannot be read counts as an SCP and denies everything.
    """
    scp: list[Attached] = []
    rcp: list[Attached] = []
    for written in documents:
        if _names_principals(written.text):
            rcp.append(Attached(compiled(written.text, "rcp"), "rcp", written.file, None, written.line))
        else:
            scp.append(Attached(compiled(written.text, "scp"), "scp", written.file, None, written.line))
    return Guardrails((tuple(scp),) if scp else (), tuple(rcp))


def _names_principals(text: str) -> bool:
    try:
        entries: list[Any] = statements_of(parse(text))[0]
    except PolicyFault:
        return False
    return any(isinstance(entry, dict) and "Principal" in entry for entry in entries)
