"""The words of a Hive statement, read from the left."""

from __future__ import annotations

import re

from localaws.athena.failure import not_supported
from localaws.athena.statements import Name
from localaws.athena.syntax import MalformedQuery, line_column

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^'\\]|\\.|'')*')|(?P<ident>`(?:[^`]|``)+`|"(?:[^"]|"")+")
    |(?P<word>[A-Za-z_0-9]+)|(?P<mark>[(),.;=<>:])""",
    re.DOTALL | re.VERBOSE,
)


class Reader:
    """The tokens of a statement, from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise self.mismatch(text[place], place)
            if match.lastgroup != "space":
                self.tokens.append((match.lastgroup, match.group(), place))
            place = match.end()
        self.place = 0

    def mismatch(self, word: str, offset: int) -> MalformedQuery:
        line, column = line_column(self.text, offset)
        return MalformedQuery(f"line {line}:{column}: mismatched input '{word[:40]}'")

    def peek(self, ahead: int = 0) -> tuple[str, str, int]:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else ("end", "<EOF>", len(self.text))

    def next(self) -> tuple[str, str, int]:
        token = self.peek()
        self.place += 1
        return token

    def at(self, *words: str) -> bool:
        """Whether these words or marks come next."""
        return all(
            self.peek(i)[0] in ("word", "mark") and self.peek(i)[1].lower() == word for i, word in enumerate(words)
        )

    def take(self, *words: str) -> bool:
        """Skip these words if they come next."""
        found = self.at(*words)
        self.place += len(words) if found else 0
        return found

    def need(self, *words: str) -> None:
        if not self.take(*words):
            _, word, offset = self.peek()
            raise self.mismatch(word, offset)

    def name(self) -> str:
        kind, word, offset = self.next()
        if kind == "ident":
            return word[1:-1].lower()
        if kind != "word" or not re.fullmatch(r"[A-Za-z_0-9]+", word):
            raise self.mismatch(word, offset)
        return word.lower()

    def table(self) -> Name:
        first = self.name()
        if not self.take("."):
            return None, first
        second = self.name()
        if not self.take("."):
            return first, second
        if first != "awsdatacatalog":
            raise not_supported(f"the catalog {first}")
        return second, self.name()

    def string(self) -> str:
        kind, word, offset = self.next()
        if kind != "string":
            raise self.mismatch(word, offset)
        return re.sub(r"\\(.)|''", lambda m: m[1] or "'", word[1:-1], flags=re.DOTALL)

    def end(self) -> None:
        self.take(";")
        kind, word, offset = self.peek()
        if kind == "end":
            return
        if self.tokens[self.place - 1][1] == ";":
            raise MalformedQuery("Only one sql statement is allowed. Got: 2")
        raise self.mismatch(word, offset)
