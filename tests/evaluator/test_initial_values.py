"""What initializers assign, where that is a constant."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.evaluator.initial_values import initial_values
from graphsurgeon.ir.index import Index
from tests import notation

VARIABLES = """
    v = VariableV2 {dtype: f32, shape: shape[2]}
    w = VarHandleOp {dtype: f32, shape: shape[2]}
    shape = Const {i32 [2] 2}
"""


def values(text: str, *initializers: str) -> dict[str, list[float]]:
    graph = notation.graph(VARIABLES + text.replace(";", "\n"))
    found = initial_values(Index(graph), initializers, "test")
    return {name: tensor.numpy().tolist() for name, tensor in found.items()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("c = Const {f32 [2]}", [0, 1]),
        ("a = Const {f32 [2]}; b = Identity(a); c = Identity(b)", [0, 1]),
        ("a = Const {f32 []}; c = Fill(shape, a) {T: f32, index_type: i32}", [[0, 0], [0, 0]]),
        ("a = Const {f32 [3]}; c = ZerosLike(a)", [0, 0, 0]),
        ("a = Const {f32 [3]}; c = OnesLike(a)", [1, 1, 1]),
    ],
)
def test_constant_expressions(value, expected):
    assert values(f"{value}; v/Assign = Assign(v, c) {{T: f32}}", "v/Assign") == {"v": expected}


def test_both_kinds_of_variables_in_groups():
    text = """
        c = Const {f32 [2]}
        v/Assign = Assign(v, c)
        w/Assign = AssignVariableOp(w, c) {dtype: f32}
        group = NoOp(^w/Assign)
        init = NoOp(^v/Assign, ^group)
    """
    assert values(text, "init:0") == {"w": [0, 1], "v": [0, 1]}


def test_what_an_assignment_waits_for_counts_too():
    text = "c = Const {f32 [2]}; v/Assign = Assign(v, c); w/Assign = AssignVariableOp(w, c, ^v/Assign) {dtype: f32}"
    assert set(values(text, "w/Assign")) == {"v", "w"}


def test_tables_are_filled_with_nothing():
    text = "k = Const {str [2]}; t = HashTableV2; t/init = LookupTableImportV2(t, k, k) {Tin: str, Tout: str}"
    assert values(text, "t/init") == {}


@pytest.mark.parametrize(
    ("text", "node", "message"),
    [
        ("c = RandomUniform(shape) {dtype: f32, T: i32}; i = Assign(v, c)", "i", "assigns the result of RandomUniform"),
        (
            "p = Placeholder {dtype: f32}; c = Fill(shape, p) {index_type: i32}; i = Assign(v, c)",
            "i",
            "the result of Fill",
        ),
        ("c = Const {str []}; d = Fill(shape, c) {T: str, index_type: i32}; i = Assign(v, d) {T: str}", "i", "of Fill"),
        ("i = Assign(v, nothing) {T: f32}", "i", "a value that is no constant"),
        ("i = Neg(v)", "i", "initializer op Neg"),
    ],
)
def test_others_are_named(text, node, message):
    with pytest.raises(PassError, match=f"{message}.* cannot be evaluated without TensorFlow") as caught:
        values(text, "i")
    assert caught.value.node == node


def test_no_such_node():
    with pytest.raises(NotFoundError) as caught:
        values("c = Const {f32 [2]}; v/Assign = Assign(v, c)", "v/Asign")
    assert caught.value.near == ("v/Assign",)
