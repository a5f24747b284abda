"""From variables to their initial values, on small graphs and real ones."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.evaluator import Initializers, assigned_values
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.load import load_graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.collections import variable_defs
from graphsurgeon.names import node_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.layout import existing_variables
from proto_utils import schema
from tests.models import SHARED, shared_files
from tests.notation import model

SAVED_MODELS = [path.parent for path in shared_files(".pb", ".pbtxt") if path.stem == "saved_model"]
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


VARIABLES = """
    v = VariableV2 {dtype: f32, shape: shape[2]}
    w = VarHandleOp {dtype: f32, shape: shape[2]}
    shape = Const {i32 [2] 2}
"""


def assigned(text: str, *initializers: str, **stored: list[float]) -> dict[str, list[float]]:
    of = model(VARIABLES + text.replace(";", "\n"))
    of.variables = {name: as_tensor(np.array(value, np.float32)) for name, value in stored.items()}
    return {name: tensor.numpy().tolist() for name, tensor in assigned_values(of, initializers, "test").items()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("c = Const {f32 [2]}", [0, 1]),
        ("a = Const {f32 [2]}; b = Identity(a); c = Identity(b)", [0, 1]),
        ("a = Const {f32 []}; c = Fill(shape, a) {T: f32, index_type: i32}", [[0, 0], [0, 0]]),
        ("a = Const {f32 [3]}; c = ZerosLike(a)", [0, 0, 0]),
        ("a = Const {f32 [3]}; c = OnesLike(a)", [1, 1, 1]),
        ("a = Const {f32 []}; b = Exp(a); c = Fill(shape, b) {T: f32, index_type: i32}", [[1, 1], [1, 1]]),
    ],
)
def test_what_initializer_ops_assign(value: str, expected: list[float]):
    assert assigned(f"{value}; v/Assign = Assign(v, c) {{T: f32}}", "v/Assign") == {"v": expected}


def test_both_kinds_of_variables_in_groups():
    text = """
        c = Const {f32 [2]}
        v/Assign = Assign(v, c)
        w/Assign = AssignVariableOp(w, c) {dtype: f32}
        group = NoOp(^w/Assign)
        init = NoOp(^v/Assign, ^group)
    """
    assert assigned(text, "init:0") == {"w": [0, 1], "v": [0, 1]}


def test_what_an_assignment_waits_for_counts_too():
    text = "c = Const {f32 [2]}; v/Assign = Assign(v, c); w/Assign = AssignVariableOp(w, c, ^v/Assign) {dtype: f32}"
    assert set(assigned(text, "w/Assign")) == {"v", "w"}


def test_tables_are_filled_with_nothing():
    text = "k = Const {str [2]}; t = HashTableV2; t/init = LookupTableImportV2(t, k, k) {Tin: str, Tout: str}"
    assert assigned(text, "t/init") == {}


def test_initializers_run_after_the_checkpoint_is_restored():
    text = """
        c = Const {f32 [2]}; v/Assign = Assign(v, c)
        v/read = Identity(v); twice = Add(v/read, v/read); w/Assign = AssignVariableOp(w, twice) {dtype: f32}
        init = NoOp(^v/Assign, ^w/Assign)
    """
    assert assigned(text, "w/Assign", v=[5, 6], w=[7, 8]) == {"w": [10, 12]}
    assert assigned(text, "init", v=[5, 6], w=[7, 8]) == {"v": [0, 1], "w": [0, 2]}


@pytest.mark.parametrize(
    ("text", "node", "message"),
    [
        (
            "p = Placeholder {dtype: f32}; c = Fill(shape, p) {index_type: i32}; i = Assign(v, c)",
            "p",
            "Placeholder cannot",
        ),
        (
            "c = Const {str []}; d = Neg(c) {T: str}; i = Assign(v, d) {T: str}",
            "d",
            "Neg cannot",
        ),
        ("i = Assign(v, nothing) {T: f32}", "nothing", "an initializer reads it, and it is not in the graph"),
        ("i = Neg(v)", "i", "initializer op Neg cannot be evaluated without TensorFlow"),
        ("i = Assign(v)", "i", "initializer op Assign cannot"),
    ],
)
def test_initializer_ops_that_are_refused_are_named(text: str, node: str, message: str):
    with pytest.raises(PassError, match=message) as caught:
        assigned(text, "i")
    assert (caught.value.operation, caught.value.node) == ("test", node)


def test_there_is_no_such_initializer_op():
    with pytest.raises(NotFoundError) as caught:
        assigned("c = Const {f32 [2]}; v/Assign = Assign(v, c)", "v/Asign")
    assert caught.value.near == ("v/Assign",)


def facts(tensor: Tensor) -> tuple[object, ...]:
    return tensor.dtype, tensor.shape, tensor.numpy().reshape(-1)[:100].tolist()


def check_both_ways(of: Model) -> int:
    """Evaluate every initializer by its variable and by its op; return how many have a value."""
    ops = {each.node: each.initializer for each in existing_variables(of.graph, Index(of.graph)) if each.initializer}
    for definition in () if of.meta is None else variable_defs(of.meta):
        ops[node_of(definition.variable_name)] = definition.initializer_name
    initial, values = Initializers(of), {}
    for name, op in ops.items():
        try:
            values[name] = facts(initial[name])
        except PassError as error:
            with pytest.raises(PassError, match=re.escape(f"{error.node!r}: {error.reason}")):
                assigned_values(of, [op], "freeze")
    found = assigned_values(of, [ops[name] for name in values], "freeze")
    assert {name: facts(tensor) for name, tensor in found.items()} == values
    return len(values)


def test_every_initializer_is_worth_the_same_both_ways(fixtures: Path):
    """As `fit` asks, and as `freeze` does."""
    assert sum(check_both_ways(load_graph(detect(path))) for path in fixtures.glob("*.meta")) > 80


@pytest.mark.parametrize(
    "path", [*shared_files(".meta"), *SAVED_MODELS], ids=lambda path: str(path.relative_to(SHARED))
)
def test_every_initializer_of_others_is_worth_the_same_both_ways(path: Path):
    check_both_ways(load_graph(detect(path)))
