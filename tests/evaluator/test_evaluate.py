"""From variables to their initial values, on small graphs."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.evaluator import Initializers
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import as_tensor
from proto_utils import schema
from tests.notation import model

PAIR = "shape = Const {i32 [2]}"  # 0, 1
REF = "w = VariableV2 {dtype: f32, shape: shape[3]}; w/Assign = Assign(w, v)"
RESOURCE = """
    w = VarHandleOp {dtype: f32, shape: shape[3]}
    w/Assign = AssignVariableOp(w, v)
    w/Read/ReadVariableOp = ReadVariableOp(w) {dtype: f32}
"""


@pytest.mark.parametrize("kind", [REF, RESOURCE], ids=["ref", "resource"])
def test_a_constant(kind: str):
    of = model(f"v = Const {{f32 [3]}}; {kind}")
    assert Initializers(of)["w"].numpy().tolist() == [0, 1, 2]
    assert Initializers(of)["w:0"].dtype is dtypes.FLOAT


def test_an_expression():
    of = model(f"a = Const {{f32 [3]}}; b = Mul(a, a); v = Add(b, a); {REF}")
    assert Initializers(of)["w"].numpy().tolist() == [0, 2, 6]


def test_the_collection_names_the_initializer():
    of = model("v = Const {f32 [3]}; w = VariableV2 {dtype: f32, shape: shape[3]}; elsewhere = Assign(w, v)")
    with pytest.raises(PassError, match="'w': has no initializer"):
        Initializers(of)["w"]
    of.meta = schema.MetaGraphDef()
    definition = schema.VariableDef(variable_name="w:0", initializer_name="elsewhere")
    of.meta.collection_def["variables"].bytes_list.value.append(schema.serialize(definition))
    assert Initializers(of)["w"].numpy().tolist() == [0, 1, 2]


def test_another_variable_is_read_at_its_initial_value_or_the_one_that_is_known():
    of = model(f"""
        v = Const {{f32 [3]}}; {REF}; w/read = Identity(w)
        u = VariableV2 {{dtype: f32, shape: shape[3]}}; twice = Add(w/read, w/read); u/Assign = Assign(u, twice)
    """)
    assert Initializers(of)["u"].numpy().tolist() == [0, 2, 4]
    known = {"w": as_tensor(np.array([5, 6, 7], np.float32))}
    assert Initializers(of, values=known)["u"].numpy().tolist() == [10, 12, 14]


RANDOM = """
    shape = Const {i32 [2]}; one = Const {i32 []}; dims = Add(shape, shape)
    r1 = RandomUniform(dims) {dtype: f32, T: i32}
    w = VariableV2 {dtype: f32, shape: shape[0,2]}; w/Assign = Assign(w, r1)
    four = Shape(quad) {T: f32}; quad = Const {f32 [2,2]}
    r2 = RandomUniform(four) {dtype: f32, T: i32}
    u = VariableV2 {dtype: f32, shape: shape[2,2]}; u/Assign = Assign(u, r2)
    r3 = RandomUniform(four) {dtype: f32, T: i32}
    t = VariableV2 {dtype: f32, shape: shape[2,2]}; t/Assign = Assign(t, r3)
"""


def test_random_values_do_not_depend_on_order_or_on_others():
    of = model(RANDOM)
    first, second = Initializers(of), Initializers(of)
    u = first["u"].numpy()
    t = second["t"].numpy()
    assert np.array_equal(first["t"].numpy(), t)
    assert np.array_equal(second["u"].numpy(), u)
    assert not np.array_equal(t, u)
    assert not np.array_equal(Initializers(of, seed=1)["u"].numpy(), u)
    assert first["w"].shape == (0, 2)


@pytest.mark.parametrize(
    ("value", "node", "why"),
    [
        ("v = Erfinv(a); a = Const {f32 [3]}", "v", "Erfinv cannot be evaluated without TensorFlow"),
        ("v = Add(v, v)", "v", "depends on itself"),
        ("v = Placeholder {dtype: f32}", "v", "Placeholder cannot be evaluated"),
        ("v = Const {i32 [3]}", "w", "is float32, and its initializer gives int32"),
        ("v = Add(a, b); a = Const {f32 [3]}; b = Const {f32 [2]}", "v", "broadcast"),
    ],
)
def test_what_cannot_be_evaluated_is_named(value: str, node: str, why: str):
    with pytest.raises(PassError, match=why) as caught:
        Initializers(model(f"{value}; {REF}"))["w"]
    assert (caught.value.operation, caught.value.node) == ("init", node)


def test_an_op_that_is_not_known_comes_with_advice():
    with pytest.raises(PassError) as caught:
        Initializers(model(f"v = Erfinv(a); a = Const {{f32 [3]}}; {REF}"))["w"]
    assert "zeros" in str(caught.value.hint)


def test_names_that_are_no_variables():
    with pytest.raises(NotFoundError, match="'x'"):
        Initializers(model(f"v = Const {{f32 [3]}}; {REF}"))["x"]
