"""The surgery of freezing alone: which variables are needed, which values fit, what the nodes become."""

from __future__ import annotations

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.dependencies import InitOps
from graphsurgeon.rewrites.freezing.to_constants import check_value, constant_node, needed_variables, to_constants
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.tensor_proto import header
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation

NET = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2]} on /gpu:0
    w = VariableV2 {dtype: f32, shape: shape[2]}
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros)
    w/zeros = Const {f32 [2]}
    w/Assign = Assign(w, w/zeros)
    near = Neg(x)
    y = Mul(x, v) {_class: loc:@near}
    z = Add(y, w)
    init = NoOp(^v/Assign, ^w/Assign)
"""
VALUE = as_tensor(np.ones(2, np.float32))


def names(model: Model) -> list[str]:
    return [node.name for node in model.graph]


def test_variables_that_roots_need():
    model = notation.model(NET)
    index = Index(model.graph)
    assert [node.name for node in needed_variables(model, index, ["y"])] == ["v"]
    assert [node.name for node in needed_variables(model, index, ["z"])] == ["v", "w"]
    assert needed_variables(model, index, ["x"]) == []


def test_what_is_colocated_is_needed():
    model = notation.model(NET)
    assert to_constants(model, ["y"], {"v": VALUE}, operation="test") == []
    assert names(model) == ["x", "v", "near", "y"]
    assert model.graph["v"].op == "Const"


def test_variables_without_a_value_stay():
    model = notation.model(NET)
    to_constants(model, ["z"], {"v": VALUE}, operation="test")
    assert {node.name: node.op for node in model.graph if node.name in "vw"} == {"v": "Const", "w": "VariableV2"}


def test_companions_stay_with_their_nodes_and_init_ops_are_cut_down():
    model = notation.model(NET)
    init = InitOps(["init"], Index(model.graph).producers)
    to_constants(model, ["z"], {"v": VALUE}, operation="test", also={"w": ["w/Assign"]}, init=init)
    assert names(model) == ["x", "v", "w", "w/zeros", "w/Assign", "near", "y", "z", "init"]
    assert model.graph["init"].inputs == ("^w/Assign",)


@pytest.mark.parametrize(
    ("node", "shape", "is_good"),
    [
        ("VariableV2 {dtype: f32, shape: shape[2]}", (2,), True),
        ("VariableV2 {dtype: f32, shape: shape[?]}", (2,), True),
        ("VariableV2 {dtype: f32, shape: shape[]}", (2,), False),
        ("VariableV2 {dtype: f32, shape: shape[3]}", (2,), False),
        ("VariableV2 {dtype: f32, shape: shape[2,1]}", (2,), False),
        ("VariableV2 {dtype: f64, shape: shape[2]}", (2,), False),
        ("VarHandleOp {dtype: f32}", (2,), True),
        ("VarHandleOp {shape: shape[2]}", (2,), False),
        ("Variable {dtype: f32, shape: shape[]}", (2,), True),
        ("Variable {dtype: f32, shape: shape[3]}", (2,), False),
    ],
)
def test_values_that_fit(node, shape, is_good):
    variable = notation.graph(f"v = {node}")["v"]
    value = as_tensor(np.ones(shape, np.float32))
    if is_good:
        check_value(variable, "key", value, "test")
    else:
        with pytest.raises(PassError, match=r"test: node 'v': the checkpoint has .* under 'key', the variable"):
            check_value(variable, "key", value, "test")


def test_a_constant_has_no_device_and_no_other_attrs():
    variable = notation.graph("v = VariableV2 {dtype: f32, shape: shape[2], _note: 3, _class: loc:@v} on /gpu:0")["v"]
    made = constant_node(variable, VALUE)
    assert (made.op, made.device, list(made.attrs), made.attrs["dtype"]) == ("Const", "", ["dtype", "value"], FLOAT)


@pytest.mark.parametrize(("op", "kept"), [("VariableV2", ["_class", "_note"]), ("VarHandleOp", ["_note"])])
def test_what_was_a_constant_before_keeps_them(op, kept):
    variable = notation.graph(f"v = {op} {{dtype: f32, shape: shape[2], _note: 3, _class: loc:@v}} on /gpu:0")["v"]
    made = constant_node(variable, VALUE, is_thawed=True)
    assert (made.device, list(made.attrs)) == ("/gpu:0", [*kept, "dtype", "value"])


@pytest.mark.parametrize(("op", "is_kept"), [("VariableV2", True), ("VarHandleOp", False)])
def test_the_shape_of_a_handle_is_not_that_of_the_constant(op, is_kept):
    variable = notation.graph(f"v = {op} {{dtype: f32, shape: shape[2]}}")["v"]
    variable.attrs["_output_shapes"] = [Shape([2] if is_kept else [])]
    made = constant_node(variable, VALUE, is_thawed=True)
    assert ("_output_shapes" in made.attrs) is is_kept


@pytest.mark.parametrize("values", [[1.5, 2.5], [1.5], []])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32])
def test_values_in_typed_lists_go_back_there(values, dtype):
    """As TensorFlow 1.15 wrote halves, and optimizers write values that repeat."""
    field = {"float16": "half_val", "float32": "float_val", "int32": "int_val"}[np.dtype(dtype).name]
    numbers = np.array(values, dtype)
    typed = numbers.view(np.uint16) if dtype is np.float16 else numbers
    tensor = header(as_tensor(np.zeros(4, dtype)))
    getattr(tensor, field).extend(typed.tolist())
    model = notation.model(f"v = Const {{{np.dtype(dtype).name} [4]}}\nv/read = Identity(v) {{_class: loc:@v}}")
    model.graph["v"].attrs["value"] = schema.AttrValue(tensor=tensor)
    before = schema.serialize(model.to_graph_def())
    gs.unfreeze(model, select=("v",))
    gs.freeze(model, outputs=("v/read",))
    assert Model.from_graph_def(model.to_graph_def()).graph["v"].tensor.numpy().tolist() == _repeated(numbers)
    if values:
        assert schema.serialize(model.to_graph_def()) == before


def _repeated(numbers: np.ndarray) -> list[float]:
    head: list[float] = numbers.tolist()
    return head + [head[-1] if head else 0] * (4 - len(head))


def test_values_that_were_trained_since_are_spelled_out():
    variable = notation.graph("v = VariableV2 {dtype: f32, shape: shape[2]}")["v"]
    trained = as_tensor(np.array([1, 2], np.float32))
    made = constant_node(variable, trained, is_thawed=True, num_typed=1)
    assert made.proto.attr["value"].tensor.tensor_content
    assert made.tensor.numpy().tolist() == [1, 2]
