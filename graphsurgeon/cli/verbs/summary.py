"""List the layers of a model: op, output shape, parameters, multiply-adds and bytes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.output import emit_json, emit_line, format_nbytes, format_shape, in_flags, is_csv, remark
from graphsurgeon.cli.tables import emit_table

if TYPE_CHECKING:
    from graphsurgeon.tools.summary.report import LayerRow, Summary

_HEADERS = ("layer", "op", "output shape", "parameters", "trained", "multiply-adds", "nbytes")
#: What is known without a graph.
_OF_CHECKPOINT = (0, 3, 6)
_INDENT = "  "
_UNITS = ("", "k", "M", "G", "T", "P")


@click.command("summary", cls=Verb)
@options.source
@click.option(
    "--outputs",
    multiple=True,
    metavar="NODES",
    help="What is computed: nodes, or outputs as a signature calls them; by default those of a signature, else what "
    "looks like an output.",
)
@click.option(
    "--signature", metavar="KEY", help="The signature, where a model has several; by default serving_default."
)
@click.option(
    "--shape",
    multiple=True,
    metavar="INPUT=SHAPE",
    help="Another shape of an input, INPUT=1,224,224,3, such as of one whose sizes are left open; repeatable.",
)
@click.option(
    "--depth",
    type=click.IntRange(1),
    metavar="N",
    help="How many scopes deep layers are listed; one that is so deep stands for all in it.",
)
@options.tags
@options.rows
@options.common("json", "quiet")
def command(
    source: str,
    outputs: tuple[str, ...],
    signature: str | None,
    shape: tuple[str, ...],
    depth: int | None,
    tags: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """List the layers of a model: op, output shape, parameters, multiply-adds and bytes of each.

    Layers stand below the scopes that they are in, and are what the outputs need: no gradients, optimizers and savers.
    Columns add up to the totals: what a scope has stands at its layers, and parameters that several layers share at the
    first. Where the size of the batch is left open, multiply-adds are those of one example.
    """
    from graphsurgeon.tools.summary.summary import summary

    found = summary(
        source, outputs=outputs, signature=signature, shape=shape, depth=depth, tags=options.split_tags(tags)
    )
    if as_json:
        emit_json("summary", source=source, **found.to_json())
        return
    for line in () if is_csv() else _inputs(found):
        emit_line(line)
    chosen = range(len(_HEADERS)) if found.trainable is not None else _OF_CHECKPOINT
    emit_table([_HEADERS[i] for i in chosen], [[row[i] for i in chosen] for row in _rows(found)])
    for line in () if is_csv() else _totals(found):
        emit_line(line)
    for note in found.notes:
        remark(f"note: {in_flags(note)}", quiet=quiet)


def _rows(found: Summary) -> Iterator[list[object]]:
    """Yield the rows of the table; for people numbers have separators, and end below each other."""
    rows = found.layers
    columns = [[row.parameters for row in rows], [row.multiply_adds for row in rows], [row.nbytes for row in rows]]
    numbers: list[list[object]]
    if is_csv():
        numbers = [["" if number is None else number for number in column] for column in columns]
        names = [row.name for row in rows]
    else:
        numbers = [_aligned(rows, column) for column in columns]
        names = [_INDENT * row.depth + label for row, label in zip(rows, found.labels(), strict=True)]
    for name, row, held, added, nbytes in zip(names, rows, *numbers, strict=True):
        shape = format_shape(row.shape) if row.op else ""
        yield [name, row.op or "", shape, held, _trained(row), added, nbytes]


def _aligned(rows: Sequence[LayerRow], numbers: Sequence[int | None]) -> list[object]:
    """Return a column of numbers as text: a dash for nothing, a question mark for what is not known."""
    texts = [
        "" if row.parameters is None else "?" if number is None else f"{number:,}" if number else "-"
        for row, number in zip(rows, numbers, strict=True)
    ]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _trained(row: LayerRow) -> str:
    """Return whether a layer is trained: all of its parameters, none, or some; nothing of one without any."""
    if row.shared and not row.parameters:
        return "shared"
    if not row.parameters or row.trainable is None:
        return ""
    return "yes" if row.trainable == row.parameters else "in part" if row.trainable else "no"


def _inputs(found: Summary) -> Iterator[str]:
    for each in found.inputs:
        yield f"input {each.name}: {each.dtype or '?'} {format_shape(each.shape)}"


def _totals(found: Summary) -> Iterator[str]:
    trained = ""
    if found.trainable is not None:
        trained = f": {found.trainable:,} trained, {found.parameters - found.trainable:,} not"
    yield f"{found.parameters:,} parameters{trained}; {format_nbytes(found.nbytes)}"
    if found.multiply_adds is not None:
        of = " for one example" if found.per_example else ""
        yield f"{found.multiply_adds:,} multiply-adds{of}{_short(found.multiply_adds)}"


def _short(number: int) -> str:
    """Return a large number in brackets, as papers have it: ``(568.7 M)``."""
    size, unit = float(number), 0
    while size >= 999.95 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f" ({size:.1f} {_UNITS[unit]})" if unit > 1 else ""
