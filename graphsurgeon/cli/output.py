"""The answer on stdout: JSON, or lines; remarks on stderr. Tables are in `graphsurgeon.cli.tables`."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import click

from graphsurgeon.display import count as count  # noqa: PLC0414 -- re-exported
from graphsurgeon.display import format_nbytes as format_nbytes  # noqa: PLC0414 -- re-exported
from graphsurgeon.display import format_shape as format_shape  # noqa: PLC0414 -- re-exported
from graphsurgeon.display import printable as printable  # noqa: PLC0414 -- re-exported
from proto_utils import places

T = TypeVar("T")

# Not in the names that a text quotes, which may be anything.
_QUOTED = r"(?<![^\s(])`([^`]+)`"
_OPTION = r"(?s)([a-z_]+)(=.+)?"
_CALL = r"gs\.([a-z_]+)(?:\(model\))?"
# What stands in double quotes needs none in a shell; what stands in single ones keeps them.
_WORD = r""""([^"]*)"|r?('[^']*')"""
#: What the command line spells in another way.
_FLAGS = {
    'links="never"': "--copy",
    'load(checkpoint="PREFIX")': "--checkpoint PREFIX",
    'save(to="saved_model")': "convert --to saved_model",
}

#: Where a context keeps the forms that were chosen.
_FORMS = "graphsurgeon.forms"

#: Paths of this process that users know by another name, `graphsurgeon.cli.streams`.
RENAMED: dict[str, str] = {}

#: The version of what ``--json`` prints.
SCHEMA = 1

#: How prose begins, which is folded on a terminal that has more columns than this.
_PROSE = ("note: ", "skipped ", "error: ", "warning: ", "hint: ", "~ ")
_MIN_WIDTH = 20
# Rows that are written at a time.
_BATCH = 1000
#: So many notes that are alike are lines of their own.
_MAX_ALIKE = 3
#: Names and numbers: in quotes, before a colon at the beginning, digits.
_DIFFERENT = r"^\S+(?=: )|'[^']*'|\"[^\"]*\"|\d[\d,.]*"


def emit_json(verb: str, **facts: Any) -> None:
    """Print the answer as one JSON object."""
    # Imported here, for who reads help or a table does without.
    import json

    click.echo(as_typed(json.dumps({"schema": SCHEMA, "verb": verb, **facts}, default=list)))


def emit_json_rows(verb: str, rows: Iterable[Any], **facts: Any) -> None:
    """Print the answer as one JSON object whose ``rows``, which may be millions, are written as they come."""
    import json

    head = as_typed(json.dumps({"schema": SCHEMA, "verb": verb, **facts, "rows": []}))
    click.echo(head[:-2], nl=False)
    separator = ""
    for batch in batches(rows):
        click.echo(separator + json.dumps(batch)[1:-1], nl=False)
        separator = ", "
    click.echo("]}")


def choose_form(form: str, *, beside: Sequence[str] = ()) -> None:
    """Take down in which form the rows of the running verb are to be: ``json``, ``csv``, ``wide``.

    UsageError when another that it excludes was chosen before.
    """
    chosen = _chosen_forms()
    for other in beside:
        if other in chosen:
            raise click.UsageError(f"--{form} and --{other} exclude each other")
    chosen.add(form)


def is_csv() -> bool:
    """Whether rows are printed as CSV, and nothing else to stdout."""
    return "csv" in _chosen_forms()


def is_wide() -> bool:
    """Whether nothing is shortened, however narrow the terminal is."""
    return "wide" in _chosen_forms()


def _chosen_forms() -> set[str]:
    context = click.get_current_context(silent=True)
    chosen: set[str] = set() if context is None else context.meta.setdefault(_FORMS, set())
    return chosen


def styled(text: str, *, err: bool = False, **style: Any) -> str:
    """Return a text in colour, bold ..., when it goes to a terminal and NO_COLOR is not set."""
    stream = sys.stderr if err else sys.stdout
    is_plain = os.environ.get("NO_COLOR") or stream is None or not stream.isatty()
    return text if is_plain else click.style(text, **style)


def emit_line(text: str, *, fg: str | None = None) -> None:
    """Print a line of the answer, or several, in a colour that means something; beside rows of CSV to stderr."""
    text = as_typed(text)
    shown = text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
    if is_csv():
        with contextlib.suppress(OSError):
            click.echo(folded(shown, err=True), err=True)
    else:
        shown = folded(shown)
        click.echo(shown if fg is None else styled(shown, fg=fg))


def folded(text: str, *, err: bool = False) -> str:
    """Return a line of prose as several that end behind words and slashes, where it goes to a terminal and is longer.

    Prose is what begins with ``note:``, ``error:`` and the like. A terminal would break it within words; paths it may
    break, for they can be copied then.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None or not text.lstrip(" ").startswith(_PROSE) or not stream.isatty():
        return text
    from graphsurgeon.cli.name_layout import terminal_width, wrapped

    width = terminal_width(stream)
    lines = wrapped(text, width - 2) if len(text) > width > _MIN_WIDTH else [text]
    return "\n  ".join(lines)


def emit_path(path: str) -> None:
    """Print a path as the bytes that it has in the file system, whatever encoding stdout is of; escaped for people."""
    if sys.stdout.isatty():
        emit_line(path)
    else:
        click.echo(os.fsencode(path))


def in_flags(text: str) -> str:
    """Translate the options and calls that a text of the library names, in backquotes, into flags and verbs.

    ============================ ==========================
    the library says             the command line
    ============================ ==========================
    ```slot_name```              ``--slot-name``
    ```missing="keep"```         ``--missing keep``
    ```exclude='a/b'```          ``--exclude 'a/b'``
    ```keep=("a", "b")```        ``--keep a --keep b``
    ```gs.set_shape```           ``set-shape``
    ============================ ==========================
    """
    return re.sub(_QUOTED, _flag, text)


def _flag(quoted: re.Match[str]) -> str:
    if quoted[1] in _FLAGS:
        return _FLAGS[quoted[1]]
    call = re.fullmatch(_CALL, quoted[1])
    if call is not None:
        return call[1].replace("_", "-")
    option = re.fullmatch(_OPTION, quoted[1])
    if option is None:
        return quoted[0]
    flag = "--" + option[1].replace("_", "-")
    return " ".join(f"{flag} {word or literal}" for word, literal in re.findall(_WORD, option[2] or "")) or flag


def as_typed(text: str) -> str:
    """Return a text in which paths are what users typed: ``-`` for the file that standard input was put into."""
    for path, typed in RENAMED.items():
        text = text.replace(path, typed)
    return text


def remark(text: str, *, quiet: bool = False) -> None:
    """Print a line about the work to stderr; that it cannot be printed is no reason to fail."""
    if not quiet:
        with contextlib.suppress(OSError):
            click.echo(folded(printable(as_typed(text)), err=True), err=True)


def written_lines(paths: Sequence[str], linked: Sequence[str] = (), kept: Sequence[str] = ()) -> Iterator[str]:
    """Yield a line for each file of an output, with its size.

    The `linked` share their bytes with other files, the `kept` were there and were not touched.
    """
    for path in paths:
        what = "kept" if path in kept else "linked" if path in linked else "wrote"
        yield f"{what} {path} ({format_nbytes(places.getsize(path))})"
    if not paths:
        yield "wrote nothing"


def note_lines(notes: Iterable[str], label: str = "note:") -> Iterator[str]:
    """Yield a line per note; those that differ in a name alone are one line with their count and a few names.

    So are many that differ in names and numbers.
    """
    groups: dict[str, list[str]] = {}
    for note in notes:
        groups.setdefault(re.sub(_DIFFERENT, "*", note), []).append(note)
    for group in groups.values():
        distinct = list(dict.fromkeys(group))
        if len(distinct) == 1:
            yield f"{label} {group[0]}" + (f" ({len(group):,} times)" if len(group) > 1 else "")
            continue
        found = [re.findall(_DIFFERENT, note) for note in distinct]
        columns = [column for column in zip(*found, strict=True) if len(set(column)) > 1]
        if len(columns) > 1 and len(distinct) <= _MAX_ALIKE:
            yield from (f"{label} {note}" for note in distinct)
            continue
        shown = ", ".join(dict.fromkeys(columns[0][:_MAX_ALIKE]))
        more = ", ...; --json has all" if len(distinct) > _MAX_ALIKE else ""
        yield f"{label} {distinct[0]} ({len(distinct):,} alike: {shown}{more})"


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield rows so many at a time that it costs little to print them."""
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch
