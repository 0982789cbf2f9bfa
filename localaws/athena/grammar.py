"""Hive's grammar of the statements that are no queries, as far as Athena documents and the account serves it.

Source: Athena User Guide, "DDL statements". What Athena knows and is not served here is refused by name.
"""

from __future__ import annotations

import re

from localaws.athena import prepared_text
from localaws.athena.failure import not_supported
from localaws.athena.hive_text import Reader
from localaws.athena.statements import (
    PARQUET_INPUT,
    PARQUET_OUTPUT,
    PARQUET_SERDE,
    AddPartitions,
    ColumnDef,
    CreateDatabase,
    CreateTable,
    Describe,
    DropDatabase,
    DropPartitions,
    DropTable,
    Explain,
    Query,
    RepairTable,
    ShowColumns,
    ShowDatabases,
    ShowPartitions,
    ShowTables,
    Statement,
)
from localaws.athena.syntax import QUERY_WORDS, UNSERVED, MalformedQuery, first_word


def parse(text: str) -> Statement:
    """The one statement in ``text``. A query is not looked into.

    Raises MalformedQuery for text that is none, QueryFailed NOT_SUPPORTED for a statement that is not served.
    """
    word = first_word(text)
    if word in QUERY_WORDS:
        return Query(text)
    if word == "explain":
        return _explain(text)
    if word in prepared_text.WORDS:
        return prepared_text.parse(text)
    if word in UNSERVED:
        raise not_supported(f"the statement {word.upper()}")
    readers = {
        "show": _show,
        "describe": _describe,
        "desc": _describe,
        "create": _create,
        "drop": _drop,
        "msck": _repair,
        "alter": _alter,
    }
    if word not in readers:
        if not word:
            raise MalformedQuery("Only one sql statement is allowed. Got: 0")
        raise MalformedQuery(f"line 1:1: mismatched input '{word}'")
    reader = Reader(text)
    reader.next()
    statement = readers[word](reader)
    reader.end()
    return statement


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


def _show(reader: Reader) -> Statement:
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


def _describe(reader: Reader) -> Statement:
    for word in ("extended", "formatted", "database", "schema", "input", "output", "view"):
        if reader.at(word) and reader.peek(1)[0] != "end":
            raise not_supported(f"DESCRIBE {word.upper()}")
    table = reader.table()
    if reader.peek()[0] in ("word", "ident"):
        raise not_supported("DESCRIBE of one column or partition")
    return Describe(table)


def _create(reader: Reader) -> Statement:
    if reader.take("database") or reader.take("schema"):
        return _create_database(reader)
    if reader.at("external", "table"):
        reader.need("external", "table")
        return _create_table(reader)
    if reader.at("table"):
        raise not_supported("CREATE TABLE AS SELECT and Iceberg's CREATE TABLE")
    _, word, _ = reader.peek()
    raise not_supported(f"CREATE {'VIEW' if reader.at('or', 'replace') else word.upper()[:40]}")


def _create_database(reader: Reader) -> CreateDatabase:
    unless = reader.take("if", "not", "exists")
    name = reader.name()
    comment = reader.string() if reader.take("comment") else None
    location = reader.string() if reader.take("location") else None
    properties = _properties(reader) if reader.take("with", "dbproperties") else {}
    return CreateDatabase(name, unless, comment, location, properties)


def _create_table(reader: Reader) -> CreateTable:
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


def _stored_as(reader: Reader, parquet: bool) -> bool:
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


def _columns(reader: Reader) -> tuple[ColumnDef, ...]:
    reader.need("(")
    found: list[ColumnDef] = []
    while True:
        name = reader.name()
        type_ = _type(reader)
        found.append(ColumnDef(name, type_, reader.string() if reader.take("comment") else None))
        if reader.take(")"):
            return tuple(found)
        reader.need(",")


def _type(reader: Reader) -> str:
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


def _properties(reader: Reader) -> dict[str, str]:
    reader.need("(")
    found: dict[str, str] = {}
    while True:
        key = reader.string()
        reader.need("=")
        found[key] = reader.string()
        if reader.take(")"):
            return found
        reader.need(",")


def _drop(reader: Reader) -> Statement:
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


def _repair(reader: Reader) -> Statement:
    reader.need("repair", "table")
    return RepairTable(reader.table())


def _alter(reader: Reader) -> Statement:
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


def _specification(reader: Reader) -> dict[str, str]:
    reader.need("(")
    found: dict[str, str] = {}
    while True:
        key = reader.name()
        reader.need("=")
        found[key] = reader.string() if reader.peek()[0] == "string" else reader.name()
        if reader.take(")"):
            return found
        reader.need(",")
