"""What the attrs of one node tell."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape, encode
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import (
    constant_value,
    node_dtype,
    node_shape,
    stored_nbytes,
    variable_dtype,
    variable_shape,
)
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, StringTensor
from tests.models import floats

FLOAT = {"T": dtypes.FLOAT}


def placeholder(name: str, dtype=dtypes.FLOAT, op: str = "Placeholder", **attrs) -> Node:
    return Node.new(name, op, attrs={"dtype": dtype, **attrs})


def test_dtype_and_shape_of_a_node():
    node = placeholder("x", shape=Shape([None, 3]))
    assert (node_dtype(node), node_shape(node)) == (dtypes.FLOAT, Shape([None, 3]))
    assert node_dtype(Node.new("v", "VariableV2", attrs={"dtype": dtypes.HALF})) is dtypes.HALF
    assert (node_dtype(Node.new("n", "NoOp")), node_shape(Node.new("n", "NoOp"))) == (None, None)
    shown = Node.new("y", "Relu", ["x"], attrs={"_output_shapes": [Shape([2])], **FLOAT})
    assert node_shape(shown) == Shape([2])


def test_shapes_of_several_outputs():
    attrs = {"output_types": [dtypes.FLOAT, dtypes.INT32], "output_shapes": [Shape([5]), Shape([2])]}
    taken = Node.new("n", "IteratorGetNext", ["it"], attrs=attrs)
    assert [node_shape(taken, output) for output in (0, 1, 2)] == [Shape([5]), Shape([2]), None]
    assert node_shape(Node.new("d", "RepeatDataset", ["a", "b"], attrs=attrs)) is None


def test_a_handle_is_not_its_variable():
    attrs = {"dtype": dtypes.FLOAT, "shape": Shape([7]), "_output_shapes": [Shape([])]}
    handle = Node.new("v", "VarHandleOp", attrs=attrs)
    assert (node_dtype(handle), node_shape(handle)) == (dtypes.RESOURCE, Shape([]))
    assert (variable_dtype(handle), variable_shape(handle)) == (dtypes.FLOAT, Shape([7]))


def test_attrs_of_another_kind_are_unknown():
    node = Node.new("x", "Placeholder", attrs={"dtype": encode(3), "shape": encode(b"oops")})
    assert (node_shape(node), variable_dtype(node), variable_shape(node)) == (None, None, None)
    broken = Node.new("c", "Const", attrs={"dtype": dtypes.FLOAT, "value": floats(1)})
    broken.editable_proto().attr["value"].tensor.tensor_content = b"\0" * 7
    assert constant_value(broken) is None
    assert node_shape(broken) is None


def test_bytes_of_a_value_in_its_file():
    assert stored_nbytes(floats(1, 2)) == 8
    assert stored_nbytes(FillTensor(dtypes.FLOAT, (1 << 20,), b"1234")) == 4
    assert stored_nbytes(StringTensor((1 << 60,), [b"x"])) == 1
