"""Policy documents: parsed and compiled once, kept by their text.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and the pages of each element. Messages of refusal
are IAM's, as far as they are public.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from localaws.iam.conditions import SHORT, Conditions, compile_conditions
from localaws.iam.fault import PolicyFault
from localaws.iam.keys import is_known
from localaws.iam.patterns import Lookup, Pattern
from localaws.iam.principals import Principals, compile_principals

Kind = Literal["identity", "resource", "trust", "scp", "rcp"]
"""What a document is for; permissions boundaries and session policies are written like identity policies."""

VERSIONS = ("2008-10-17", "2012-10-17")
TOP_ELEMENTS = frozenset({"Version", "Id", "Statement"})
STATEMENT_ELEMENTS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+|\*|\*:\*")

_RESOURCE = re.compile(r"arn:[a-z*-]+:([^:]*:[^:]*:[^:]*:.*|.*\*)", re.DOTALL)
"""All six parts, or fewer where a final ``*`` stands for the rest."""

REGIONLESS = ("iam", "s3")
"""Services whose incomplete ARNs name no Region (IAM User Guide, policy check ARN_REGION_NOT_ALLOWED)."""


def _no_values(_key: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``index`` counts from 1, as a reader of the document would.

    A statement with a ``fault`` has no meaning to IAM: it allows nothing, and denies whatever it may be about.
    """

    index: int
    sid: str
    denies: bool
    actions: tuple[Pattern, ...]
    not_action: bool
    resources: tuple[Pattern, ...] | None
    not_resource: bool
    principals: Principals | None
    conditions: Conditions
    fault: str | None = None

    def covers_action(self, action: str) -> bool:
        """Whether the statement is about an action, given in lower case."""
        return any(pattern.matches(action, _no_values) for pattern in self.actions) is not self.not_action

    def covers_resource(self, resource: str, lookup: Lookup) -> bool:
        """Whether the statement is about a resource. A trust policy has no Resource: it is about its role.

        A variable without a value matches no resource. In the NotResource of a Deny that leaves every resource
        denied; in an Allow nothing ("might cause the entire statement to be invalid"), or it would widen access.
        """
        if self.resources is None:
            return True
        if not self.not_resource:
            return any(pattern.matches(resource, lookup) for pattern in self.resources)
        if any(pattern.matches(resource, lookup) for pattern in self.resources):
            return False
        return self.denies or all(
            not pattern.variables or pattern.resolved(lookup) is not None for pattern in self.resources
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled document. ``fault`` says why it cannot be read; then it denies everything."""

    kind: Kind
    text: str
    statements: tuple[Statement, ...]
    fault: str | None = None
    _by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False, repr=False)

    def about(self, action: str) -> tuple[Statement, ...]:
        """The statements whose Action or NotAction covers an action, given in lower case."""
        found = self._by_action.get(action)
        if found is None:
            found = tuple(statement for statement in self.statements if statement.covers_action(action))
            if len(self._by_action) < 4096:
                self._by_action[action] = found
        return found


def parse(text: str) -> dict[str, Any]:
    """A document's JSON object. Raises PolicyFault for anything else, a key given twice included."""
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_json)
    except RecursionError:
        raise PolicyFault("the document is nested too deeply") from None
    except ValueError as error:
        raise error if isinstance(error, PolicyFault) else PolicyFault(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise PolicyFault("the document is not a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PolicyFault(f"a key is given twice in {list(found)}")
    return found


def _not_json(constant: str) -> None:
    raise PolicyFault(f"not JSON: {constant}")


def statements_of(document: Mapping[str, Any]) -> tuple[list[Any], bool]:
    """The Statement entries of a document, and whether its version knows policy variables. Raises PolicyFault."""
    for element in document:
        if element not in TOP_ELEMENTS:
            raise PolicyFault(f"the element {element} is unknown")
    version = document.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        raise PolicyFault(f"the version {version!r} is unknown")
    if not isinstance(document.get("Id", ""), str):
        raise PolicyFault("Id is not a text")
    entries = document.get("Statement")
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list) or not entries:
        raise PolicyFault("the document has no Statement")
    return entries, version == VERSIONS[1]


def compile_statement(entry: Any, index: int, kind: Kind, *, variables: bool) -> Statement:
    """Compile one statement. Raises PolicyFault.

    A Deny whose Resource has a variable that the embedded account does not know may mean any resource.
    """
    if not isinstance(entry, Mapping):
        raise PolicyFault(f"statement {index} is not an object")
    for element in entry:
        if element not in STATEMENT_ELEMENTS:
            raise PolicyFault(f"the element {element} of statement {index} is unknown")
    for element in ("Action", "Resource", "Principal"):
        if element in entry and f"Not{element}" in entry:
            raise PolicyFault(f"statement {index} has both {element} and Not{element}")
    if kind == "rcp" and "NotAction" in entry:
        raise PolicyFault(f"NotAction of statement {index} is not for a resource control policy")
    effect = entry.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyFault(f"the Effect of statement {index} is {effect!r}")
    sid = entry.get("Sid", "")
    if not isinstance(sid, str):
        raise PolicyFault(f"the Sid of statement {index} is not a text")
    denies, not_resource = effect == "Deny", "NotResource" in entry
    resources = _resources(entry, index, kind, variables)
    conditions = compile_conditions(entry.get("Condition", {}), denies=denies, variables=variables)
    used = [variable.key for pattern in resources or () for variable in pattern.variables]
    unknown = tuple(key for key in used if not is_known(key))
    if unknown:
        conditions = replace(conditions, unknown=(*conditions.unknown, *unknown))
        if denies and not not_resource:
            resources = (Pattern("*", variables=False),)
    return Statement(
        index=index,
        sid=sid,
        denies=denies,
        actions=_actions(entry, index),
        not_action="NotAction" in entry,
        resources=resources,
        not_resource=not_resource,
        principals=_principals(entry, index, kind),
        conditions=conditions,
    )


def _texts(entry: Mapping[str, Any], element: str, index: int) -> list[str] | None:
    """The texts of Action, Resource or their negation; None when neither is there."""
    value = entry.get(element, entry.get(f"Not{element}"))
    if value is None:
        return None
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in values):
        raise PolicyFault(f"{element} of statement {index} is not a list of texts")
    return values


def _actions(entry: Mapping[str, Any], index: int) -> tuple[Pattern, ...]:
    texts = _texts(entry, "Action", index)
    if not texts:
        raise PolicyFault(f"statement {index} has no Action", "Policy statement must contain actions.")
    for text in texts:
        if _ACTION.fullmatch(text) is None:
            raise PolicyFault(f"{text!r} in statement {index} is no action", _action_message(text))
    return tuple((_action_pattern if len(text) <= SHORT else _read_action)(text) for text in texts)


def _read_action(text: str) -> Pattern:
    """Actions ignore case: the pattern is compared with an action in lower case. Its text stays as written."""
    pattern = Pattern("*" if text == "*:*" else text.lower(), variables=False)
    pattern.text = text
    return pattern


_action_pattern = lru_cache(maxsize=8192)(_read_action)


def _action_message(text: str) -> str:
    if ":" not in text:
        return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
    if text.count(":") > 1:
        return "Actions/Condition can contain only one colon."
    return f"Vendor {text.partition(':')[0]} is not valid"


def _resources(entry: Mapping[str, Any], index: int, kind: Kind, variables: bool) -> tuple[Pattern, ...] | None:
    texts = _texts(entry, "Resource", index)
    if kind == "trust":
        if texts is not None:
            raise PolicyFault(f"statement {index} of a trust policy has a Resource", "Has prohibited field Resource.")
        return None
    if not texts:
        raise PolicyFault(f"statement {index} has no Resource", "Policy statement must contain resources.")
    return tuple(_shared(_completed(text, index, kind), variables) for text in texts)


def _shared(text: str, variables: bool) -> Pattern:
    """One pattern for one text, unless it is long: many policies name the same resources."""
    return _pattern(text, variables) if len(text) <= SHORT else Pattern(text, variables=variables)


@lru_cache(maxsize=8192)
def _pattern(text: str, variables: bool) -> Pattern:
    return Pattern(text, variables=variables)


def _completed(text: str, index: int, kind: Kind) -> str:
    """A resource as it is compared: an identity policy's ARN with fewer than six parts has ``*`` for the missing ones.

    Raises PolicyFault for what is no ARN. Source: IAM User Guide, "Amazon Resource Names (ARNs)".
    """
    parts = text.split(":", 5)
    if text == "*" or _RESOURCE.fullmatch(text) is not None:
        return text
    if parts[0] != "arn" or len(parts) == 1:
        raise PolicyFault(f"{text!r} in statement {index} is no ARN", f'Resource {text} must be in ARN format or "*".')
    if kind != "identity" or len(parts) < 3 or not parts[2]:
        raise PolicyFault(
            f"{text!r} in statement {index} has too few parts for an ARN",
            "Resource vendor must be fully qualified and cannot contain regexes.",
        )
    if parts[2] in REGIONLESS and len(parts) > 3 and parts[3]:
        raise PolicyFault(
            f"{text!r} in statement {index} has a Region", f"Resource {text} can not contain region information."
        )
    return ":".join([*parts, *["*"] * (6 - len(parts))])


def _principals(entry: Mapping[str, Any], index: int, kind: Kind) -> Principals | None:
    negated = "NotPrincipal" in entry
    given = negated or "Principal" in entry
    if kind in ("identity", "scp"):
        if given:
            raise PolicyFault(f"statement {index} has a Principal", "Policy document should not specify a principal.")
        return None
    if not given:
        raise PolicyFault(f"statement {index} has no Principal", "Missing required field Principal")
    if negated and (kind != "resource" or entry.get("Effect") != "Deny"):
        raise PolicyFault(f"NotPrincipal of statement {index} is only for a Deny in a resource policy")
    principals = compile_principals(entry.get("NotPrincipal" if negated else "Principal"), negated=negated)
    if kind == "rcp" and not principals.everyone:
        raise PolicyFault(f'Principal of statement {index} of a resource control policy is only ever "*"')
    return principals


def compile_document(text: str, kind: Kind) -> Policy:
    """Compile a document that IAM would accept. Raises PolicyFault for any other."""
    entries, variables = statements_of(parse(text))
    statements = tuple(
        compile_statement(entry, index, kind, variables=variables) for index, entry in enumerate(entries, 1)
    )
    return Policy(kind, text, statements)


@lru_cache(maxsize=8192)
def compiled(text: str, kind: Kind) -> Policy:
    """A stored document, compiled once. It never raises: what cannot be read allows nothing.

    An unreadable document denies everything. An unreadable statement that is not plainly an Allow denies whatever
    its readable elements cover.
    """
    try:
        entries, variables = statements_of(parse(text))
    except PolicyFault as fault:
        return Policy(kind, text, (_refusal(None, 0, kind, fault.detail),), fault.detail)
    statements = []
    for index, entry in enumerate(entries, 1):
        try:
            statements.append(compile_statement(entry, index, kind, variables=variables))
        except PolicyFault as fault:
            statements.append(_refusal(entry, index, kind, fault.detail))
    return Policy(kind, text, tuple(statements))


def _refusal(entry: Any, index: int, kind: Kind, detail: str) -> Statement:
    fields = entry if isinstance(entry, Mapping) else {}
    actions: tuple[Pattern, ...] = (Pattern("*", variables=False),)
    not_action = False
    try:
        actions, not_action = _actions(fields, index), "NotAction" in fields and "Action" not in fields
    except PolicyFault:
        not_action = False
    return Statement(
        index=index,
        sid=str(fields.get("Sid", "")),
        denies=fields.get("Effect") != "Allow",
        actions=actions,
        not_action=not_action,
        resources=None,
        not_resource=False,
        principals=None,
        conditions=Conditions(),
        fault=detail,
    )
