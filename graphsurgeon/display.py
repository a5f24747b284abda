"""How objects show themselves in Python and in notebooks: short tables, as text and as HTML.

Names and strings come out of files. They are text: control characters are escaped, and in HTML markup is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

#: Of a table, so many rows are shown; the others are counted.
MAX_ROWS = 20
_MAX_CELL = 60
_MAX_LAST = 80
#: Of a list in a line, so many items.
_FEW = 5
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}


Row = TypeVar("Row")


class Rows(Sequence[Row]):
    """Rows of a report, each made when it is asked for: of a million, nobody looks at most.

    Parameters
    ----------
    make : callable
        Makes a row of its cells.
    *columns : sequence
        The cells, of all rows each.
    """

    __slots__ = ("_columns", "_make")

    def __init__(self, make: Callable[..., Row], *columns: Sequence[Any]) -> None:
        self._make = make
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, *self._columns)

    def __getitem__(self, position: Any) -> Any:
        cells = [column[position] for column in self._columns]
        return [*map(self._make, *cells)] if isinstance(position, slice) else self._make(*cells)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (list, Rows)) and len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr([*self])

    def column(self, number: int) -> Sequence[Any]:
        """Return one cell of all rows."""
        return self._columns[number]

    def plain(self) -> Rows[dict[str, Any]]:
        """Return the rows as dicts."""
        make = self._make
        return Rows(lambda *cells: vars(make(*cells)), *self._columns)


class Displayed:
    """What shows itself as a short table: a report, by its JSON types."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON types: its fields, and those of the rows in its lists."""
        return {name: [*value] if isinstance(value, Rows) else value for name, value in self._facts().items()}

    def plain_facts(self) -> dict[str, Any]:
        """Return what `to_json` does, but `Rows` where a list of rows need not be made."""
        return self._facts() if type(self).to_json is Displayed.to_json else self.to_json()

    def _facts(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in vars(self).items()}

    def __init_subclass__(cls) -> None:
        # In each class itself: `dataclass` would give it a repr of its own, with every row in it.
        if cls.__repr__ is Displayed.__repr__:
            cls.__repr__ = Displayed.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        facts = [(name, each) for name, each in self.plain_facts().items() if each is not None]
        texts = [
            f"{name}: {len(each):,}" if _is_table(each) else f"{name}: {_cut(_summary(each))}" for name, each in facts
        ]
        return f"{type(self).__name__}({_few(texts, ', ')})"

    def __str__(self) -> str:
        return "\n".join(text_lines(self.plain_facts()))

    def _repr_html_(self) -> str:
        return html_of(type(self).__name__, self.plain_facts())


def _plain(value: Any) -> Any:
    if isinstance(value, Rows):
        return value.plain()
    return [vars(each) if hasattr(each, "__dict__") else each for each in value] if type(value) is list else value


def text_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield a report as text: a line for each fact, a short table for each list of rows."""
    for name, value in facts.items():
        if value is None:
            continue
        if not _is_table(value):
            yield f"{printable(name)}: {_summary(value)}"
            continue
        yield f"{printable(name)}: {len(value):,}"
        headers, rows = _table(value)
        yield from text_table(headers, rows, len(value))


def html_of(title: str, facts: Mapping[str, Any]) -> str:
    """Return a report as HTML: a table of facts, and a short table for each list of rows."""
    plain = [(name, _summary(value)) for name, value in facts.items() if value is not None and not _is_table(value)]
    parts = [html_table(title, (), plain)]
    for name, value in facts.items():
        if _is_table(value):
            headers, rows = _table(value)
            parts.append(html_table(f"{name}: {len(value):,}", headers, rows, len(value)))
    return "".join(parts)


def text_table(headers: Sequence[str], rows: Iterable[Sequence[object]], total: int | None = None) -> Iterator[str]:
    """Yield aligned columns, numbers to the right; of `total` rows, those that are not given are counted."""
    body = [list(row) for row in rows]
    texts = [[*map(_cell, headers)], *([_cell(each) for each in row] for row in body)]
    table = [[*map(_shortened, line[:-1]), _cut(line[-1])] for line in texts]
    columns = [*zip(*table, strict=True)]
    right = [all(isinstance(row[i], int) for row in body) for i in range(len(columns))]
    widths = [max(map(len, column)) for column in columns]
    for line in table:
        cells = zip(line, widths, right, strict=True)
        yield "  " + "  ".join([text.rjust(w) if is_right else text.ljust(w) for text, w, is_right in cells]).rstrip()
    if total is not None and total > len(body):
        yield f"  ... {total - len(body):,} more"


def html_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]], total: int | None = None) -> str:
    """Return a table as HTML; cells and title are texts, whatever is in them."""
    body = ["<tr>" + "".join([f"<td>{escaped(_cell(each))}</td>" for each in row]) + "</tr>" for row in rows]
    head = "<tr>" + "".join([f"<th>{escaped(each)}</th>" for each in headers]) + "</tr>" if headers else ""
    rest = "" if total is None or total <= len(body) else f"<div>... {total - len(body):,} more</div>"
    return (
        f"<div><strong>{escaped(title)}</strong><table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"
        f"{rest}</div>"
    )


def escaped(text: str) -> str:
    """Escape text for HTML, control characters included."""
    return "".join([_MARKUP.get(c, c) for c in printable(text)])


def printable(text: str) -> str:
    """Escape control characters: names in files may hold terminal escape sequences."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def format_nbytes(nbytes: int) -> str:
    """Return a size for people: ``553.4 MB``."""
    size, unit = float(nbytes), 0
    while size >= 999.95 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{nbytes} B" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def format_shape(shape: Sequence[int | None] | None) -> str:
    """Return a shape for people: ``[3, ?, 64]``, ``?`` for an unknown rank."""
    if shape is None:
        return "?"
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in shape) + "]"


def count(number: int, noun: str) -> str:
    """Return ``1 node``, ``2 nodes``, ``1,234 nodes``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def is_redundant(key: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column of a table says nothing: a variable's node of the same name."""
    return key == "node" and all(row.get("name") == row["node"] for row in rows)


def cell_of(key: str, value: Any) -> object:
    """Return what stands in a table for a value of a report."""
    if key.endswith("shape"):
        return format_shape(value) if value is None or isinstance(value, (list, tuple)) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "; ".join(map(str, value))
    return _summary(value) if isinstance(value, dict) else value


def _is_table(value: Any) -> bool:
    return isinstance(value, (list, Rows)) and bool(value) and isinstance(value[0], dict)


def _table(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[object]]]:
    """Return headers and cells of the rows that are shown, without columns that are empty there."""
    shown = rows[:MAX_ROWS]
    keys = [key for key in shown[0] if not is_redundant(key, shown) and any(_is_said(row.get(key)) for row in shown)]
    return keys, [["" if row.get(key) is None else cell_of(key, row[key]) for key in keys] for row in shown]


def _is_said(value: Any) -> bool:
    return value is not None and value not in ([], {})


def _summary(value: Any) -> str:
    """Return a fact in a line: a few of a list, and how many."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:,}"
    if isinstance(value, dict):
        return _few([f"{key}: {_summary(each)}" for key, each in value.items() if each is not None], "; ")
    if isinstance(value, (list, tuple)):
        return _few([str(each) for each in value], ", ")
    return printable(str(value))


def _few(texts: Sequence[str], separator: str) -> str:
    if not texts:
        return "none"
    text = printable(separator.join(texts[:_FEW]))
    return text if len(texts) <= _FEW else f"{text}{separator}... ({len(texts):,})"


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))


def _cut(text: str) -> str:
    """Return what stands last, which may be a sentence: its beginning."""
    return text if len(text) <= _MAX_LAST else f"{text[: _MAX_LAST - 3]}..."


def _shortened(text: str) -> str:
    """Return the end of a long name, which tells those of one scope apart."""
    return text if len(text) <= _MAX_CELL else f"...{text[3 - _MAX_CELL :]}"
