"""Nodes are made as TensorFlow's own Python makes them."""

from __future__ import annotations

from typing import Any

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.ir.versions import needs_of
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from tests.tf.judge import TensorFlow

#: Of these TensorFlow's Python has another default than the registry, or the registry has a type for no output.
ODD = {"SdcaOptimizer", "SdcaOptimizerV2", "MakeIterator"}


def made_like(case) -> tuple[Node, schema.NodeDef]:
    """Return the node that we make from what TensorFlow was given, and TensorFlow's."""
    wanted = schema.NodeDef.FromString(bytes.fromhex(case["node"]))
    inputs: Any = [[(text, DType.from_number(number)) for text, number in group] for group in case["inputs"]]
    attrs = {key: schema.AttrValue.FromString(bytes.fromhex(value)) for key, value in case["attrs"].items()}
    return make_node(wanted.name, wanted.op, inputs, attrs=attrs), wanted


def made_by(tensorflow, directory):
    """Return the nodes of each op, from a process of its own: other tests may have registered ops (TFLite's)."""
    with TensorFlow(tensorflow.python, directory) as fresh:
        return fresh.call("node_defs:made", timeout=400)


def test_a_node_of_every_op_is_tensorflows(tf2, tmp_path):
    equal = set()
    for op, found in made_by(tf2, tmp_path).items():
        for node, wanted in map(made_like, found):
            if op not in ODD:
                assert node.proto == wanted, op
                equal.add(op)
    assert len(equal) > 1590


def test_what_1_15_knows_of_a_node_is_as_it_makes_it(tf1, tmp_path):
    equal = set()
    for op, found in made_by(tf1, tmp_path).items():
        for node, wanted in map(made_like, found):
            if op in ODD:
                continue
            for need in list(needs_of(node)):
                if need.attr and need.is_default:
                    del node.attrs[need.attr]
            node.editable_proto().ClearField("experimental_type")
            assert node.proto == wanted, op
            equal.add(op)
    assert len(equal) > 1000
