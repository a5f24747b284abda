"""Convert a graph or checkpoint to another format."""

from __future__ import annotations

from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.destination import check_prefix
from graphsurgeon.cli.output import in_flags, note_lines, written_lines
from graphsurgeon.cli.serving import serving_lines, signature_options
from graphsurgeon.formats.kinds import OUTPUT_KINDS, OutputKind


@click.command("convert", cls=Verb)
@options.source
@options.output_option("File, prefix of the checkpoint, or directory to write.", required=True)
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
    from graphsurgeon.errors import PassError
    from graphsurgeon.tools.convert import prepare

    answer = Answer("convert", output, given)
    try:
        conversion = prepare(source, output, to=to, tags=options.split_tags(tags), **given)
    except PassError as error:
        if not error.is_usage:
            raise
        raise options.wrong_usage(in_flags(error.reason), error.hint) from error
    if conversion.kind == "checkpoint":
        check_prefix(output)
    answer.drop_values |= conversion.drops_values
    saved = answer.save(conversion.model, conversion.kind)
    report = conversion.report(saved, saved.notes)
    facts = report.to_json()
    if "serving" in facts:
        facts["serving"]["notes"] = list(map(in_flags, facts["serving"]["notes"]))
    lines = [*serving_lines(facts), *note_lines(report.notes), *(written_lines(saved) if saved else ())]
    answer.finish({"source": source, **facts}, lines, f"{report.kind} -> {report.to}, ")
