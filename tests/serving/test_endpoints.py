"""Which nodes are thought to be inputs and outputs, and why."""

from __future__ import annotations

import pytest

from graphsurgeon import dtypes
from graphsurgeon.attr_value import Shape
from graphsurgeon.graph import Graph
from graphsurgeon.index import Index
from graphsurgeon.model import Model
from graphsurgeon.node import Node
from graphsurgeon.serving.endpoints import (
    constant_value,
    guess_inputs,
    guess_outputs,
    node_dtype,
    node_shape,
    signature_endpoints,
    stored_nbytes,
    variable_dtype,
    variable_shape,
)
from graphsurgeon.tensor import FillTensor, StringTensor
from tests.models import floats, meta_graph

FLOAT = {"T": dtypes.FLOAT}


def placeholder(name: str, dtype=dtypes.FLOAT, op: str = "Placeholder", **attrs) -> Node:
    return Node.new(name, op, attrs={"dtype": dtype, **attrs})


def names(endpoints) -> list[str]:
    return [each.name for each in endpoints]


def guesses(*nodes: Node) -> tuple[list[str], list[str]]:
    graph = Graph(nodes)
    inputs = guess_inputs(graph, Index(graph))
    return names(inputs), names(guess_outputs(graph, Index(graph), inputs))


def test_placeholder_to_sink():
    assert guesses(
        placeholder("x"), Node.new("y", "Relu", ["x"], attrs=FLOAT), Node.new("z", "Tanh", ["y"], attrs=FLOAT)
    ) == (
        ["x"],
        ["z"],
    )


def test_sink_that_no_input_reaches_is_no_output():
    other = Node.new("c", "Const", attrs={"dtype": dtypes.FLOAT, "value": floats(1, 2)})
    assert guesses(placeholder("x"), Node.new("y", "Relu", ["x"]), other, Node.new("d", "Relu", ["c"])) == (
        ["x"],
        ["y"],
    )


def test_without_inputs_every_sink_may_be_one():
    assert guesses(Node.new("r", "RandomUniform"), Node.new("y", "Relu", ["r"])) == ([], ["y"])


@pytest.mark.parametrize(
    "sink",
    [
        Node.new("s", "Assert", ["x"]),
        Node.new("s", "ScalarSummary", ["x", "x"]),
        Node.new("s", "AssignVariableOp", ["x", "x"]),
        Node.new("s", "Shape", ["x"]),
        Node.new("s", "NoOp", ["^x"]),
        Node.new("gradients/s", "Relu", ["x"]),
        Node.new("a/gradients/s", "Relu", ["x"]),
    ],
)
def test_sinks_that_are_no_results(sink):
    assert guesses(placeholder("x"), Node.new("y", "Relu", ["x"]), sink)[1] == ["y"]


def test_what_another_waits_for_is_no_output():
    nodes = placeholder("x"), Node.new("y", "Relu", ["x"]), Node.new("z", "Tanh", ["x", "^y"])
    assert guesses(*nodes)[1] == ["z"]


def test_unknown_ops_may_be_results():
    assert guesses(placeholder("x"), Node.new("y", "SomebodysOp", ["x"]))[1] == ["y"]


def test_a_savers_file_name_is_no_input():
    nodes = [
        placeholder("save/filename", dtypes.STRING, "PlaceholderWithDefault"),
        placeholder("save/Const", dtypes.STRING, "PlaceholderWithDefault"),
        Node.new("save/SaveV2", "SaveV2", ["save/Const"]),
        placeholder("examples", dtypes.STRING),
        Node.new("parse", "ParseExample", ["examples"]),
    ]
    nodes[1].inputs = ["save/filename"]
    assert guesses(*nodes)[0] == ["examples"]


def test_a_resource_cannot_be_fed():
    assert guesses(placeholder("r", dtypes.RESOURCE), placeholder("x"))[0] == ["x"]


def test_reasons():
    graph = Graph([placeholder("x"), placeholder("unused"), placeholder("d", op="PlaceholderWithDefault")])
    graph.append(Node.new("y", "Add", ["x", "d"], attrs=FLOAT))
    found = guess_inputs(graph, Index(graph))
    assert [each.reason for each in found] == ["must be fed", "nothing reads it", "may be fed"]
    outputs = guess_outputs(graph, Index(graph), found)
    assert outputs[0].reason == "nothing reads it, and it depends on an input"


def test_signatures_name_tensors():
    model = Model.from_meta_graph_def(meta_graph())
    assert [(e.name, e.dtype, e.reason) for e in signature_endpoints(model, "outputs")] == [
        ("out", "float32", "output 'fetch' of signature 'serving_default'")
    ]


def test_dtype_and_shape_of_a_node():
    node = placeholder("x", shape=Shape([None, 3]))
    assert (node_dtype(node), node_shape(node)) == (dtypes.FLOAT, Shape([None, 3]))
    assert node_dtype(Node.new("v", "VariableV2", attrs={"dtype": dtypes.HALF})) is dtypes.HALF
    assert (node_dtype(Node.new("n", "NoOp")), node_shape(Node.new("n", "NoOp"))) == (None, None)
    shown = Node.new("y", "Relu", ["x"], attrs={"_output_shapes": [Shape([2])], **FLOAT})
    assert node_shape(shown) == Shape([2])


def test_a_handle_is_not_its_variable():
    attrs = {"dtype": dtypes.FLOAT, "shape": Shape([7]), "_output_shapes": [Shape([])]}
    handle = Node.new("v", "VarHandleOp", attrs=attrs)
    assert (node_dtype(handle), node_shape(handle)) == (dtypes.RESOURCE, Shape([]))
    assert (variable_dtype(handle), variable_shape(handle)) == (dtypes.FLOAT, Shape([7]))


def test_attrs_of_another_kind_are_unknown():
    node = Node.new("x", "Placeholder", attrs={"dtype": 3, "shape": b"oops"})
    assert (node_shape(node), variable_dtype(node), variable_shape(node)) == (None, None, None)
    broken = Node.new("c", "Const", attrs={"dtype": dtypes.FLOAT, "value": floats(1)})
    broken.proto.attr["value"].tensor.tensor_content = b"\0" * 7
    assert constant_value(broken) is None
    assert node_shape(broken) is None


def test_bytes_of_a_value_in_its_file():
    assert stored_nbytes(floats(1, 2)) == 8
    assert stored_nbytes(FillTensor(dtypes.FLOAT, (1 << 20,), b"1234")) == 4
    assert stored_nbytes(StringTensor((1 << 60,), [b"x"])) == 1
