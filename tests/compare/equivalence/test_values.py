"""Constants against the values of variables."""

from __future__ import annotations

import numpy as np

from graphsurgeon.compare.equivalence.values import Values, scalar
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor, as_tensor
from proto_utils import schema
from tests import notation


def thawed(**variables: object) -> Values:
    model = notation.model("w = VariableV2 {dtype: f64, shape: shape[3]}")
    model.variables = {
        name: value if isinstance(value, Tensor) else as_tensor(value) for name, value in variables.items()
    }
    return Values(model)


W = next(iter(notation.graph("w = VariableV2 {dtype: f64, shape: shape[3]}")))


def constant(value: object) -> Node:
    return Node.new("w", "Const", attrs={"value": as_tensor(value)})


def test_same():
    assert thawed(w=[1.0, 2.0, 3.0]).problem_of_constant(constant([1.0, 2.0, 3.0]), W) is None


def test_one_bit():
    value = np.array([1.0, 2.0, 3.0])
    value.view(np.uint8)[-8] ^= 1
    assert thawed(w=value).problem_of_constant(constant([1.0, 2.0, 3.0]), W) == (
        "value",
        "has another value than 'w' in the checkpoint, first at [2]",
    )


def test_dtype_and_shape():
    problem = thawed(w=np.float32(1)).problem_of_constant(constant([1.0]), W)
    assert problem == ("value", "is float64 [1], 'w' in the checkpoint is float32 []")


def test_missing():
    problem = thawed(w_1=[1.0]).problem_of_constant(constant([1.0]), W)
    assert problem is not None
    assert problem[0] == "missing-variable"
    assert "'w'" in problem[1]


def test_unsound_constant():
    problem = thawed(w=[1.0]).problem_of_constant(Node.new("w", "Const"), W)
    assert problem is not None
    assert problem[1].startswith("has no sound value")


def test_values_that_cannot_be_compared():
    handle = OpaqueTensor(dtypes.RESOURCE, [])
    node = Node.new("w", "Const", attrs={"value": schema.AttrValue(tensor={"dtype": 20, "tensor_shape": {}})})
    problem = thawed(w=handle).problem_of_constant(node, W)
    assert problem is not None
    assert problem[1].startswith("cannot be compared with 'w'")


def test_two_variables():
    one = thawed(w=[1.0, 2.0, 3.0])
    assert one.problem_of_variable(thawed(w=[1.0, 2.0, 3.0]), W, W) is None
    assert one.problem_of_variable(thawed(w=[1.0, 2.0, 4.0]), W, W) is not None
    assert one.problem_of_variable(thawed(v=[1.0]), W, W) is not None
    assert (one.is_empty, thawed().is_empty) == (False, True)


def test_scalar():
    nodes = notation.graph(
        "a = Const {i32 []}; b = Const {i32 [1]}; c = NoOp; d = Const {str []}; e = Const {dtype: f32}"
    )
    assert [scalar(node) for node in nodes] == [0, None, None, None, None]
