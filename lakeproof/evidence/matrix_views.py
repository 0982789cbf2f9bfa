"""The access matrix for people: a CSV for a spreadsheet, and one picture in which what disagrees stands out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from lakeproof.evidence.matrix import ALLOWED, BOTH, NOT_OBTAINED, NOT_PROBED, VISIBLE, Cell, Matrix

HEAD = ("kind", "identity", "on", "what", "rows", "expected", "observed", "agrees", "causes", "probes")
CELL, LABEL, TOP, GAP = 22, 330, 190, 46
FONT = 'font-family="system-ui,sans-serif" font-size="12"'
GLYPHS: Mapping[str, tuple[str, str, str]] = {
    "given": ("#2f7d4f", "#ffffff", "✓"),
    "kept": ("#c9d3dc", "#33414e", "–"),
    "leak": ("#c0182b", "#ffffff", "!"),
    "lost": ("#e07b00", "#ffffff", "?"),
    "both": ("#7a1fa2", "#ffffff", "±"),
    "no evidence": ("#f4d35e", "#33414e", "∅"),
    "not probed": ("#ffffff", "#9aa5b1", "·"),
}
"""Colour of the cell, of its sign, and the sign: readable without colours."""
LEGEND = {
    "given": "expected and seen: visible or allowed",
    "kept": "expected and seen: hidden or refused",
    "leak": "seen, though it should be hidden or refused",
    "lost": "not seen, though it should be visible or allowed",
    "both": "not the same every time",
    "no evidence": "tried, and proved nothing",
    "not probed": "not probed",
}


def to_csv(matrix: Matrix) -> str:
    """Every cell a row. Texts that a spreadsheet would take for a formula get an apostrophe in front."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(HEAD)
    for kind, cells in (("column", matrix["columns"]), ("action", matrix["actions"])):
        for cell in cells:
            on, what = _names(cell)
            row = [kind, cell["identity"], on, what, cell.get("rows") or "", cell["expected"], cell["observed"]]
            row += [_yes(cell["agrees"]), " ".join(cell["causes"]), str(cell["probes"])]
            writer.writerow([f"'{each}" if each.startswith(("=", "+", "-", "@")) else each for each in row])
    return lines.getvalue()


def to_svg(matrix: Matrix, title: str) -> str:
    """A heat map: identities across, columns and actions down. Each cell says in words what it is."""
    parts: list[str] = []
    at, width = 28, 0
    for heading, cells in (("Columns", matrix["columns"]), ("Actions", matrix["actions"])):
        identities = list(dict.fromkeys(cell["identity"] for cell in cells))
        rows = list(dict.fromkeys(_names(cell) for cell in cells))
        if rows:
            parts += _block(heading, identities, rows, cells, at)
            at += TOP + len(rows) * CELL + GAP
            width = max(width, LABEL + len(identities) * CELL + 120)
    parts += _legend(at)
    at, width = at + (len(LEGEND) + 1) * CELL, max(width, 640)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{at}" viewBox="0 0 {width} {at}" {FONT}>'
    ground = f'<rect width="{width}" height="{at}" fill="#ffffff"/>'
    named = f'<title>{escape(title)}</title><text x="8" y="18" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, ground, named, *parts, "</svg>", ""])


def state(cell: Cell) -> str:
    """Which of the seven states a cell is in, as the legend has them."""
    observed = cell["observed"]
    if observed in (NOT_OBTAINED, NOT_PROBED, BOTH):
        return {NOT_OBTAINED: "no evidence", NOT_PROBED: "not probed", BOTH: "both"}[observed]
    shown = observed in (VISIBLE, ALLOWED)
    if cell["agrees"]:
        return "given" if shown else "kept"
    return "leak" if shown else "lost"


def _block(
    heading: str, identities: Sequence[str], rows: Sequence[tuple[str, str]], cells: Sequence[Cell], top: int
) -> Iterator[str]:
    yield f'<text x="8" y="{top + TOP - 8}" font-weight="bold">{heading}</text>'
    for number, identity in enumerate(identities):
        x, y = LABEL + number * CELL + 15, top + TOP - 8
        yield f'<text x="{x}" y="{y}" transform="rotate(-60 {x} {y})">{escape(identity)}</text>'
    for number, (on, what) in enumerate(rows):
        y = top + TOP + number * CELL + 15
        yield f'<text x="{LABEL - 8}" y="{y}" text-anchor="end">{escape(f"{what}  {on}")}</text>'
    places: dict[tuple[str, tuple[str, str]], list[Cell]] = {}
    for cell in cells:
        places.setdefault((cell["identity"], _names(cell)), []).append(cell)
    for (identity, row), found in places.items():
        x, y = LABEL + identities.index(identity) * CELL, top + TOP + rows.index(row) * CELL
        yield from _cell(x, y, found)


def _cell(x: int, y: int, found: Sequence[Cell]) -> Iterator[str]:
    """One place of the map; of several cells in it (an action tried and simulated), the worst colours it."""
    worst = max(found, key=lambda cell: _SEVERITY.index(state(cell)))
    ground, ink, sign = GLYPHS[state(worst)]
    told = "; ".join(_told(cell) for cell in found)
    yield (
        f'<g><title>{escape(told)}</title><rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" '
        f'fill="{ground}" stroke="#9aa5b1"/><text x="{x + 10}" y="{y + 15}" text-anchor="middle" '
        f'fill="{ink}">{sign}</text></g>'
    )


_SEVERITY = ("not probed", "kept", "given", "no evidence", "lost", "both", "leak")


def _told(cell: Cell) -> str:
    on, what = _names(cell)
    causes = f" ({', '.join(cell['causes'])})" if cell["causes"] else ""
    how = ", simulated" if cell.get("simulated") else ""
    return f"{cell['identity']}: {what} {on}: expected {cell['expected']}, observed {cell['observed']}{causes}{how}"


def _legend(top: int) -> Iterator[str]:
    for number, (name, text) in enumerate(LEGEND.items()):
        ground, ink, sign = GLYPHS[name]
        y = top + number * CELL
        yield (
            f'<rect x="8" y="{y}" width="{CELL - 2}" height="{CELL - 2}" fill="{ground}" stroke="#9aa5b1"/>'
            f'<text x="18" y="{y + 15}" text-anchor="middle" fill="{ink}">{sign}</text>'
            f'<text x="{CELL + 16}" y="{y + 15}">{escape(text)}</text>'
        )


def _names(cell: Cell) -> tuple[str, str]:
    return (cell["table"], cell["column"]) if "column" in cell else (cell["on"], cell["action"])


def _yes(agrees: bool | None) -> str:
    return "" if agrees is None else "yes" if agrees else "no"
