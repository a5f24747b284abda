"""Export a checkpoint as a file of arrays: npz, safetensors, HDF5, or a directory of npy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_file
from graphsurgeon.cli.output import count, format_shape, in_flags, note_lines
from graphsurgeon.formats.arrays.transfer import ExportFormat
from proto_utils import places
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.arrays.transfer import ExportReport


@click.command("export", cls=Verb)
@options.source
@options.output_option("File to write, or directory, which ends in a slash.", required=True)
@click.option("--to", type=click.Choice(get_args(ExportFormat)), help="What to write; by default told by DST.")
@click.option("--like", metavar="FILE", help="For keras_h5: a file that Keras saved, whose layout is taken.")
@click.option("--select", multiple=True, metavar="PATTERN", help="Names or patterns of tensors to write.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Names or patterns of tensors to leave out.")
@click.option("--skip-unsupported", is_flag=True, help="Leave out resources and variants, which have no values.")
@click.option("--readable", is_flag=True, help="Leave out what is lost in damaged data files; every value is checked.")
@click.option("--explain", is_flag=True, help="Show each tensor: its name there, and how it is stored.")
@options.rows
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, output: str, to: ExportFormat | None, **given: Any) -> None:
    """Export the tensors of a checkpoint as a file of arrays, which `import` reads back bit by bit.

    Of a frozen graph without a checkpoint, these are its constants.

    The suffix of DST is the format: .npz, .safetensors, .h5 or .hdf5; with a slash at its end, a directory of .npy.
    Names are kept as far as the format can, and escaped as %XX where it cannot. With .weights.h5, or --to keras_h5, it
    is a file for load_weights of Keras 3: in the layout of FILE, or that which the object graph of SRC tells,
    or its graph, traced of a functional model.

    What a format has no type for is stored as the integer of its size, with the name of the type: bfloat16 in an .npz
    is a record of one field, [('bfloat16', '<u2')]. Strings keep every byte.
    """
    from graphsurgeon.formats.arrays.transfer import export_tensors
    from graphsurgeon.tools.edited_checkpoint import tensors_at
    from graphsurgeon.tools.export import with_graph, with_losses

    answer = Answer("export", output, given)
    to = to or _format_of(output)
    if to != "npy":
        check_file(output, "weights.npz")
    found = tensors_at(source, partial=given["readable"])
    how: dict[str, Any] = {"force": answer.force, "sync": answer.sync, "dry_run": answer.dry_run}
    tensors = with_graph(source, dict(found), to=to, like=given["like"])
    report = with_losses(export_tensors(tensors, output, to=to, **how, **given), found)
    if answer.explain and not answer.as_json:
        from graphsurgeon.cli.tables import emit_table

        headers = ["name", "path", "dtype", "shape", "stored as"]
        rows = [[row.name, row.path, row.dtype, format_shape(row.shape), row.stored_as] for row in report.tensors]
        emit_table(headers, rows, scoped=True)
    if answer.dry_run:
        is_there = places.lexists(output) and not (places.isdir(output) and not places.listdir(output))
        answer.plan([output] if is_there else [], _planned(output, report))
    notes = list(map(in_flags, report.notes))
    answer.finish({"source": source, **report.to_json(), "notes": notes}, _lines(report))


def _planned(output: str, report: ExportReport) -> list[str]:
    """Return the files that an export writes: one, or of a directory one for each tensor."""
    if report.format != "npy":
        return [output]
    return [os.path.join(output, *row.path.split("/")) for row in report.tensors] or [output]


def _format_of(output: str) -> ExportFormat:
    from graphsurgeon.formats.arrays.transfer import format_of_path

    try:
        return format_of_path(output)
    except UnsupportedError as error:
        raise options.wrong_usage(error.message, error.hint) from error


def _lines(report: ExportReport) -> Iterator[str]:
    yield from note_lines(map(in_flags, report.notes))
    yield from note_lines((f"{row.name}: {row.reason}" for row in report.skipped), "skipped")
    num_tensors = count(len(report.tensors), "tensor")
    yield from [f"wrote {path} ({num_tensors})" for path in report.outputs] or [
        f"wrote nothing; {num_tensors} as {report.format}"
    ]
