"""Transform a frozen graph with the flags of TensorFlow's transform_graph, the Graph Transform Tool."""

from __future__ import annotations

import click

from graphsurgeon.cli import options
from graphsurgeon.cli.command import Verb
from graphsurgeon.cli.graph_files import emit_graph, read_graph_file, require_flags


@click.command("transform_graph", cls=Verb)
@click.option("--in_graph", metavar="FILE", default="", help="The GraphDef to load, binary or text.")
@click.option("--out_graph", metavar="FILE", default="", help="The file to write.")
@click.option("--inputs", metavar="NODES", default="", help="The nodes that are fed, comma separated.")
@click.option("--outputs", metavar="NODES", default="", help="The nodes that are asked for, comma separated.")
@click.option(
    "--transforms", metavar="TRANSFORMS", default="", help="Transforms and their parameters, separated by blanks."
)
@options.switch("output_as_text", "Write the graph as text.", show_default=True)
@options.common("sync", "json", "quiet")
def command(
    in_graph: str, out_graph: str, inputs: str, outputs: str, transforms: str, output_as_text: bool, **shown: bool
) -> None:
    """Transform a frozen graph, with the flags of TensorFlow's transform_graph.

    Transforms are those of the Graph Transform Tool, their parameters and the grammar too; each is one of the verbs,
    which tell more of what they do.
    """
    from graphsurgeon.compat.graph_transforms.engine import transform_model

    require_flags(in_graph=in_graph, out_graph=out_graph, transforms=transforms.strip())
    model = read_graph_file(in_graph, "transform_graph")
    report = transform_model(model, inputs, outputs, transforms)
    facts = {"transforms": report.transforms, "notes": [*report.undone, *report.notes]}
    emit_graph("transform_graph", model, out_graph, facts, as_text=output_as_text, **shown)
