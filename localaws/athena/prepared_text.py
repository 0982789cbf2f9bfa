"""The text of PREPARE, EXECUTE and DEALLOCATE PREPARE.

Source: Athena User Guide, "PREPARE", "EXECUTE" and "DEALLOCATE PREPARE"; a name is as the API reference has it
(StatementName). What follows FROM is kept as it is written.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from localaws.athena.failure import not_supported
from localaws.athena.statements import Deallocate, Execute, Prepare
from localaws.athena.syntax import QUERY_WORDS, UNSERVED, MalformedQuery, first_word, line_column, parse_query

WORDS = ("prepare", "execute", "deallocate")
_OTHERS = (*WORDS, *UNSERVED, "explain", "show", "describe", "desc", "create", "drop", "msck", "alter")
"""Statements that cannot be prepared."""

_BLANK = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)"
_GAP, _SPACE = f"{_BLANK}*+", f"{_BLANK}++"
"""Spaces and comments, possessive: what was skipped is never looked at again, however a text goes on."""
_NAME = r"([A-Za-z_][A-Za-z0-9_@:]{0,255})"
_PREPARE = re.compile(rf"(?is){_GAP}prepare{_SPACE}{_NAME}{_SPACE}from\b")
_EXECUTE = re.compile(rf"(?is){_GAP}execute{_SPACE}{_NAME}(?:{_SPACE}(using)\b)?")
_DEALLOCATE = re.compile(rf"(?is){_GAP}deallocate{_SPACE}prepare{_SPACE}{_NAME}")
_END = re.compile(rf"(?is){_GAP};?{_GAP}$")


def parse(text: str) -> Prepare | Execute | Deallocate:
    """The statement in ``text``. Raises MalformedQuery, or QueryFailed NOT_SUPPORTED for what cannot be prepared."""
    word = first_word(text)
    if word == "prepare":
        match = _match(_PREPARE, text)
        return Prepare(match[1], preparable(text[match.end() :].strip()))
    if word == "execute":
        match = _match(_EXECUTE, text)
        if match[1].lower() == "immediate":
            raise not_supported("EXECUTE IMMEDIATE")
        if match[2] is None:
            _end(text, match.end())
            return Execute(match[1], ())
        return Execute(match[1], _values(text, match.end()))
    match = _match(_DEALLOCATE, text)
    _end(text, match.end())
    return Deallocate(match[1])


def preparable(text: str) -> str:
    """A query that can be kept, as it is written. Raises MalformedQuery or QueryFailed for any other statement."""
    word = first_word(text)
    if word not in QUERY_WORDS:
        if word in _OTHERS:
            raise not_supported(f"PREPARE of the statement {word.upper()}")
        raise MalformedQuery(f"line 1:1: mismatched input '{word or '<EOF>'}'")
    parse_query(text)
    return text.rstrip().removesuffix(";").rstrip()


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.match(text)
    if match is None:
        raise MalformedQuery(f"line 1:1: mismatched input '{first_word(text)}'")
    return match


def _end(text: str, place: int) -> None:
    if not _END.match(text, place):
        line, column = line_column(text, place)
        raise MalformedQuery(f"line {line}:{column}: mismatched input '{text[place:].strip()[:40]}'")


def _values(text: str, place: int) -> tuple[str, ...]:
    """What stands between the commas outside of brackets. Raises MalformedQuery where nothing does."""
    try:
        tokens = sqlglot.tokenize(text[place:], read="athena")
    except SqlglotError:
        raise MalformedQuery("line 1:1: the statement cannot be read: a quote or comment is not closed") from None
    if tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise MalformedQuery("Only one sql statement is allowed. Got: 2")
    groups: list[list[int]] = [[]]
    depth = 0
    for token in tokens:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type is TokenType.COMMA and depth == 0:
            groups.append([])
        else:
            groups[-1] += [token.start, token.end]
    if not all(groups):
        raise MalformedQuery("line 1:1: mismatched input ','. Expecting: <expression>")
    return tuple(text[place + group[0] : place + group[-1] + 1] for group in groups)
