"""Show or save the value of a tensor, a constant or a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_file
from graphsurgeon.cli.output import count, emit_json, emit_line, format_nbytes, format_shape, remark

if TYPE_CHECKING:
    from graphsurgeon.tools.cat import FoundTensor


@click.command("cat", cls=Verb)
@options.source
@click.argument("name")
@options.output_option(
    "Save the value instead; it streams. FILE.npy is for numpy.load, FILE.csv a table of one or two axes.", "FILE"
)
@click.option("--full", is_flag=True, help="Print every element of a large value.")
@click.option("--stats", is_flag=True, help="Show what the values are like instead, and a histogram; they stream.")
@options.common("force", "sync", "json", "quiet")
def command(
    source: str, name: str, output: str | None, full: bool, stats: bool, as_json: bool, quiet: bool, **writing: bool
) -> None:
    """Show the value of a checkpoint's tensor, of a constant, or of a variable that a checkpoint belongs to.

    NAME may end in :0. In a checkpoint that TensorFlow 2 saved by objects it may also be the variable's name, or the
    path to it from the root object (ls --names shows both). NAME[0:10, :] is a part, as numpy has it, in steps of one:
    of a tensor that lies raw in a file only the rows it needs are read, and as the file's checksum is of the whole
    tensor, nothing vouches for them. Large values are printed in part, as numpy does.
    """
    from graphsurgeon.errors import PassError
    from graphsurgeon.tools.cat import cat

    check_file(output, "value.npy")
    if stats and (output is not None or full):
        raise click.UsageError("--stats shows no values: leave out -o and --full")
    try:
        found = cat(source, name, output=output, stats=stats, **writing)
    except PassError as error:
        if not error.is_usage:
            raise
        raise options.wrong_usage(error.reason, error.hint) from error
    key, tensor = found.name, found.tensor
    if as_json:
        emit_json("cat", source=source, **found.to_json())
        return
    text = f"{key}: {tensor.dtype.name} {format_shape(tensor.shape)}, {count(tensor.size, 'element')}"
    remark(text if tensor.size < 2 else f"{text}, {format_nbytes(tensor.nbytes)}", quiet=quiet)
    if stats:
        _show_stats(found)
    elif output is None:
        emit_line(_to_text(found, full))
    elif not quiet:
        emit_line(f"wrote {output}")


def _show_stats(found: FoundTensor) -> None:
    from graphsurgeon.cli.statistics import stats_lines

    stats = found.stats()
    for line in ["no statistics: these are no real numbers"] if stats is None else stats_lines(stats):
        emit_line(line)


def _to_text(found: FoundTensor, full: bool) -> str:
    import numpy as np

    array = found.numpy()
    with np.printoptions(threshold=array.size + 1 if full else 1000):
        return str(array)
