"""Names and texts in little room: shortened at a slash from the left, or in several lines; no name is ever cut.

======================================= =====================================
a name in a column that is too narrow   ``.../conv1/weights``
one that would look like another then   lines that end behind a slash
a text                                  lines of words
one word or part that is still too long stays whole, and stands out
======================================= =====================================
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

_USUAL_WIDTH = 80
_PART = re.compile(r"[^/]*/+|[^/]+")
_ELLIPSIS = "..."
_INDENT = "  "


def scope_of(name: str) -> str:
    """Return the scope that a name is in, with its slash; empty for a name without one."""
    return name[: name.rstrip("/").rfind("/") + 1]


def shortened(name: str, width: int) -> str | None:
    """Return a name in at most `width` letters: whole, or without its outermost scopes; None when its end is longer.

    What marks a control input stays at its beginning.
    """
    if len(name) <= width:
        return name
    mark = "^" if name.startswith("^") else ""
    room = width - len(mark) - len(_ELLIPSIS)
    at = name.find("/", max(1, len(name) - room))
    return mark + _ELLIPSIS + name[at:] if 0 < at < len(name) - 1 else None


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` letters, broken at spaces, and in longer words behind a slash."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    width -= len(indent)
    lines: list[str] = []
    line = ""
    for word in text[len(indent) :].split(" "):
        joined = f"{line} {word}" if line else word
        if len(joined) <= width:
            line = joined
            continue
        lines += [line] if line else []
        *before, line = _pieces(word, width)
        lines += before
    return [indent + each for each in (*lines, line)]


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for part in _PART.findall(word):
        if piece and len(piece) + len(part) > width:
            yield piece
            piece = ""
        piece += part
    yield piece


def cell_lines(cells: Sequence[str], width: int) -> list[list[str]]:
    """Return the lines of each cell of a column: texts wrapped, names shortened as long as they differ."""
    short = {cell: shortened(cell, width) for cell in cells if len(cell) > width and " " not in cell}
    seen: dict[str | None, int] = {}
    for text in [*short.values(), *{cell for cell in cells if cell not in short}]:
        seen[text] = seen.get(text, 0) + 1
    lines = []
    for cell in cells:
        text = short.get(cell)
        if len(cell) <= width:
            text = cell
        elif text is not None and seen[text] > 1:
            text = None
        lines.append(_hanging(cell, width) if text is None else [text])
    return lines


def _hanging(cell: str, width: int) -> list[str]:
    """Return a cell in lines of which all but the first are indented, so that none looks like a row of its own."""
    first, *others = wrapped(cell, width)
    if others:
        first, *others = wrapped(cell, width - len(_INDENT))
    return [first, *(_INDENT + line for line in others)]


def by_scope(rows: Iterable[Sequence[object]]) -> list[Sequence[object]]:
    """Return rows with those of one scope beside each other, the scopes and what is in each in the order given."""
    groups: dict[str, list[Sequence[object]]] = {}
    for row in rows:
        groups.setdefault(scope_of(str(row[0])), []).append(row)
    return [row for group in groups.values() for row in group]


def column_widths(widths: Sequence[int], width: int, *, least: int) -> list[int] | None:
    """Return what columns of these widths get of a line, `least` letters at least; None when that is too much."""
    wide = sorted((i for i, natural in enumerate(widths) if natural > least), key=lambda i: widths[i])
    room = width - sum(natural for natural in widths if natural <= least)
    if sum(widths) > width and (not wide or room < least * len(wide)):
        return None
    given = list(widths)
    for number, i in enumerate(wide):
        given[i] = min(widths[i], room // (len(wide) - number))
        room -= given[i]
    return given


def terminal_width(stream: TextIO | None = None) -> int:
    """Return the letters of a line: what COLUMNS says, else the terminal, by default stdout, else 80."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    try:
        return os.get_terminal_size((stream or sys.stdout).fileno()).columns or _USUAL_WIDTH
    except OSError:
        return _USUAL_WIDTH
