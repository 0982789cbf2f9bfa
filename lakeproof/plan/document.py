"""A YAML file as plain data, with the line of every key and item."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from lakeproof.plan.problems import Path, PlanError, Problem, likely, shown

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NODES = 200_000
_MERGE = "tag:yaml.org,2002:merge"
_KINDS = {"str", "int", "float", "bool", "null"}


@dataclass
class Document:
    """``data`` holds dicts, lists, text, numbers, booleans and None; ``lines`` the line (from 1) of each path.

    A line of a mapping's entry is its key's, of a list's item the item's. ``problems`` are those of the YAML itself.
    """

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, where: Path) -> int | None:
        """The line of ``where``, or of the nearest thing around it."""
        while where not in self.lines and where:
            where = where[:-1]
        return self.lines.get(where)

    def problem(self, where: Path, expected: str, seen: str, cause: str) -> Problem:
        """A problem at ``where``."""
        return Problem(self.file, self.line(where), where, expected, seen, cause)


def read(path: FilePath) -> Document:
    """Read one YAML document. Raises PlanError when it is no YAML, or holds no mapping; a key that is given twice or a
    kind of value that a plan has no use for (a date, a set) is put in ``problems``.

    Anchors, aliases and merge keys are followed. A date is taken as text.
    """
    document = Document(str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PlanError([Problem(str(path), None, (), "a plan file", "no such file", _nearby(path))]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError([Problem(str(path), None, (), "a text file in UTF-8", str(error), "not a plan")]) from None
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise PlanError([_syntax(str(path), text, error)]) from None
    if not isinstance(root, yaml.MappingNode):
        raise PlanError(
            [
                Problem(
                    str(path),
                    1,
                    (),
                    "a mapping with schema_version, name, dataset ...",
                    "an empty file" if root is None else "something else",
                    "not a plan file",
                )
            ]
        )
    document.lines[()] = 1
    document.data = _Builder(document).build(root, (), ())
    return document


class _Builder:
    """Turns nodes into data; counts them, because aliases can make a small file enormous."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.left = _MOST_NODES
        self.constructor: Any = yaml.constructor.SafeConstructor()

    def build(self, node: Any, where: Path, around: tuple[Any, ...]) -> Any:
        self.left -= 1
        if self.left < 0 or node in around:
            raise PlanError(
                [
                    self.document.problem(
                        where,
                        f"a file of fewer than {_MOST_NODES} values",
                        "more",
                        "an alias that contains itself or multiplies",
                    )
                ]
            )
        inside = (*around, node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, where)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self.document.lines[(*where, index)] = item.start_mark.line + 1
                items.append(self.build(item, (*where, index), inside))
            return items
        return self.mapping(node, where, inside)

    def scalar(self, node: Any, where: Path) -> Any:
        kind = node.tag.rsplit(":", 1)[-1]
        if kind in _KINDS:
            try:
                return self.constructor.construct_object(node, deep=True)
            except (ValueError, yaml.YAMLError):
                kind = f"malformed {kind}"
        if kind != "timestamp":
            self.document.problems.append(
                self.document.problem(
                    where, "text, a number, true or false", f"a YAML {kind}: {node.value!r}", "put the value in quotes"
                )
            )
        return node.value

    def mapping(self, node: Any, where: Path, around: tuple[Any, ...]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _MERGE:
                parts = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                for part in parts:
                    found = self.build(part, where, around)
                    merged = (found if isinstance(found, dict) else {}) | merged
                continue
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in built:
                first = self.document.line((*where, key))
                self.document.problems.append(
                    Problem(
                        self.document.file,
                        line,
                        (*where, key),
                        f"the key {key!r} once in {shown(where) or 'the plan'}",
                        f"a second time (first on line {first})",
                        "copied and not edited; YAML would silently keep the last",
                    )
                )
                continue
            self.document.lines[(*where, key)] = line
            built[key] = self.build(value_node, (*where, key), around)
        return merged | built


def _nearby(path: FilePath) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"there is no directory {parent}"
    return likely(path.name, sorted(item.name for item in parent.iterdir()), f"nothing like it in {parent}")


def _syntax(file: str, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = " ".join(part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part)
    if mark is None:
        return Problem(file, None, (), "YAML", str(error), "a character that YAML does not allow")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    seen = f"{line.strip()!r} ({said or error})"
    return Problem(file, mark.line + 1, (), "YAML", seen, _cause(lines, mark.line, said))


def _cause(lines: list[str], number: int, said: str) -> str:
    line = lines[number] if number < len(lines) else ""
    above = lines[number - 1] if 0 < number <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in said:
        return "a tab: YAML is indented with spaces"
    if "could not find expected ':'" in said or "expected <block end>" in said:
        if above.strip() and ":" not in above and not above.lstrip().startswith("- "):
            return f"a ':' is missing on line {number} ({above.strip()!r})"
        return "the indentation differs from the lines around it, or a ':' is missing"
    if "mapping values are not allowed" in said:
        return "text with ': ' in it needs quotes, or the line above lacks its indentation"
    if "undefined alias" in said:
        return "an alias (*name) without its anchor (&name) before it"
    if "expected ',' or" in said or "flow" in said:
        return "a bracket or brace is not closed, or a comma is missing"
    if "quoted scalar" in said:
        return "a quotation mark is not closed"
    return "a quotation mark, bracket or ':' out of place on this line or the one before"
