"""What the import of a node asks of its attrs beyond the registry."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.checks.attrs import attr_faults
from graphsurgeon.checks.shape_functions import limits, shape_problem
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from proto_utils import schema

F = dtypes.FLOAT
CONV: dict[str, Any] = {"T": F, "strides": [1] * 4, "padding": b"SAME"}
CONV_3D = {**CONV, "strides": [1] * 5}
POOL = {**CONV, "ksize": [1] * 4}
IF = {"Tcond": F, "Tin": [], "Tout": [F, F], "then_branch": Func("f", {}), "else_branch": Func("f", {})}
PARSE = {"num_sparse": 1, "sparse_keys": [b"a"], "sparse_types": [F], "dense_keys": [b"b"], "Tdense": [F]}
PARSE["dense_shapes"] = [Shape([2])]


def reasons(op: str, given: dict[str, Any], num_outputs: int | None = None) -> list[str]:
    attr = Node.new("n", op, attrs=given).proto.attr
    return [reason for _, reason in attr_faults(op, attr, in_body=False, num_outputs=num_outputs)]


@pytest.mark.parametrize(
    ("op", "given"),
    [
        ("Conv2D", CONV),
        ("Conv2D", {**CONV, "padding": b"EXPLICIT", "explicit_paddings": [0, 0, 1, 1, 2, 2, 0, 0]}),
        ("Conv3D", CONV_3D),
        ("MaxPool", POOL),
        ("Conv2DBackpropInput", {**CONV, "strides": [1, 2]}),  # only the kernel looks
        ("Dilation2D", {**CONV, "strides": [0] * 4, "rates": [0] * 4}),
        ("If", IF),
        ("If", {**IF, "output_shapes": [Shape(), Shape([2])]}),
        ("IteratorGetNext", {"output_types": [F], "output_shapes": [Shape()]}),
        ("ParseSingleExample", PARSE),
        ("Placeholder", {"dtype": F, "shape": Shape([None, 3])}),
        ("DecodeJpeg", {"channels": 3}),
        ("OneHot", {"T": F, "axis": -1}),
    ],
)
def test_sound(op: str, given: dict[str, Any]):
    assert reasons(op, given) == []


@pytest.mark.parametrize(
    ("op", "given", "reason"),
    [
        ("Conv2D", {**CONV, "strides": [1, 1]}, "attr 'strides' has 2 elements, but must have 4"),
        ("Conv2D", {**CONV, "strides": [1, 0, 1, 1]}, "attr 'strides' has 0, but must have at least 1 everywhere"),
        ("Conv2D", {**CONV, "dilations": [1 << 40] * 4},
         f"attr 'dilations' has {1 << 40}, which is no number of 32 bits"),
        ("Conv2D", {**CONV, "explicit_paddings": [0] * 8},
         "attr 'explicit_paddings' has 8 elements, but with padding SAME has 0"),
        ("Conv2D", {**CONV, "padding": b"EXPLICIT"},
         "attr 'explicit_paddings' has 0 elements, but with padding EXPLICIT has 8"),
        ("Conv3D", {**CONV_3D, "dilations": [1] * 4}, "attr 'dilations' has 4 elements, but must have 5"),
        ("MaxPool", {**POOL, "ksize": [1] * 5}, "attr 'ksize' has 5 elements, but must have 4"),
        ("If", {**IF, "output_shapes": [Shape()]}, "attr 'output_shapes' has 1 elements, but 'Tout' has 2"),
        ("IteratorGetNext", {"output_types": [F], "output_shapes": [Shape()] * 2},
         "attr 'output_shapes' has 2 elements, but 'output_types' has 1"),
        ("ParseSingleExample", {**PARSE, "dense_keys": []}, "attr 'dense_keys' has 0 elements, but 'Tdense' has 1"),
        ("ParseSingleExample", {**PARSE, "num_sparse": 2}, "attr 'sparse_types' has 1 elements, but 'num_sparse' is 2"),
        ("ParseSingleExample", {**PARSE, "dense_shapes": [Shape()]},
         "attr 'dense_shapes': a shape is not known but for its first dimension"),
        ("DecodeJpeg", {"channels": -1}, "attr 'channels' is -1, but must be at least 0"),
        ("OneHot", {"T": F, "axis": 1 << 31}, f"attr 'axis' is {1 << 31}, which is no number of 32 bits"),
    ],
)  # fmt: skip
def test_each_limit(op: str, given: dict[str, Any], reason: str):
    assert reasons(op, given) == [reason]


@pytest.mark.parametrize(
    ("proto", "problem"),
    [
        ({}, ""),
        ({"dim": [{"size": -1}, {"size": 1 << 62}]}, ""),
        ({"unknown_rank": True}, ""),
        ({"unknown_rank": True, "dim": [{"size": 1}]}, "is of unknown rank and has dimensions"),
        ({"dim": [{"size": -2}]}, "has dimension -2"),
        ({"dim": [{"size": 1}] * 255}, "has rank 255, TensorFlow's limit is 254"),
        ({"dim": [{"size": 1 << 40}] * 2}, f"has {1 << 80:,} elements, TensorFlow's limit is {(1 << 63) - 1:,}"),
    ],
)
def test_shapes(proto: dict[str, Any], problem: str):
    shape = schema.TensorShapeProto(**proto)
    assert shape_problem(shape) == problem
    found = reasons("VariableV2", {"dtype": F, "shape": schema.AttrValue(shape=shape)})
    assert found == ([f"attr 'shape': a shape {problem}"] if problem else [])


def test_what_the_outputs_are_said_to_be():
    given = {"T": F, "_output_shapes": [Shape([2])]}
    assert reasons("Relu", given, 1) == reasons("Relu", given) == []
    assert reasons("Relu", given, 2) == ["attr '_output_shapes' has 1 elements, but the node 2 outputs"]
    assert reasons("NoOp", {"_output_shapes": [Shape()]}, 0) == []  # which TensorFlow does not mind
    assert reasons("Relu", {"T": F, "_output_shapes": 3}, 1) == []
    damaged = schema.AttrValue(list={"shape": [schema.TensorShapeProto(dim=[schema.TensorShapeProto.Dim(size=-3)])]})
    assert reasons("Relu", {"T": F, "_output_shapes": damaged}, 1) == [
        "attr '_output_shapes': a shape has dimension -3"
    ]


def test_what_stands_for_an_attr_of_a_function_is_not_looked_at():
    given = {**CONV, "strides": Placeholder("s"), "padding": Placeholder("p"), "explicit_paddings": Placeholder("e")}
    attr = Node.new("n", "Conv2D", attrs=given).proto.attr
    assert attr_faults("Conv2D", attr, in_body=True) == []


def test_most_ops_have_no_limits():
    assert limits("MatMul") == limits("NoSuchOp") == ()
