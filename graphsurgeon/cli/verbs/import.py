"""Make a checkpoint of a file of arrays: npz, safetensors, HDF5, or a directory of npy."""  # noqa: N999 -- a verb's file has its name

from __future__ import annotations

import os
import time
from typing import get_args

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.edit_verb import check_prefix
from graphsurgeon.cli.output import count, emit_json, emit_line, format_nbytes, remark
from graphsurgeon.formats.arrays.transfer import ArrayFormat


@click.command("import")
@options.source
@click.option("-o", "--output", metavar="PREFIX", required=True, help="Prefix of the checkpoint to write.")
@click.option(
    "--from", "format_", type=click.Choice(get_args(ArrayFormat)), help="What SRC is; by default told by its bytes."
)
@click.option("--select", multiple=True, metavar="PATTERN", help="Names or patterns of arrays to take.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Names or patterns of arrays to leave out.")
@options.common("dry_run", "force", "json", "quiet")
def command(
    source: str,
    output: str,
    format_: ArrayFormat | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    **patterns: tuple[str, ...],
) -> None:
    """Make a checkpoint of the arrays of a file: what `export` wrote, bit by bit, or another program.

    SRC is an .npz, .safetensors or HDF5 file, or a directory of .npy files. Of an HDF5 file, Keras's weights too, names
    are the paths of the datasets. Pickled objects are not read, and links that lead out of an HDF5 file not followed.
    """
    from graphsurgeon.cli.progress import saving
    from graphsurgeon.formats.arrays.transfer import import_tensors
    from graphsurgeon.formats.save import existing_outputs, save_checkpoint
    from graphsurgeon.ir.model import Model
    from graphsurgeon.tensors.selection import selected

    start = time.perf_counter()
    check_prefix(output)
    tensors = import_tensors(source, format=format_)
    model = Model()
    model.variables = {name: tensors[name] for name in selected(tensors, **patterns)}
    rows = [
        {"name": name, "dtype": tensor.dtype.name, "shape": list(tensor.shape)}
        for name, tensor in model.variables.items()
    ]
    written: list[str] = []
    if not dry_run:
        with saving(model, quiet=quiet or as_json):
            written = save_checkpoint(model.variables, output, overwrite=force)
    seconds = round(time.perf_counter() - start, 3)
    if as_json:
        emit_json("import", source=source, outputs=written, tensors=rows, seconds=seconds)
        return
    for path in [] if quiet else written:
        emit_line(f"wrote {path} ({format_nbytes(os.path.getsize(path))})")
    for path in existing_outputs(output, "checkpoint")[:1] if dry_run and not force else []:
        remark(f"{path}: exists already; to write, --force will be needed", quiet=quiet)
    remark(f"{count(len(rows), 'tensor')}, {seconds:.2f} s", quiet=quiet)
