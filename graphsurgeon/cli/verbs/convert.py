"""Convert a graph or checkpoint to another format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer, check_prefix, is_directory
from graphsurgeon.cli.output import note_lines, written_lines
from graphsurgeon.cli.serving import check_signature_options, made_servable, serving_lines, signature_options
from graphsurgeon.formats.kinds import KINDS, OUTPUT_KINDS, OutputKind
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.formats.detect import Detected
    from graphsurgeon.ir.model import Model


@click.command("convert")
@options.source
@click.option(
    "-o", "--output", metavar="DST", required=True, help="File, prefix of the checkpoint, or directory to write."
)
@click.option(
    "--to", type=click.Choice(OUTPUT_KINDS), help="What to write; by default told by SRC and the suffix of DST."
)
@options.tags
@signature_options
@options.update_state
@options.drop_values
@options.common("force", "sync", "dry_run", "json", "quiet")
def command(source: str, output: str, to: OutputKind | None, tags: str | None, **given: Any) -> None:
    """Convert a graph or checkpoint to another format: GraphDef, MetaGraphDef, SavedModel, checkpoint; binary or text.

    Without --to, a graph becomes text when DST ends in .pbtxt, .prototxt or .txt, and binary otherwise; a checkpoint is
    copied, its .meta with it, into the V2 format; a SavedModel is copied when DST is a directory or ends in a slash.

    --to saved_model makes a directory tagged "serve" that TensorFlow 1 and 2 load: a graph with the values of its
    variables, and a signature. --to checkpoint makes .meta and checkpoint of a SavedModel.
    """
    from graphsurgeon.formats.detect import detect
    from graphsurgeon.formats.load import load
    from graphsurgeon.formats.save import is_text_path

    answer = Answer("convert", output, given)
    found = detect(source)
    copy = KINDS[found.kind].copied_as(as_text=is_text_path(output), as_directory=is_directory(output))
    kind = to if to is not None else copy
    if kind == "checkpoint":
        check_prefix(output)
    check_signature_options(kind, **given)
    model = load(source, tags=options.split_tags(tags))
    _check_possible(model, found, kind)
    # Who names the .meta of a checkpoint means the graph, which holds no values.
    answer.drop_values |= found.kind == "meta_graph" and kind.startswith("meta_graph")
    model, facts = made_servable(model, kind, **given)
    saved = answer.save(model, kind)
    notes = [] if kind == "saved_model" else saved.notes
    lines = [*serving_lines(facts), *note_lines(notes), *(written_lines(saved) if saved else ())]
    made = {"source": source, "kind": found.name, "to": kind, "outputs": saved}
    answer.finish({**made, **facts, "notes": notes}, lines, f"{found.name} -> {kind}, ")


def _check_possible(model: Model, found: Detected, kind: OutputKind) -> None:
    if kind != "checkpoint" and found.graph is None:
        raise UnsupportedError(f"a checkpoint without a graph beside it cannot become a {kind}", path=found.path)
    if kind == "checkpoint" and not model.variables and found.prefix is None:
        raise UnsupportedError(
            f"a {found.name} without values of variables cannot become a checkpoint",
            path=found.path,
            hint="unfreeze makes variables of the weights of a frozen graph",
        )
