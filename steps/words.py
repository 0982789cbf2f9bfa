"""How a step's sentence is written: ``words("{person} selects {column}")``. No plugin."""

from __future__ import annotations

import re

from pytest_bdd import parsers


def words(sentence: str) -> parsers.re:
    """A parser for ``sentence``, in which ``{name}`` stands for one word, and ``{name+}`` for one or more."""
    pattern = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(sentence))
    return parsers.re(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^\\s,]+)", pattern))
