"""Import a file of arrays as a checkpoint: npz, safetensors, HDF5, or a directory of npy."""

from __future__ import annotations

from typing import Any, get_args

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_prefix
from graphsurgeon.cli.output import count, in_flags, note_lines, written_lines
from graphsurgeon.formats.arrays.keras_names import KerasNames
from graphsurgeon.formats.arrays.transfer import ImportFormat


@click.command("import", cls=Verb)
@options.source
@options.output_option("Prefix of the checkpoint to write.", "PREFIX", required=True)
@click.option(
    "--from",
    "from_",
    metavar="FORMAT",
    type=click.Choice(get_args(ImportFormat)),
    help="What SRC is; by default told by its bytes.",
)
@click.option(
    "--names",
    type=click.Choice(get_args(KerasNames)),
    default="layers",
    show_default=True,
    help="What weights of Keras are called: after their layers, or by the paths of their datasets.",
)
@click.option("--select", multiple=True, metavar="PATTERN", help="KerasNames or patterns of arrays to take.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="KerasNames or patterns of arrays to leave out.")
@options.update_state
@options.common("dry_run", "force", "sync", "json", "quiet")
def command(source: str, output: str, from_: ImportFormat | None, names: KerasNames, **given: Any) -> None:
    """Import the arrays of a file as a checkpoint: what `export` wrote, bit by bit, or another program.

    SRC is an .npz, .safetensors or HDF5 file, a .keras model, or a directory of .npy files. Of an HDF5 file, names are
    the paths of the datasets, but for Keras's weights, which are called after their layers: conv1/0, or conv1/kernel in
    files of Keras 1 and 2. Pickled objects are not read, and links that lead out of an HDF5 file not followed.
    """
    from graphsurgeon.formats.arrays.transfer import import_tensors
    from graphsurgeon.formats.planned import planned_checkpoint
    from graphsurgeon.formats.save import existing_outputs, save_checkpoint
    from graphsurgeon.tools.export import imported

    answer = Answer("import", output, given)
    check_prefix(output)
    found = import_tensors(source, format=from_, names=names, **given)
    tensors = dict(found)
    written = answer.write(
        lambda path: save_checkpoint(
            tensors, path, force=answer.force, update_state=answer.update_state, sync=answer.sync
        ),
        lambda path: existing_outputs(path, "checkpoint"),
        lambda path: planned_checkpoint(tensors, path, update_state=answer.update_state),
    )
    notes = [in_flags(note) for note in written.notes] if written else []
    report = imported(found, written or [], notes)
    told = note_lines((f"{row.name}: {row.reason}" for row in found.skipped), "skipped")
    lines = [*told, *note_lines(notes), *(written_lines(written) if written else ())]
    answer.finish({"source": source, **report.to_json()}, lines, f"{count(len(tensors), 'tensor')}, ")
