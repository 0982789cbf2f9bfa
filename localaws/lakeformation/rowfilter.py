"""Row filter expressions of data filters: the documented PartiQL subset, checked against the table's schema.

Source: developer guide, 'PartiQL support in row filter expressions'. Comparisons of a column with a constant
(``= <> != < > <= >=``, BETWEEN, IN, LIKE, IS NULL, with NOT), joined by AND, OR, NOT and parentheses; no functions,
no comparison of columns with columns; fewer than 2048 characters; no IS NULL on a partition column; string
constants in single quotes; the constant's type must be the column's. Struct members are refused by name: nested
columns are not served.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from localaws.errors import AwsError, not_implemented

MAX_LENGTH = 2048

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')|(?P<quoted>\"(?:[^\"]|\"\")+\")"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<op><>|!=|<=|>=|=|<|>|\(|\)|,|\.))"
)
_TEXT = ("string", "char", "varchar")
_NUMBER = ("int", "integer", "long", "bigint", "float", "decimal", "double", "smallint", "tinyint", "real")
_TRUTH = ("boolean",)
_KEYWORDS = {"and", "or", "not", "between", "in", "like", "is", "null", "true", "false"}

Token = tuple[str, str]


def check(expression: str, types: Mapping[str, str], partition_keys: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the expression names, in its order. ``types`` are Hive types by lower-case column name.

    Raises AwsError InvalidInputException for anything outside the documented subset.
    """
    if len(expression) >= MAX_LENGTH:
        raise _invalid(f"the expression must be shorter than {MAX_LENGTH} characters")
    parser = _Parser(_tokens(expression), types, partition_keys)
    parser.disjunction()
    parser.end()
    return tuple(dict.fromkeys(parser.columns))


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidInputException", f"Invalid row filter expression: {why}")


def _tokens(expression: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _invalid(f"unexpected text at position {position + 1}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


class _Parser:
    """Recursive descent over the subset; depth is bounded by the length of the expression."""

    def __init__(self, tokens: list[Token], types: Mapping[str, str], partition_keys: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.position = 0
        self.types = types
        self.partition_keys = partition_keys
        self.columns: list[str] = []
        self.depth = 0

    def disjunction(self) -> None:
        self._nested(lambda: self._joined("or", lambda: self._joined("and", self._term)))

    def end(self) -> None:
        if self.position < len(self.tokens):
            raise _invalid(f"unexpected {self.tokens[self.position][1]}")

    def _nested(self, parse: Callable[[], None]) -> None:
        self.depth += 1
        if self.depth > 50:
            raise _invalid("nested too deeply")
        parse()
        self.depth -= 1

    def _joined(self, word: str, part: Callable[[], None]) -> None:
        part()
        while self._taken("word", word):
            part()

    def _term(self) -> None:
        if self._taken("word", "not"):
            self._nested(self._term)
        elif self._taken("op", "("):
            self.disjunction()
            self._expect("op", ")")
        else:
            self._comparison()

    def _comparison(self) -> None:
        column = self._column()
        if self._taken("word", "is"):
            self._taken("word", "not")
            self._expect("word", "null")
            if column in self.partition_keys:
                raise _invalid(f"IS NULL is not allowed on partition column {column}")
            return
        if self._taken_any("op", ("=", "<>", "!=", "<", ">", "<=", ">=")):
            self._constant(column)
            return
        self._taken("word", "not")
        if self._taken("word", "between"):
            self._constant(column)
            self._expect("word", "and")
            self._constant(column)
        elif self._taken("word", "in"):
            self._expect("op", "(")
            self._constant(column)
            while self._taken("op", ","):
                self._constant(column)
            self._expect("op", ")")
        elif self._taken("word", "like"):
            self._constant(column, only_text=True)
        else:
            raise _invalid(f"a comparison with a constant is expected after {column}")

    def _column(self) -> str:
        kind, text = self._next()
        if kind == "quoted":
            name = text[1:-1].replace('""', '"').lower()
        elif kind == "word" and text.lower() not in _KEYWORDS:
            name = text.lower()
        else:
            raise _invalid(f"a column name is expected, not {text or 'the end'}")
        if self._taken("op", "."):
            raise not_implemented("lakeformation", "CreateDataCellsFilter", "does not serve nested columns")
        if self._taken("op", "("):
            raise _invalid(f"functions are not allowed: {name}")
        if name not in self.types:
            raise _invalid(f"column {name} does not exist")
        self.columns.append(name)
        return name

    def _constant(self, column: str, only_text: bool = False) -> None:
        kind, text = self._next()
        base = self.types[column].lower().split("(")[0].strip()
        truth = kind == "word" and text.lower() in {"true", "false"}
        if base in _TEXT:
            fits = kind == "string"
        elif base in _NUMBER:
            fits = kind == "number" and not only_text
        elif base in _TRUTH:
            fits = truth and not only_text
        else:
            raise _invalid(f"column {column} has type {base}, which row filters do not support")
        if not fits:
            raise _invalid(f"{text or 'the end'} is not a constant of the type of column {column} ({base})")

    def _next(self) -> Token:
        if self.position >= len(self.tokens):
            return "end", ""
        self.position += 1
        return self.tokens[self.position - 1]

    def _taken(self, kind: str, text: str) -> bool:
        return self._taken_any(kind, (text,))

    def _taken_any(self, kind: str, texts: tuple[str, ...]) -> bool:
        if self.position < len(self.tokens):
            found, text = self.tokens[self.position]
            if found == kind and text.lower() in texts:
                self.position += 1
                return True
        return False

    def _expect(self, kind: str, text: str) -> None:
        if not self._taken(kind, text):
            raise _invalid(f"{text} is expected")
