"""Write a graph or checkpoint in another form."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, get_args

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.output import emit_json, emit_line, format_nbytes, remark
from graphsurgeon.formats.save import OutputKind
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected


@click.command("convert")
@options.source
@click.option("-o", "--output", metavar="DST", required=True, help="File, or prefix of the checkpoint, to write.")
@click.option(
    "--to", type=click.Choice(get_args(OutputKind)), help="What to write; by default told by SRC and the suffix of DST."
)
@options.common("force", "dry_run", "json", "quiet")
def command(
    source: str, output: str, to: OutputKind | None, force: bool, dry_run: bool, as_json: bool, quiet: bool
) -> None:
    """Write a graph or checkpoint in another form: binary as text and back, a graph out of a MetaGraphDef.

    Without --to, a graph becomes text when DST ends in .pbtxt, .prototxt or .txt, and binary otherwise; a checkpoint is
    copied, its .meta with it.
    """
    from graphsurgeon.cli.progress import saving
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load
    from graphsurgeon.formats.save import save

    start = time.perf_counter()
    found = detect(source)
    kind = to if to is not None else _same_kind(found, output)
    model = load(source)
    if kind != "checkpoint" and found.graph is None:
        raise UnsupportedError(f"a checkpoint without a graph beside it cannot become a {kind}", path=source)
    if kind == "checkpoint" and not model.variables:
        raise UnsupportedError(
            f"a {found.name} without values of variables cannot become a checkpoint",
            path=source,
            hint="unfreeze makes variables of the weights of a frozen graph",
        )
    written: list[str] = []
    if not dry_run:
        with saving(model, quiet=quiet or as_json):
            written = save(model, output, to=kind, overwrite=force)
    seconds = round(time.perf_counter() - start, 3)
    if as_json:
        emit_json("convert", source=source, kind=found.name, to=kind, outputs=written, seconds=seconds)
        return
    for path in [] if quiet else written:
        emit_line(f"wrote {path} ({format_nbytes(os.path.getsize(path))})")
    remark(f"{found.name} -> {kind}, {seconds:.2f} s", quiet=quiet)


def _same_kind(found: Detected, output: str) -> OutputKind:
    """Return the kind of the source in the form that the output's suffix asks for."""
    from graphsurgeon.formats.save import is_text_path

    if found.kind == "checkpoint":
        return "checkpoint"
    if found.kind == "graph_def":
        return "graph_def_text" if is_text_path(output) else "graph_def"
    return "meta_graph_text" if is_text_path(output) else "meta_graph"
