"""Patterns of policies: wildcards, policy variables and ARNs.

Sources: IAM User Guide, "IAM JSON policy elements: Resource", "IAM policy elements: Variables and tags",
"Condition operators" (ARN operators).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass

from localaws.iam.fault import PolicyFault
from localaws.iam.keys import is_multivalued

Lookup = Callable[[str], tuple[str, ...] | None]
"""Gives a request's values for a condition key in lower case; None or an empty tuple when it has none."""


class Wild(enum.Enum):
    """A wildcard in a pattern."""

    RUN = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """``${key}`` or ``${key, 'default'}``. ``key`` is in lower case, as condition keys ignore case."""

    key: str
    default: str | None


Token = str | Wild | Variable

_LITERALS = ("*", "?", "$")
_VARIABLE = re.compile(r"\s*([^,'\"{}\s][^,'\"{}]*?)\s*(?:,\s*'([^']*)'\s*)?")
_SPECIAL = re.compile(r"\$\{|\*|\?")


def tokens(text: str, *, variables: bool, wildcards: bool) -> tuple[Token, ...]:
    """Split a pattern into text, wildcards and variables.

    ``variables`` is false for policies of version 2008-10-17, where ``${...}`` is plain text. ``${*}``, ``${?}``
    and ``${$}`` stand for the character itself. Raises PolicyFault for a variable that is not closed, empty or
    otherwise malformed (Access Analyzer policy checks MISSING_BRACE_IN_VARIABLE, EMPTY_VARIABLE and others).
    """
    found: list[Token] = []
    literal = ""
    at = 0
    for special in _SPECIAL.finditer(text):
        if special.start() < at:
            continue
        mark = special.group()
        if mark == "${":
            if not variables:
                continue
            end = text.find("}", special.end())
            if end < 0:
                raise PolicyFault(f"a policy variable in {text!r} has no closing brace")
            literal += text[at : special.start()]
            name = text[special.end() : end]
            at = end + 1
            if name in _LITERALS:
                literal += name
                continue
            token: Token = _variable(name, text)
        else:
            if not wildcards:
                continue
            literal += text[at : special.start()]
            at = special.end()
            token = Wild(mark)
        if literal:
            found.append(literal)
            literal = ""
        found.append(token)
    literal += text[at:]
    if literal or not found:
        found.append(literal)
    return tuple(found)


def _variable(name: str, text: str) -> Variable:
    match = _VARIABLE.fullmatch(name)
    if match is None:
        raise PolicyFault(f"the policy variable ${{{name}}} in {text!r} is malformed")
    return Variable(match.group(1).lower(), match.group(2))


def resolve(variable: Variable, lookup: Lookup) -> str | None:
    """The text a variable stands for in a request; None when it has no value.

    A key with several values is no variable ("You can't use a multivalued condition key as a variable"). An empty
    value is none (inferred from the set operators, which call an empty string a null data set).
    """
    values = None if is_multivalued(variable.key) else lookup(variable.key)
    if values and len(values) == 1 and values[0]:
        return values[0]
    return variable.default


class Pattern:
    """A compiled pattern: matches texts, with the variables that a request gives it.

    Wildcards in the value of a variable are ordinary characters. A variable without a value matches nothing.
    """

    __slots__ = ("_chunks", "_tokens", "text")

    def __init__(self, text: str, *, variables: bool, wildcards: bool = True) -> None:
        self.text = text
        parsed = tokens(text, variables=variables, wildcards=wildcards)
        self._tokens = parsed if any(isinstance(token, Variable) for token in parsed) else None
        self._chunks = None if self._tokens else _chunks(parsed)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in the pattern."""
        return tuple(token for token in self._tokens or () if isinstance(token, Variable))

    @property
    def literal(self) -> str | None:
        """The only text that the pattern matches, None when it has wildcards or variables."""
        chunks = self._chunks
        return chunks[0] if chunks is not None and len(chunks) == 1 and isinstance(chunks[0], str) else None

    @property
    def everything(self) -> bool:
        """Whether the pattern is a bare ``*``."""
        return self._chunks == ["", ""]

    def matches(self, text: str, lookup: Lookup) -> bool:
        """Whether ``text`` fits."""
        chunks = self._chunks
        if chunks is None:
            resolved = self.resolved(lookup)
            if resolved is None:
                return False
            chunks = _chunks(resolved)
        return _fits(chunks, text)

    def resolved(self, lookup: Lookup) -> tuple[Token, ...] | None:
        """The tokens with variables replaced by their values; None when one has no value."""
        result: list[Token] = []
        for token in self._tokens or ():
            if isinstance(token, Variable):
                value = resolve(token, lookup)
                if value is None:
                    return None
                token = value
            result.append(token)
        return tuple(result)


Chunk = str | re.Pattern[str]


def _chunks(parsed: tuple[Token, ...]) -> list[Chunk]:
    """What stands between the ``*`` of a pattern: a text, or an expression of fixed length where ``?`` occurs."""
    chunks: list[Chunk] = []
    run: list[Token] = []
    for token in (*parsed, Wild.RUN):
        if token is not Wild.RUN:
            run.append(token)
            continue
        if Wild.ONE in run:
            source = "".join("." if part is Wild.ONE else re.escape(str(part)) for part in run)
            chunks.append(re.compile(source, re.DOTALL))
        else:
            chunks.append("".join(str(part) for part in run))
        run = []
    return chunks


def _fits(chunks: list[Chunk], text: str) -> bool:
    """Leftmost matching of the chunks, which is complete for ``*`` and takes no more than linear steps per chunk."""
    first = chunks[0]
    if len(chunks) == 1:
        return text == first if isinstance(first, str) else first.fullmatch(text) is not None
    if isinstance(first, str):
        if not text.startswith(first):
            return False
        at = len(first)
    else:
        match = first.match(text)
        if match is None:
            return False
        at = match.end()
    for chunk in chunks[1:-1]:
        if isinstance(chunk, str):
            start = text.find(chunk, at)
            if start < 0:
                return False
            at = start + len(chunk)
        else:
            match = chunk.search(text, at)
            if match is None:
                return False
            at = match.end()
    last = chunks[-1]
    if isinstance(last, str):
        return len(text) - len(last) >= at and text.endswith(last)
    start = len(text) - _length(last)
    return start >= at and last.match(text, start) is not None


def _length(expression: re.Pattern[str]) -> int:
    return len(re.sub(r"\\(.)", r"\1", expression.pattern, flags=re.DOTALL))


class ArnPattern:
    """A pattern of the ARN operators: each of an ARN's six parts is compared by itself.

    A bare ``*`` fits every ARN. A pattern with fewer than six parts fits nothing, nor does anything fit that is
    no ARN. ("Each of the six colon-delimited components of the ARN is checked separately.")
    """

    __slots__ = ("_parts", "_pattern", "text")

    def __init__(self, text: str, *, variables: bool) -> None:
        self.text = text
        self._pattern = Pattern(text, variables=variables)
        self._parts = None if self._pattern.variables else _arn_parts(tokens(text, variables=variables, wildcards=True))

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in the pattern."""
        return self._pattern.variables

    def matches(self, text: str, lookup: Lookup) -> bool:
        """Whether ``text`` is an ARN that fits."""
        values = text.split(":", 5)
        if len(values) != 6 or values[0] != "arn":
            return False
        if self._pattern.everything:
            return True
        parts = self._parts
        if parts is None:
            resolved = self._pattern.resolved(lookup)
            if resolved is None:
                return False
            parts = _arn_parts(resolved)
        return len(parts) == 6 and all(_fits(part, value) for part, value in zip(parts, values, strict=True))


def _arn_parts(parsed: tuple[Token, ...]) -> list[list[Chunk]]:
    """The colon-separated parts of an ARN pattern, the sixth with whatever colons it has."""
    parts: list[list[Token]] = [[]]
    for token in parsed:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        pieces = token.split(":", 6 - len(parts))
        parts[-1].append(pieces[0])
        parts.extend([piece] for piece in pieces[1:])
    return [_chunks(tuple(part)) for part in parts]
