"""Apply the edits of a recipe to a checkpoint, in one pass over the data."""

from __future__ import annotations

from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.answer import Answer, output_options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.edit_verb import finish


@click.command("edit", cls=Verb)
@options.source
@click.option("--recipe", metavar="FILE", required=True, help="The steps, in YAML or JSON.")
@output_options
def command(source: str, recipe: str, output: str | None, **given: Any) -> None:
    """Apply the edits of a recipe to a checkpoint, in one pass over the data.

    A recipe is a list of steps, each an edit with its options, named as on the command line; paths in it are relative
    to it. The data is read and written once, whatever the number of steps.

    \b
    - strip-optimizer
    - rename: {strip_scope: vgg_16}
    - reverse: {axis: 2, select: conv1/conv1_1/weights}
    - reshape: {shape: [25088, 4096], select: fc6/weights}
    - cast: {dtype: bfloat16, exclude: [".*/biases"]}
    """  # noqa: D301 -- click takes the backspace for "do not wrap what follows"
    from graphsurgeon.tools.edited_checkpoint import open_edited
    from graphsurgeon.tools.recipe import apply_recipe

    answer = Answer("edit", output, given)
    checkpoint = open_edited(source)
    report = apply_recipe(checkpoint.tensors, recipe, model=checkpoint.graph)
    finish(answer, [source], checkpoint, report)
