"""Edits of graphs with the library, as scripts; `benchmarks.graph_cases` measures them.

Usage: python -m benchmarks.graph_edits open FILE           read a graph, and index it
       python -m benchmarks.graph_edits reroute FILE N      the same, and N tensors replaced where they are read
       python -m benchmarks.graph_edits insert SRC DST      load, a StopGradient at fc7's output, save
       python -m benchmarks.graph_edits dropout SRC DST     load, fc7's output times a placeholder, save
"""

from __future__ import annotations

import sys

import graphsurgeon as gs

FC7 = "vgg_16/fc7/Relu"


def reroute(path: str, count: int) -> None:
    """Let what reads the last node of a layer read the one before it, in the first layers of a chain."""
    graph = gs.load(path).graph
    graph.consumers("input")
    for number in range(count):
        scope = f"block_{number // 100}/layer_{number}"
        graph.replace_uses(f"{scope}/out", f"{scope}/Relu")


def last_hidden(graph: gs.Graph) -> str:
    """Return the tensor that the last product reads."""
    products = [node for node in graph if node.op == "MatMul"]
    return products[-1].inputs[0]


def insert(source: str, target: str) -> None:
    """Put a StopGradient between a tensor and all who read it."""
    model = gs.load(source)
    model.graph.insert_after(last_hidden(model.graph), "StopGradient", name="stop")
    gs.save(model, target, force=True)


def dropout(source: str, target: str) -> None:
    """Put a product with a placeholder there, as dropout that is scaled by hand has it."""
    model = gs.load(source)
    graph = model.graph
    tensor = last_hidden(graph)
    keep = graph.add("Placeholder", name="keep_prob", dtype="float32", shape=[])
    scaled = graph.insert_after(tensor, "Identity", name="scaled")
    graph.set_input(scaled, 0, graph.add("RealDiv", [tensor, keep], name="dropout/div"))
    gs.save(model, target, force=True)


def main(verb: str, *arguments: str) -> None:
    """Run one of the scripts."""
    if verb in ("open", "reroute"):
        reroute(arguments[0], int(arguments[1]) if verb == "reroute" else 0)
    else:
        {"insert": insert, "dropout": dropout}[verb](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
