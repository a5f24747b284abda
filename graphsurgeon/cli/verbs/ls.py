"""List the tensors of a checkpoint, or the nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import (
    count,
    emit_json_rows,
    format_nbytes,
    format_shape,
    in_flags,
    is_csv,
    remark,
)
from graphsurgeon.cli.tables import emit_table

if TYPE_CHECKING:
    from graphsurgeon.tools.checkpoint_rows import CheckpointRows

Row = dict[str, Any]


@click.command("ls", cls=Verb)
@options.source
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option("--constants", is_flag=True, help="Only constants.")
@click.option("--variables", is_flag=True, help="Only variables.")
@click.option("--inputs", is_flag=True, help="Only what seems to be an input, and why.")
@click.option("--outputs", is_flag=True, help="Only what seems to be an output, and why.")
@click.option("--op", multiple=True, metavar="OP", help="Only nodes of this op; repeatable.")
@click.option(
    "--names",
    type=click.Choice(["full", "path"]),
    help="Of a checkpoint that TensorFlow 2 saved by objects, also show what TensorFlow 1 would call each variable, or "
    "the path to it from the root object; and of which variable it is an optimizer's slot.",
)
@click.option(
    "--shapes", is_flag=True, help="Infer the shapes of computed tensors also of a graph of more than 200,000 nodes."
)
@click.option(
    "--stats",
    is_flag=True,
    help="Read the values of tensors and constants, and show minimum, maximum, mean, zeros and a histogram of each.",
)
@click.option("--tree", "as_tree", is_flag=True, help="Show names as a tree of scopes; JSON and CSV stay rows.")
@options.rows
@options.common("json", "quiet")
def command(
    source: str, patterns: tuple[str, ...], as_tree: bool, as_json: bool, quiet: bool, **narrowing: Any
) -> None:
    """List the tensors of a checkpoint, or the nodes of a graph.

    A PATTERN is a name, or a regular expression that matches the whole name. The options are about graphs, except
    --names; with one of them, a checkpoint's .meta is listed. The shape of a node is that of its first output, as far
    as attrs state it or it follows from others; ? is not known.
    """
    from graphsurgeon.errors import PassError
    from graphsurgeon.tools.checkpoint_rows import CheckpointRows
    from graphsurgeon.tools.ls import ls

    try:
        found = ls(source, patterns, **narrowing)
    except PassError as error:
        raise click.UsageError(f"{in_flags(error.reason)}: {source}") from error
    for note in found.notes:
        remark(f"note: {in_flags(note)}", quiet=quiet)
    rows = found.rows
    if as_json:
        emit_json_rows("ls", rows, source=source)
    elif isinstance(rows, CheckpointRows):
        _show(*_with_stats(rows), as_tree=as_tree)
        total = f"{count(len(rows), 'tensor')}, {count(rows.num_elements(), 'element')}"
        remark(f"{total}, {format_nbytes(rows.nbytes())}", quiet=quiet)
    else:
        _show(*_table(rows), as_tree=as_tree)
        nbytes = sum(row.get("nbytes") or 0 for row in rows)
        remark(count(len(rows), "node") + (f", {format_nbytes(nbytes)} of constants" if nbytes else ""), quiet=quiet)


def _show(headers: Sequence[str], cells: Iterable[Sequence[object]], *, as_tree: bool) -> None:
    if as_tree and not is_csv():
        from graphsurgeon.cli.tree import tree_rows

        cells = list(tree_rows(cells, len(headers), headers.index("nbytes") if "nbytes" in headers else None))
    emit_table(headers, cells)


def _with_stats(rows: CheckpointRows) -> tuple[list[str], Iterable[Sequence[object]]]:
    """Return the table of a checkpoint, with the statistics of each tensor when they are asked for."""
    headers, cells = rows.table(format_shape)
    if not rows.has_stats:
        return headers, cells
    from graphsurgeon.cli.statistics import HEADERS, stats_cells

    # Read once, though a table is gone through twice.
    return [*headers, *HEADERS], [[*row, *stats_cells(stats)] for row, stats in zip(cells, rows.stats(), strict=True)]


_COLUMNS: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("name", str),
    ("op", str),
    ("dtype", lambda value: value or "?"),
    ("shape", format_shape),
    ("nbytes", lambda value: "" if value is None else value),
    ("device", lambda value: value or ""),
    ("reason", str),
    # The widest comes last: nothing behind it has to be aligned.
    ("inputs", " ".join),
)


def _table(rows: Sequence[Row]) -> tuple[list[str], list[list[object]]]:
    """Arrange rows in the columns that any of them has."""
    present = {key for row in rows for key in row}
    columns = [(key, show) for key, show in _COLUMNS if key in present]
    headers, cells = [key for key, _ in columns], [[show(row.get(key)) for key, show in columns] for row in rows]
    if "stats" not in present:
        return headers, cells
    from graphsurgeon.cli.statistics import HEADERS, stats_cells

    return [*headers, *HEADERS], [[*each, *stats_cells(row["stats"])] for each, row in zip(cells, rows, strict=True)]
