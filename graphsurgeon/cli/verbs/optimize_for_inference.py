"""Optimize a frozen graph with the flags of TensorFlow's optimize_for_inference."""

from __future__ import annotations

from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.graph_files import emit_graph, read_graph_file, require_flags, type_numbers


@click.command("optimize_for_inference", cls=Verb)
@click.option("--input", "in_graph", metavar="FILE", default="", help="The GraphDef to load, binary or text.")
@click.option("--output", "out_graph", metavar="FILE", default="", help="The file to write.")
@click.option("--input_names", metavar="NODES", default="", help="The nodes that are fed, comma separated.")
@click.option("--output_names", metavar="NODES", default="", help="The nodes that are asked for, comma separated.")
@options.switch("frozen_graph", "Write the graph in binary, not as text.", default="true", show_default=True)
@click.option(
    "--placeholder_type_enum",
    metavar="N,N...",
    default="1",
    show_default=True,
    help="The number of the dtype of inputs, one for all or one for each; 1 is the dtype that they have.",
)
@options.switch("toco_compatible", "Not needed: no op is made that others do not know.")
@click.option(
    "--placeholder_to_const_names",
    metavar="NAMES",
    default="",
    help="name=value of inputs that become constants, comma separated.",
)
@options.common("sync", "json", "quiet")
def command(
    in_graph: str,
    out_graph: str,
    input_names: str,
    output_names: str,
    frozen_graph: bool,
    placeholder_type_enum: str,
    **given: Any,
) -> None:
    """Make a frozen graph smaller and faster for inference, with the flags of TensorFlow's optimize_for_inference.

    What only training needs goes, and batch norms are folded into the layers before them.
    """
    from graphsurgeon.compat.optimize_for_inference_lib import optimize_model

    require_flags(input=in_graph, output=out_graph, output_names=output_names)
    types = type_numbers(placeholder_type_enum)
    model = read_graph_file(in_graph, "optimize_for_inference")
    how = {name: given.pop(name) for name in ("toco_compatible", "placeholder_to_const_names")}
    notes = optimize_model(model, input_names, output_names, types if len(types) > 1 else types[0], **how)
    emit_graph("optimize_for_inference", model, out_graph, {"notes": notes}, as_text=not frozen_graph, **given)
