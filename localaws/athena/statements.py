"""Statements that are no queries: SHOW, DESCRIBE, EXPLAIN and DDL, read from Hive's grammar as Athena documents it.

Source: Athena User Guide, "DDL statements". What Athena knows and is not served here is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from localaws.athena.failure import not_supported
from localaws.athena.syntax import QUERY_WORDS, MalformedQuery, first_word, line_column

Name = tuple[str | None, str]
"""A table: (database or None, table), lower case."""


@dataclass(frozen=True)
class Query:
    """A SELECT, WITH, VALUES; ``text`` keeps every character at its place."""

    text: str


@dataclass(frozen=True)
class Explain:
    text: str


@dataclass(frozen=True)
class ShowDatabases:
    pattern: str | None


@dataclass(frozen=True)
class ShowTables:
    database: str | None
    pattern: str | None


@dataclass(frozen=True)
class ShowColumns:
    table: Name


@dataclass(frozen=True)
class ShowPartitions:
    table: Name


@dataclass(frozen=True)
class Describe:
    table: Name


@dataclass(frozen=True)
class CreateDatabase:
    name: str
    unless_exists: bool
    comment: str | None = None
    location: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase:
    name: str
    if_exists: bool
    cascade: bool


@dataclass(frozen=True)
class ColumnDef:
    name: str
    type: str
    comment: str | None = None


@dataclass(frozen=True)
class CreateTable:
    table: Name
    unless_exists: bool
    columns: tuple[ColumnDef, ...]
    partition_keys: tuple[ColumnDef, ...]
    location: str
    comment: str | None = None
    serde_properties: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropTable:
    table: Name
    if_exists: bool


@dataclass(frozen=True)
class RepairTable:
    table: Name


@dataclass(frozen=True)
class AddPartitions:
    table: Name
    unless_exists: bool
    partitions: tuple[tuple[dict[str, str], str | None], ...]


@dataclass(frozen=True)
class DropPartitions:
    table: Name
    if_exists: bool
    partitions: tuple[dict[str, str], ...]


Statement = (
    Query | Explain | ShowDatabases | ShowTables | ShowColumns | ShowPartitions | Describe | CreateDatabase
    | DropDatabase | CreateTable | DropTable | RepairTable | AddPartitions | DropPartitions
)

KINDS: dict[type, tuple[str, str]] = {
    Query: ("DML", "SELECT"), Explain: ("UTILITY", "EXPLAIN"), ShowDatabases: ("UTILITY", "SHOW_DATABASES"),
    ShowTables: ("UTILITY", "SHOW_TABLES"), ShowColumns: ("UTILITY", "SHOW_COLUMNS"),
    ShowPartitions: ("UTILITY", "SHOW_PARTITIONS"), Describe: ("UTILITY", "DESCRIBE_TABLE"),
    CreateDatabase: ("DDL", "CREATE_DATABASE"), DropDatabase: ("DDL", "DROP_DATABASE"),
    CreateTable: ("DDL", "CREATE_TABLE"), DropTable: ("DDL", "DROP_TABLE"), RepairTable: ("DDL", "MSCK_REPAIR_TABLE"),
    AddPartitions: ("DDL", "ALTER_TABLE_ADD_PARTITION"), DropPartitions: ("DDL", "ALTER_TABLE_DROP_PARTITION"),
}
"""StatementType and SubstatementType. The types are documented; the names of most substatements are inferred."""

UNSERVED = (
    "insert", "update", "delete", "merge", "unload", "prepare", "execute", "deallocate", "call", "grant", "revoke",
    "use", "set", "reset", "analyze", "optimize", "vacuum", "truncate", "comment", "start", "commit", "rollback",
)
PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^'\\]|\\.|'')*')|(?P<ident>`(?:[^`]|``)+`|"(?:[^"]|"")+")
    |(?P<word>[A-Za-z_0-9]+)|(?P<mark>[(),.;=<>:])""",
    re.DOTALL | re.VERBOSE,
)


def parse(text: str) -> Statement:
    """The one statement in ``text``. A query is not looked into.

    Raises MalformedQuery for text that is none, QueryFailed NOT_SUPPORTED for a statement that is not served.
    """
    word = first_word(text)
    if word in QUERY_WORDS:
        return Query(text)
    if word == "explain":
        return _explain(text)
    if word in UNSERVED:
        raise not_supported(f"the statement {word.upper()}")
    readers = {
        "show": _show, "describe": _describe, "desc": _describe, "create": _create, "drop": _drop, "msck": _repair,
        "alter": _alter,
    }
    if word not in readers:
        if not word:
            raise MalformedQuery("Only one sql statement is allowed. Got: 0")
        raise MalformedQuery(f"line 1:1: mismatched input '{word}'")
    reader = _Reader(text)
    reader.next()
    statement = readers[word](reader)
    reader.end()
    return statement


class _Reader:
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


def _explain(text: str) -> Explain:
    match = re.match(r"(?is)((?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b)(\s*analyze\b)?(\s*\([^()]*\))?", text)
    if match is None:
        raise MalformedQuery("line 1:1: mismatched input 'explain'")
    if match[2]:
        raise not_supported("EXPLAIN ANALYZE")
    if match[3] and first_word(text[match.start(3) + match[3].index("(") + 1 :]) not in ("format", "type"):
        match = re.match(r"(?is)((?:\s|--[^\n]*\n|/\*.*?\*/)*explain\b)", text)
        assert match is not None
    elif match[3] and not re.search(r"(?i)type\s+(logical|distributed)|format\s+text", match[3]):
        raise not_supported("EXPLAIN with these options")
    blank = re.sub(r"[^\n]", " ", match.group())
    rest = blank + text[match.end() :]
    if first_word(rest) not in QUERY_WORDS:
        raise not_supported("EXPLAIN of anything but a query")
    return Explain(rest)


def _show(reader: _Reader) -> Statement:
    if reader.take("databases") or reader.take("schemas"):
        reader.take("like")
        return ShowDatabases(reader.string() if reader.peek()[0] == "string" else None)
    if reader.take("tables"):
        database = reader.name() if reader.take("in") or reader.take("from") else None
        return ShowTables(database, reader.string() if reader.peek()[0] == "string" else None)
    if reader.take("columns"):
        if not reader.take("in"):
            reader.need("from")
        table = reader.table()
        if reader.take("in") or reader.take("from"):
            table = (reader.name(), table[1])
        return ShowColumns(table)
    if reader.take("partitions"):
        return ShowPartitions(reader.table())
    _, word, _ = reader.peek()
    following = reader.peek(1)[1] if word.lower() == "create" else ""
    raise not_supported(f"SHOW {word.upper()[:40]} {following.upper()[:40]}".strip())


def _describe(reader: _Reader) -> Statement:
    for word in ("extended", "formatted", "database", "schema", "input", "output", "view"):
        if reader.at(word) and reader.peek(1)[0] != "end":
            raise not_supported(f"DESCRIBE {word.upper()}")
    table = reader.table()
    if reader.peek()[0] in ("word", "ident"):
        raise not_supported("DESCRIBE of one column or partition")
    return Describe(table)


def _create(reader: _Reader) -> Statement:
    if reader.take("database") or reader.take("schema"):
        return _create_database(reader)
    if reader.at("external", "table"):
        reader.need("external", "table")
        return _create_table(reader)
    if reader.at("table"):
        raise not_supported("CREATE TABLE AS SELECT and Iceberg's CREATE TABLE")
    _, word, _ = reader.peek()
    raise not_supported(f"CREATE {'VIEW' if reader.at('or', 'replace') else word.upper()[:40]}")


def _create_database(reader: _Reader) -> CreateDatabase:
    unless = reader.take("if", "not", "exists")
    name = reader.name()
    comment = reader.string() if reader.take("comment") else None
    location = reader.string() if reader.take("location") else None
    properties = _properties(reader) if reader.take("with", "dbproperties") else {}
    return CreateDatabase(name, unless, comment, location, properties)


def _create_table(reader: _Reader) -> CreateTable:
    unless = reader.take("if", "not", "exists")
    table = reader.table()
    columns = _columns(reader)
    comment = reader.string() if reader.take("comment") else None
    keys = _columns(reader) if reader.take("partitioned", "by") else ()
    serde_properties: dict[str, str] = {}
    parquet = False
    if reader.at("clustered"):
        raise not_supported("CLUSTERED BY")
    if reader.take("row", "format"):
        if reader.at("delimited"):
            raise not_supported("ROW FORMAT DELIMITED")
        reader.need("serde")
        serde = reader.string()
        if serde != PARQUET_SERDE:
            raise not_supported(f"the SerDe {serde[:100]}")
        parquet = True
        serde_properties = _properties(reader) if reader.take("with", "serdeproperties") else {}
    if reader.take("stored", "as"):
        parquet = _stored_as(reader, parquet)
    if not parquet:
        raise not_supported("a table that is not stored as Parquet")
    if not reader.take("location"):
        raise not_supported("an external table without LOCATION")
    location = reader.string()
    properties = _properties(reader) if reader.take("tblproperties") else {}
    return CreateTable(table, unless, columns, keys, location, comment, serde_properties, properties)


def _stored_as(reader: _Reader, parquet: bool) -> bool:
    if reader.take("parquet"):
        return True
    if not reader.take("inputformat"):
        raise not_supported(f"STORED AS {reader.peek()[1].upper()[:40]}")
    formats = [reader.string()]
    reader.need("outputformat")
    formats.append(reader.string())
    if formats != [PARQUET_INPUT, PARQUET_OUTPUT]:
        raise not_supported("these INPUTFORMAT and OUTPUTFORMAT")
    return parquet


def _columns(reader: _Reader) -> tuple[ColumnDef, ...]:
    reader.need("(")
    found: list[ColumnDef] = []
    while True:
        name = reader.name()
        type_ = _type(reader)
        found.append(ColumnDef(name, type_, reader.string() if reader.take("comment") else None))
        if reader.take(")"):
            return tuple(found)
        reader.need(",")


def _type(reader: _Reader) -> str:
    text, depth = "", 0
    while True:
        kind, word, offset = reader.peek()
        if kind not in ("word", "mark") or word in ".;=":
            raise reader.mismatch(word, offset)
        if depth == 0 and text and (word in (",", ")") or kind == "word"):
            return text
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(word, 0)
        if depth < 0 or (not text and kind != "word"):
            raise reader.mismatch(word, offset)
        text += word.lower()
        reader.next()


def _properties(reader: _Reader) -> dict[str, str]:
    reader.need("(")
    found: dict[str, str] = {}
    while True:
        key = reader.string()
        reader.need("=")
        found[key] = reader.string()
        if reader.take(")"):
            return found
        reader.need(",")


def _drop(reader: _Reader) -> Statement:
    if reader.take("database") or reader.take("schema"):
        if_exists = reader.take("if", "exists")
        name = reader.name()
        cascade = reader.take("cascade")
        if not cascade:
            reader.take("restrict")
        return DropDatabase(name, if_exists, cascade)
    if reader.take("table"):
        if_exists = reader.take("if", "exists")
        return DropTable(reader.table(), if_exists)
    raise not_supported(f"DROP {reader.peek()[1].upper()[:40]}")


def _repair(reader: _Reader) -> Statement:
    reader.need("repair", "table")
    return RepairTable(reader.table())


def _alter(reader: _Reader) -> Statement:
    if not reader.take("table"):
        raise not_supported(f"ALTER {reader.peek()[1].upper()[:40]}")
    table = reader.table()
    if reader.take("add"):
        unless = reader.take("if", "not", "exists")
        if not reader.at("partition"):
            raise not_supported(f"ALTER TABLE ADD {reader.peek()[1].upper()[:40]}")
        added: list[tuple[dict[str, str], str | None]] = []
        while reader.take("partition"):
            added.append((_specification(reader), reader.string() if reader.take("location") else None))
        return AddPartitions(table, unless, tuple(added))
    if reader.take("drop"):
        if_exists = reader.take("if", "exists")
        if not reader.at("partition"):
            raise not_supported(f"ALTER TABLE DROP {reader.peek()[1].upper()[:40]}")
        dropped: list[dict[str, str]] = []
        while reader.take("partition"):
            dropped.append(_specification(reader))
            if not reader.take(","):
                break
        return DropPartitions(table, if_exists, tuple(dropped))
    raise not_supported(f"ALTER TABLE {reader.peek()[1].upper()[:40]}")


def _specification(reader: _Reader) -> dict[str, str]:
    reader.need("(")
    found: dict[str, str] = {}
    while True:
        key = reader.name()
        reader.need("=")
        found[key] = reader.string() if reader.peek()[0] == "string" else reader.name()
        if reader.take(")"):
            return found
        reader.need(",")
