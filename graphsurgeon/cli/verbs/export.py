"""Write a checkpoint as a file of arrays: npz, safetensors, HDF5, or a directory of npy."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, get_args

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import count, emit_json, emit_line, emit_table, format_shape, remark
from graphsurgeon.formats.arrays.transfer import ArrayFormat
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.arrays.transfer import ExportReport


@click.command("export")
@options.source
@click.option(
    "-o", "--output", metavar="DST", required=True, help="File to write, or directory, which ends in a slash."
)
@click.option("--to", type=click.Choice(get_args(ArrayFormat)), help="What to write; by default told by DST.")
@click.option("--select", multiple=True, metavar="PATTERN", help="Names or patterns of tensors to write.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Names or patterns of tensors to leave out.")
@click.option("--skip-unsupported", is_flag=True, help="Leave out resources and variants, which have no values.")
@click.option("--explain", is_flag=True, help="Show each tensor: its name there, and how it is stored.")
@options.common("dry_run", "force", "json", "quiet")
def command(
    source: str,
    output: str,
    to: ArrayFormat | None,
    explain: bool,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Write the tensors of a checkpoint as a file of arrays, which `import` reads back bit by bit.

    DST tells the format: .npz, .safetensors, .h5 or .hdf5; with a slash at its end it is a directory of .npy files.
    Names are kept as far as the format can, and escaped as %XX where it cannot.

    What a format has no type for is stored as the integer of its size, with the name of the type: bfloat16 in an .npz
    is a record of one field, [('bfloat16', '<u2')]. Strings keep every byte.
    """
    from graphsurgeon.cli.progress import saving
    from graphsurgeon.formats.arrays.transfer import export_tensors, format_of_path
    from graphsurgeon.formats.load import load_checkpoint
    from graphsurgeon.ir.model import Model

    start = time.perf_counter()
    if to is None:
        try:
            to = format_of_path(output)
        except UnsupportedError as error:
            wrong = click.UsageError(error.message)
            wrong.hint = error.hint  # type: ignore[attr-defined]
            raise wrong from error
    model = Model()
    model.variables = dict(load_checkpoint(source))
    with saving(model, quiet=quiet or as_json or dry_run):
        report = export_tensors(model.variables, output, overwrite=force, dry_run=dry_run, to=to, **given)
    seconds = round(time.perf_counter() - start, 3)
    if as_json:
        emit_json("export", source=source, **report.to_json(), seconds=seconds)
        return
    _show(report, is_whole=explain, quiet=quiet)
    if dry_run and not force and os.path.lexists(output):
        remark(f"{output}: exists already; to write, --force will be needed", quiet=quiet)
    remark(f"{seconds:.2f} s", quiet=quiet)


def _show(report: ExportReport, *, is_whole: bool, quiet: bool) -> None:
    if is_whole:
        headers = ["name", "path", "dtype", "shape", "stored as"]
        rows = [[row.name, row.path, row.dtype, format_shape(row.shape), row.stored_as] for row in report.tensors]
        emit_table(headers, rows)
    if quiet:
        return
    for row in report.skipped:
        emit_line(f"skipped {row.name}: {row.reason}")
    written = [f"wrote {path} ({count(len(report.tensors), 'tensor')})" for path in report.outputs]
    for line in written or [f"wrote nothing; {count(len(report.tensors), 'tensor')} as {report.format}"]:
        emit_line(line)
