"""Cut a graph down with the flags of TensorFlow's strip_unused."""

from __future__ import annotations

from typing import Any

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.graph_files import emit_graph, read_graph_file, require_flags, type_numbers


@click.command("strip_unused", cls=Verb)
@click.option("--input_graph", metavar="FILE", default="", help="The GraphDef to load, binary or text.")
@options.switch("input_binary", "Not needed: files are told by their bytes.", show_default=True)
@click.option("--output_graph", metavar="FILE", default="", help="The file to write.")
@options.switch("output_binary", "Write the graph in binary, not as text.", default="true", show_default=True)
@click.option("--input_node_names", metavar="NODES", default="", help="The nodes that are fed, comma separated.")
@click.option("--output_node_names", metavar="NODES", default="", help="The nodes that are asked for, comma separated.")
@click.option(
    "--placeholder_type_enum",
    metavar="N",
    default="1",
    show_default=True,
    help="The number of the dtype of inputs; 1 is the dtype that they have.",
)
@options.common("sync", "json", "quiet")
def command(
    input_graph: str,
    output_graph: str,
    output_binary: bool,
    input_node_names: str,
    output_node_names: str,
    placeholder_type_enum: str,
    **given: Any,
) -> None:
    """Cut a graph down to what lies between inputs and outputs, with the flags of TensorFlow's strip_unused.

    The verb prune does more: signatures, checkpoints, shapes and dtypes of inputs.
    """
    from graphsurgeon.compat.strip_unused_lib import strip_model

    del given["input_binary"]
    require_flags(input_graph=input_graph, output_graph=output_graph, output_node_names=output_node_names)
    types = type_numbers(placeholder_type_enum)
    model = read_graph_file(input_graph, "strip_unused")
    notes = strip_model(model, input_node_names, output_node_names, types if len(types) > 1 else types[0])
    emit_graph("strip_unused", model, output_graph, {"notes": notes}, as_text=not output_binary, **given)
