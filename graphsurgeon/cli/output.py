"""The answer on stdout: JSON, or tables and lines; remarks on stderr."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeVar

import click

T = TypeVar("T")

# Not in the names that a text quotes, which may be anything.
_QUOTED = r"(?<![^\s(])`([^`]+)`"
_OPTION = r"(?s)([a-z_]+)(=.+)?"
# What stands in double quotes needs none in a shell; what stands in single ones keeps them.
_WORD = r""""([^"]*)"|r?('[^']*')"""
#: What the command line spells in another way.
_FLAGS = {
    "overwrite": "--force",
    'links="never"': "--copy",
    'load(checkpoint="PREFIX")': "--checkpoint PREFIX",
    'save(to="saved_model")': "convert --to saved_model",
}

#: The version of what ``--json`` prints.
SCHEMA = 1

# Drawing takes about a millisecond a row; longer tables come as columns on a terminal too.
_MAX_DRAWN_ROWS = 1000
# Rows that are written at a time.
_BATCH = 1000
#: So many notes that are alike are lines of their own.
_MAX_ALIKE = 3
#: Names and numbers: in quotes, before a colon at the beginning, digits.
_DIFFERENT = re.compile(r"^\S+(?=: )|'[^']*'|\"[^\"]*\"|\d[\d,.]*")
# Columns of at most this width are never folded: dtypes, shapes, roles.
_SHORT = 20
_GAP = "   "
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def emit_json(verb: str, **facts: Any) -> None:
    """Print the answer as one JSON object."""
    click.echo(json.dumps({"schema": SCHEMA, "verb": verb, **facts}))


def emit_json_rows(verb: str, rows: Iterable[Any], **facts: Any) -> None:
    """Print the answer as one JSON object whose ``rows``, which may be millions, are written as they come."""
    head = json.dumps({"schema": SCHEMA, "verb": verb, **facts, "rows": []})
    click.echo(head[:-2], nl=False)
    separator = ""
    for batch in _batches(rows):
        click.echo(separator + json.dumps(batch)[1:-1], nl=False)
        separator = ", "
    click.echo("]}")


def emit_line(text: str) -> None:
    """Print a line of the answer, or several."""
    click.echo(text if text.isprintable() else "\n".join(map(printable, text.split("\n"))))


def emit_path(path: str) -> None:
    """Print a path as the bytes that it has in the file system, whatever encoding stdout is of; escaped for people."""
    if sys.stdout.isatty():
        emit_line(path)
    else:
        click.echo(os.fsencode(path))


def in_flags(text: str) -> str:
    """Translate the options that a text of the library names, in backquotes, into flags.

    ============================ ==========================
    the library says             the command line
    ============================ ==========================
    ```slot_name```              ``--slot-name``
    ```missing="keep"```         ``--missing keep``
    ```exclude='a/b'```          ``--exclude 'a/b'``
    ```keep=("a", "b")```        ``--keep a --keep b``
    ============================ ==========================
    """
    return re.sub(_QUOTED, _flag, text)


def _flag(quoted: re.Match[str]) -> str:
    if quoted[1] in _FLAGS:
        return _FLAGS[quoted[1]]
    option = re.fullmatch(_OPTION, quoted[1])
    if option is None:
        return quoted[0]
    flag = "--" + option[1].replace("_", "-")
    return " ".join(f"{flag} {word or literal}" for word, literal in re.findall(_WORD, option[2] or "")) or flag


def printable(text: str) -> str:
    """Escape control characters: names in files may hold terminal escape sequences."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def remark(text: str, *, quiet: bool = False) -> None:
    """Print a line about the work to stderr; that it cannot be printed is no reason to fail."""
    if not quiet:
        with contextlib.suppress(OSError):
            click.echo(printable(text), err=True)


def emit_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Print a table, drawn on a terminal, in aligned columns elsewhere; nothing without headers.

    Numbers stand to the right. What can be looped over twice is, and is not held in memory when it is long.
    """
    if not headers:
        return
    rows = list(rows) if iter(rows) is rows else rows
    if sys.stdout.isatty():
        cells = [list(row) for row in itertools.islice(rows, _MAX_DRAWN_ROWS + 1)]
        if len(cells) <= _MAX_DRAWN_ROWS:
            _draw_table(headers, cells, title)
            return
    if title:
        click.echo(printable(title))
    _write_columns(headers, rows)


def written_lines(paths: Sequence[str], linked: Sequence[str] = (), kept: Sequence[str] = ()) -> Iterator[str]:
    """Yield a line for each file of an output, with its size.

    The `linked` share their bytes with other files, the `kept` were there and were not touched.
    """
    for path in paths:
        what = "kept" if path in kept else "linked" if path in linked else "wrote"
        yield f"{what} {path} ({format_nbytes(os.path.getsize(path))})"
    if not paths:
        yield "wrote nothing"


def note_lines(notes: Iterable[str], label: str = "note:") -> Iterator[str]:
    """Yield a line per note; many that differ in names and numbers at most are one line with their count."""
    groups: dict[str, list[str]] = {}
    for note in notes:
        groups.setdefault(_DIFFERENT.sub("*", note), []).append(note)
    for group in groups.values():
        distinct = list(dict.fromkeys(group))
        if len(distinct) == 1:
            yield f"{label} {group[0]}" + (f" ({len(group):,} times)" if len(group) > 1 else "")
        elif len(distinct) <= _MAX_ALIKE:
            yield from (f"{label} {note}" for note in distinct)
        else:
            yield f"{label} {distinct[0]} (one of {len(distinct):,} alike; --json has all)"


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


def _text(cell: object) -> str:
    """Format a cell for people, with thousands separators."""
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else printable(str(cell))


def _pad(text: str, width: int, to_right: bool) -> str:
    return text.rjust(width) if to_right else text.ljust(width)


def _write_columns(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns in two passes over the rows: one for the widths, one to write."""
    widths, right = [len(header) for header in headers], [True] * len(headers)
    num_rows = 0
    for row in rows:
        num_rows += 1
        for i, cell in enumerate(row):
            text = cell if type(cell) is str else str(cell)
            widths[i] = max(widths[i], len(text))
            if right[i] and not isinstance(cell, int):
                right[i] = False
    right = right if num_rows else [False] * len(headers)
    columns = "  ".join(f"%{'' if to_right else '-'}{width}s" for width, to_right in zip(widths, right, strict=True))
    click.echo((columns % tuple(headers)).rstrip())
    for batch in _batches(rows):
        click.echo("\n".join(printable((columns % tuple(row)).rstrip()) for row in batch))


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _draw_table(headers: Sequence[str], cells: Sequence[Sequence[object]], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    texts = [[_text(cell) for cell in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(headers, *texts, strict=True)]
    right = [bool(cells) and all(isinstance(row[i], int) for row in cells) for i in range(len(headers))]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > console.width and len(widths) > 2 and widths[-1] > _SHORT:
        _draw_stacked([list(headers), *texts], widths, right, title, console.width)
        return
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header, width, to_right in zip(headers, widths, right, strict=True):
        justify: Literal["left", "right"] = "right" if to_right else "left"
        table.add_column(header, justify=justify, overflow="fold", no_wrap=width <= _SHORT)
    for row in texts:
        # Names may hold square brackets, which rich would take for markup.
        table.add_row(*map(Text, row))
    console.print(table)


def _draw_stacked(
    lines: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool], title: str, width: int
) -> None:
    """Draw a table that is too wide: the last cell of each row below it, and long names in several lines.

    Columns side by side would leave each a few letters.
    """
    if title:
        click.secho(title, italic=True)
    middle = slice(1, -1)
    name_width = min(widths[0], max(_SHORT, width - sum(widths[middle]) - len(_GAP) * (len(widths) - 2)))
    for number, (name, *_, last) in enumerate(lines):
        head, rest = name[:name_width], name[name_width:]
        cells = zip(lines[number][middle], widths[middle], right[middle], strict=True)
        line = _GAP.join([head.ljust(name_width), *(_pad(*cell) for cell in cells)]).rstrip()
        click.secho(line, bold=number == 0)
        while rest:
            click.echo(rest[:name_width])
            rest = rest[name_width:]
        # Imported here: few tables are too wide.
        import textwrap

        below = textwrap.wrap(last, max(_SHORT, width - 4), break_long_words=False, break_on_hyphens=False)
        for text in below:
            click.secho(f"    {text}", bold=number == 0, dim=number > 0)
