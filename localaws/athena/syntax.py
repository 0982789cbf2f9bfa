"""From query text to one parsed statement: Trino's grammar as sqlglot reads it, with caps on size and depth.

Functions are left as they are written (no dialect rewriting), so that functions.yaml alone decides what a call means.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parsers.athena import AthenaTrinoParser
from sqlglot.tokenizer_core import TokenType

from localaws.athena.failure import QueryFailed, not_supported

MAX_TOKENS = 60_000
MAX_CONNECTIVES = 5_000
MAX_NESTING = 60
MAX_DEPTH = 120
QUERY_WORDS = ("select", "with", "values", "table", "(")
UNSERVED = (
    "insert", "update", "delete", "merge", "unload", "call", "grant", "revoke", "use", "set", "reset",
    "analyze", "optimize", "vacuum", "truncate", "comment", "start", "commit", "rollback",
)  # fmt: skip
"""What statements begin with that Athena or Trino knows and the embedded account refuses by name."""

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


class MalformedQuery(Exception):
    """A text that StartQueryExecution refuses at once with InvalidRequestException."""


class _QueryParser(AthenaTrinoParser):
    """Athena's parser that keeps every call as the name and arguments that were written."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse
        for name, parse in AthenaTrinoParser.FUNCTION_PARSERS.items()
        if name in ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING")
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse
        for name, parse in AthenaTrinoParser.NO_PAREN_FUNCTION_PARSERS.items()
        if name in ("CASE", "ANY", "IF")
    }


class _Query(Trino):
    INDEX_OFFSET = 0  # subscripts stay as they are written
    Parser = _QueryParser


# Not in Trino's grammar (SqlBase.g4), though sqlglot reads them.
_FOREIGN_TOKENS = {
    TokenType.DCOLON: "::",
    TokenType.PARAMETER: "@",
    TokenType.NULLSAFE_EQ: "<=>",
    TokenType.COLON: ":",
    TokenType.DSTAR: "**",
    TokenType.HASH: "#",
    TokenType.TILDE: "~",
    TokenType.CARET: "^",
    TokenType.AMP: "&",
    TokenType.DAMP: "&&",
    TokenType.PIPE: "|",
    TokenType.DOLLAR: "$",
    TokenType.COLON_EQ: ":=",
}
_TRIVIA = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)


def first_word(text: str) -> str:
    """The word a statement begins with, lower case, after spaces and comments; "(" for a parenthesis, "" for none."""
    trivia = _TRIVIA.match(text)
    start = trivia.end() if trivia else 0
    match = re.compile(r"[A-Za-z_]+|\(").match(text, start)
    return match.group().lower() if match else ""


def line_column(text: str, offset: int) -> tuple[int, int]:
    """1-based line and column of a character offset."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def position(node: exp.Expr | None, text: str) -> tuple[int, int] | None:
    """Where a node begins in the query, None when nothing in it was written down."""
    if node is None:
        return None
    starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
    return line_column(text, min(starts)) if starts else None


@functools.lru_cache(maxsize=8)
def parse_query(text: str) -> exp.Expr:
    """The one query in ``text``.

    Raises MalformedQuery for text that is no query of Trino's grammar or more than one statement, QueryFailed
    STATEMENT_TOO_LARGE beyond the caps (60,000 tokens, 5,000 times AND or OR, 60 brackets or 120 expressions deep).
    """
    dialect = _dialect()
    try:
        tokens = dialect.tokenize(text)
    except SqlglotError:
        raise MalformedQuery("line 1:1: the statement cannot be read: a quote or comment is not closed") from None
    _check_tokens(tokens, text)
    try:
        statements = [s for s in dialect.parser().parse(tokens, text) if s is not None]
    except ParseError as error:
        raise MalformedQuery(_mismatch(error)) from None
    except RecursionError:
        raise _too_large() from None
    except SqlglotError:
        raise MalformedQuery("line 1:1: mismatched input") from None
    statements = [s for s in statements if not isinstance(s, exp.Semicolon)]
    if len(statements) != 1:
        raise MalformedQuery(f"Only one sql statement is allowed. Got: {len(statements)}")
    _check_depth(statements[0])
    return statements[0]


@functools.cache
def _dialect() -> _Query:
    return _Query()


def _check_tokens(tokens: list[Any], text: str) -> None:
    if len(tokens) > MAX_TOKENS:
        raise _too_large()
    depth = connectives = 0
    for token in tokens:
        kind = token.token_type
        if kind in (TokenType.AND, TokenType.OR):
            connectives += 1
            if connectives > MAX_CONNECTIVES:
                raise _too_large()
        if kind in (TokenType.L_PAREN, TokenType.L_BRACKET):
            depth += 1
            if depth > MAX_NESTING:
                raise _too_large()
        elif kind in (TokenType.R_PAREN, TokenType.R_BRACKET):
            depth -= 1
        elif kind in _FOREIGN_TOKENS or (kind == TokenType.EQ and token.text == "=="):
            line, column = line_column(text, token.start)
            raise MalformedQuery(f"line {line}:{column}: mismatched input '{_FOREIGN_TOKENS.get(kind, '==')}'")


def _check_depth(statement: exp.Expr) -> None:
    """Chains of AND, OR and set operations are as flat as they look; everything else counts one per level."""
    waiting: list[tuple[exp.Expr, int]] = [(statement, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_large()
        chain = isinstance(node, (exp.And, exp.Or, exp.SetOperation))
        for child in node.iter_expressions():
            flat = chain and child is node.this and type(child) is type(node)
            waiting.append((child, depth if flat else depth + 1))


def _too_large() -> QueryFailed:
    return QueryFailed("STATEMENT_TOO_LARGE", "statement is too large (stack overflow while parsing)", (1, 1))


def _mismatch(error: ParseError) -> str:
    details = error.errors[0] if error.errors else {}
    word = str(details.get("highlight") or "")
    column = max(int(details.get("col") or 1) - len(word) + 1, 1)
    return f"line {details.get('line') or 1}:{column}: mismatched input '{word}'"


def only(node: exp.Expr, *allowed: str) -> None:
    """Refuse, by name, a node that carries an argument its handler does not know."""
    for name, value in node.args.items():
        if value and name not in allowed:
            raise not_supported(f"{name.strip('_').replace('_', ' ')} in {type(node).__name__.lower()}")
