"""Shapes as users write them, and nodes that become inputs."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.pruning.new_inputs import InputMaker, parse_shape
from graphsurgeon.tensors.dtypes import HALF, STRING
from proto_utils.errors import UnsupportedError
from tests import notation


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ("1,224,224,3", [1, 224, 224, 3]),
        ("?,10", [None, 10]),
        (" [ -1 , 10 ] ", [None, 10]),
        ("(None, 5)", [None, 5]),
        ("1x28x28", [1, 28, 28]),
        ("(3,)", [3]),
        ("[]", []),
        ("unknown", None),
    ],
)
def test_shapes(text: str, dims: list[int | None] | None):
    assert parse_shape(text) == Shape(dims)


@pytest.mark.parametrize("text", ["a", "1,,2", "1.5", "-2", "1;2", "?x"])
def test_no_shapes(text: str):
    with pytest.raises(UnsupportedError):
        parse_shape(text)


def maker(text: str) -> InputMaker:
    graph = notation.graph(text)
    return InputMaker(graph, Index(graph), OpSignatures({}), "test")


def test_inputs_are_made_once_each_in_their_order():
    made = maker("a = Const {f32 [2]}\nb = Const {str [2]}").make(["b", "a:0", "b:0"], (), ())
    assert [(new.old.name, new.node.op, new.dtype.name, new.shape.dims) for new in made] == [
        ("b", "Placeholder", "string", (2,)),
        ("a", "Placeholder", "float32", (2,)),
    ]
    assert made[0].dtype is STRING


def test_one_type_and_shape_do_for_all():
    made = maker("a = Const {f32 [2]}\nb = Const {f32 [2]}").make(["a", "b"], ["half"], ["4"])
    assert [(new.dtype, new.node.attrs["dtype"], new.shape) for new in made] == [(HALF, HALF, Shape([4]))] * 2


def test_readers_that_go_do_not_matter():
    inputs = maker(
        "i = Const {i32 [2]}\nx = Const {f32 [2]}\ns = Split(i, x) {num_split: 2}\na = Relu(s)\nb = Relu(s:1)"
    )
    made = inputs.make(["s"], (), ())
    inputs.check_readers(made, {"s", "a"})
    with pytest.raises(PassError, match="'b' reads its output 1"):
        inputs.check_readers(made, {"s", "a", "b"})


def test_a_handle_as_input_has_no_shape_of_the_variable():
    made = maker("v = VarHandleOp {dtype: f32, shape: shape[2]}").make(["v"], (), ())
    assert made[0].dtype.name == "resource"
    assert made[0].shape == Shape()
