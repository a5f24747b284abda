"""Tables on stdout: for people on a terminal as wide as that is, for programs in whole columns or as CSV.

============== =====================================================================
stdout is      rows are
============== =====================================================================
a terminal     aligned in its width: long names shortened at a slash, texts below;
               with ``--explain`` under their scopes; with ``--wide`` in whole columns
something else aligned in whole columns
either         with ``--csv`` RFC 4180's CSV, lines ending in LF, one header
============== =====================================================================
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence

import click

from graphsurgeon.cli.name_layout import by_scope, cell_lines, column_widths, scope_of, terminal_width, wrapped
from graphsurgeon.cli.output import batches, emit_line, is_csv, is_wide, printable, styled
from proto_utils.named_tuple import NamedTuple

# What is longer comes as columns on a terminal too: it need not be in memory.
_MAX_DRAWN_ROWS = 50_000
#: Columns of at most this width are never folded: dtypes, shapes, roles.
_SHORT = 20
_GAP = "   "
_INDENT = "  "
#: Where rows of several tables stand in one CSV, the column of their titles.
_TITLE = "table"
#: What has a colour, for it is good or bad to know.
_COLOURS = {
    "added": "green", "init": "green", "dropped": "red", "removed": "red", "to remove": "red", "missing": "red",
    "mismatch": "red", "error": "red", "warning": "yellow",
}  # fmt: skip


class TitledRows(NamedTuple):
    """Rows with headers, and what they are. What can be looped over twice is, and is not held when it is long."""

    headers: Sequence[str]
    rows: Iterable[Sequence[object]]
    title: str = ""


def emit_table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", scoped: bool = False
) -> None:
    """Print one table; nothing without headers. `scoped`: rows of one scope of the first column stand together."""
    if is_csv():
        _write_csv([TitledRows(headers, rows, title)])
    elif headers:
        _emit(headers, rows, title, scoped)


def emit_tables(tables: Iterable[TitledRows], *, scoped: bool = False) -> None:
    """Print tables, each with its title before it and an empty line behind; as CSV they are one, with their titles."""
    if is_csv():
        _write_csv(list(tables))
        return
    for table in tables:
        _emit(table.headers, table.rows, table.title, scoped)
        click.echo("")


def emit_entries(title: str, entries: Iterable[tuple[str, str]], indent: int) -> None:
    """Print texts behind their labels, on a terminal in lines that end behind words and slashes.

    One without a label goes on with the label before it. As CSV the title is the entry of the label ``file``.
    """
    if is_csv():
        rows = [["file", title]]
        for label, text in entries:
            rows.append([label or rows[-1][0], text])
        _write_csv([TitledRows(("label", "text"), rows)])
        return
    emit_line(title)
    room = terminal_width() - indent
    is_narrow = sys.stdout.isatty() and not is_wide() and room > _SHORT
    for label, text in entries:
        for number, line in enumerate(wrapped(printable(text), room) if is_narrow else [text]):
            emit_line(f"{'' if number else label:<{indent}}{line}")


def _emit(headers: Sequence[str], rows: Iterable[Sequence[object]], title: str, scoped: bool) -> None:
    rows = by_scope(rows) if scoped else list(rows) if iter(rows) is rows else rows
    if title:
        click.echo(styled(printable(title), italic=True))
    if sys.stdout.isatty() and not is_wide():
        cells = [list(map(_text, row)) for row in itertools.islice(rows, _MAX_DRAWN_ROWS + 1)]
        if len(cells) <= _MAX_DRAWN_ROWS:
            firsts = list(itertools.islice(rows, _MAX_DRAWN_ROWS))
            columns = [{type(row[i]) if row[i] != "" else None for row in firsts} - {None} for i in range(len(headers))]
            right = [kinds == {int} for kinds in columns]
            for line in _drawn(headers, cells, right, terminal_width(), scoped=scoped):
                click.echo(line)
            return
    _write_columns(headers, rows)


def _text(cell: object) -> str:
    """Format a cell for people, with thousands separators."""
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else printable(str(cell))


def _drawn(
    headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], width: int, *, scoped: bool
) -> Iterator[str]:
    """Yield the lines of a table that fits into `width`: what finds no place beside the others stands below."""
    scopes = [scope_of(row[0]) for row in rows]
    scoped = scoped and any(scopes) and len(set(scopes)) < len(rows)
    if scoped:
        rows = [
            [_INDENT + row[0][len(scope) :] if scope else row[0], *row[1:]]
            for row, scope in zip(rows, scopes, strict=True)
        ]
    lines = [list(headers), *rows]
    natural = [max(map(len, column)) for column in zip(*lines, strict=True)]
    beside, widths = _places(lines, natural, width)
    blocks = [cell_lines([line[i] for line in lines], widths[i]) for i in range(beside)]
    widths = [
        min(width, max(len(text) for cell in column for text in cell))
        for width, column in zip(widths, blocks, strict=True)
    ]
    for number, line in enumerate(lines):
        if scoped and number and scopes[number - 1] and (number == 1 or scopes[number - 1] != scopes[number - 2]):
            yield from wrapped(scopes[number - 1], width)
        style = {} if number else {"bold": True}
        for text in _beside([column[number] for column in blocks], widths, right):
            yield styled(text, **style) if style else _coloured(text, line[1:beside])
        labels = headers[beside:] if number and len(line) - beside > 1 else [""] * (len(line) - beside)
        for part in _below(labels, line[beside:], width - 2 * len(_INDENT)):
            yield styled(2 * _INDENT + part, **(style or {"dim": True}))


def _below(labels: Sequence[str], cells: Sequence[str], width: int) -> Iterator[str]:
    """Yield lines of cells behind their labels: several in one as far as they fit, a longer one in lines of its own."""
    stripped = ((label, cell.strip()) for label, cell in zip(labels, cells, strict=True))
    items = [f"{label}: {cell}" if label else cell for label, cell in stripped if cell]
    line = ""
    for item in items:
        joined = f"{line}{_GAP}{item}" if line else item
        if len(joined) <= width:
            line = joined
            continue
        yield from [line] if line else []
        parts = wrapped(item, max(_SHORT, width))
        line = parts[0] if len(parts) == 1 else ""
        yield from [] if line else parts
    yield from [line] if line else []


def _places(lines: Sequence[Sequence[str]], natural: Sequence[int], width: int) -> tuple[int, list[int]]:
    """Return how many columns stand side by side, and their widths; texts go below before names are shortened."""
    for beside in range(len(natural), 1, -1):
        room = width - len(_GAP) * (beside - 1)
        last = beside - 1
        is_text = natural[last] > _SHORT and any(" " in line[last] for line in lines)
        if sum(natural[:beside]) > room and is_text:
            continue
        widths = column_widths(natural[:beside], room, least=_SHORT)
        if widths is not None:
            return beside, widths
    return 1, [min(natural[0], width)]


def _beside(cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of one row; a first cell that is too wide for its column has lines of its own."""
    if len(cells) > 1 and any(len(text) > widths[0] for text in cells[0]):
        yield from cells[0]
        cells = [[""], *cells[1:]]
    for texts in itertools.zip_longest(*cells, fillvalue=""):
        padded = zip(texts, widths, right, strict=False)
        yield _GAP.join(
            text.rjust(width) if to_right else text.ljust(width) for text, width, to_right in padded
        ).rstrip()


def _coloured(line: str, cells: Sequence[str]) -> str:
    colour = next((_COLOURS[cell] for cell in cells if cell in _COLOURS), None)
    return line if colour is None else styled(line, fg=colour)


def _write_columns(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns in two passes over the rows: one for the widths, one to write."""
    widths, right = [len(header) for header in headers], [True] * len(headers)
    num_rows = 0
    for batch in batches(rows):
        num_rows += len(batch)
        for i, cells in enumerate(zip(*batch, strict=True)):
            texts = list(map(str, cells))
            texts = texts if "".join(texts).isprintable() else list(map(printable, texts))
            widths[i] = max(widths[i], *map(len, texts))
            right[i] = right[i] and all(issubclass(kind, int) for kind in set(map(type, cells)))
    right = right if num_rows else [False] * len(headers)
    columns = "  ".join(f"%{'' if to_right else '-'}{width}s" for width, to_right in zip(widths, right, strict=True))
    click.echo((columns % tuple(headers)).rstrip())
    for batch in batches(rows):
        lines = [(columns % tuple(row)).rstrip() for row in batch]
        if not "".join(lines).isprintable():
            # What is escaped takes more room, which the widths have.
            lines = [(columns % tuple([printable(str(cell)) for cell in row])).rstrip() for row in batch]
        click.echo("\n".join(lines))


def _write_csv(tables: Sequence[TitledRows]) -> None:
    """Print the rows of all tables as one CSV, which has all their columns, and the titles when they have any."""
    titled = any(table.title for table in tables)
    headers = list(dict.fromkeys(header for table in tables for header in table.headers))
    if headers:
        _write_csv_rows([[_TITLE, *headers] if titled else headers])
    for table in tables:
        at = {header: i for i, header in enumerate(table.headers)}
        places = [at.get(header) for header in headers]
        before = [table.title] if titled else []
        _write_csv_rows([*before, *("" if i is None else row[i] for i in places)] for row in table.rows)


def _write_csv_rows(rows: Iterable[Sequence[object]]) -> None:
    from graphsurgeon.formats.csv_values import quoted_cell

    for batch in batches(rows):
        # In colours, or click would take out of names what looks like a sequence that steers a terminal.
        click.echo("\n".join(",".join(map(quoted_cell, row)) for row in batch), color=True)
