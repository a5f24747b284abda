"""Edges in nested loops that are led elsewhere: what is taken, TensorFlow runs."""

from __future__ import annotations

import base64

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output
from proto_utils import schema
from tests.tf.judge import TensorFlow

#: One of so many edges is tried: all 1,300 take TensorFlow a minute.
STEP = 17


def edited(model: Model) -> tuple[list[str], list[bytes], int]:
    """Lead inputs to other tensors of their type; return what was taken, the graphs, and how many were refused."""
    graph = model.graph
    tensors = [output for node in graph for output in node.outputs if node.op != "NextIteration"]
    edges = [(node, at) for node in graph for at, text in enumerate(node.data_inputs) if "NextIteration" not in text]
    tried = [(node, at, tensor) for node, at in edges for tensor in tensors if is_another(node, at, tensor)]
    taken, graphs, num_refused = [], [], 0
    for node, at, tensor in tried[::STEP]:
        before = node.inputs
        try:
            graph.set_input(node, at, tensor)
        except GraphError:
            num_refused += 1
            continue
        if not has_cycle(graph):
            taken.append(f"{node.name}[{at}] = {tensor.name}")
            graphs.append(model.to_graph_def().SerializeToString())
        node.inputs = before
    return taken, graphs, num_refused


def is_another(node: Node, at: int, tensor: Output) -> bool:
    old = node.input_tensors[at]
    return tensor != old and old.dtype is tensor.dtype and tensor.node is not node


def has_cycle(graph: Graph) -> bool:
    try:
        list(graph.topological())
    except GraphError:
        return True
    return False


def test_what_is_taken_is_run(tf1: TensorFlow):
    model = Model.from_graph_def(schema.GraphDef.FromString(base64.b64decode(tf1.call("frame_edges:loops"))))
    taken, graphs, num_refused = edited(model)
    said = tf1.call("frame_edges:are_run", graph_defs=[base64.b64encode(each).decode() for each in graphs])
    assert {text: reason for text, reason in zip(taken, said, strict=True) if reason} == {}
    assert len(taken) > 10
    assert num_refused > 10
