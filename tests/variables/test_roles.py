"""Roles of variables that function bodies read, by handles and by value, and of those that the graph reads itself."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.dtypes import RESOURCE
from graphsurgeon.variables.roles import variable_roles
from proto_utils import schema
from tests import notation

V = "x = Placeholder {dtype: f32}; v = VarHandleOp {dtype: f32, shape: shape[4,4]}\n"
PRODUCT = "y = MatMul(a, r:value:0) {T: f32}"
READ = f"r = ReadVariableOp(h) {{dtype: f32}}; {PRODUCT}"
CALL = "StatefulPartitionedCall(x, v) {f: fn:f, Tin: [f32, resource], Tout: [f32]}"


def _function(name: str, arguments: str, results: str, body: str) -> Function:
    made = notation.function(name, arguments, results, body)
    for arg in made.proto.signature.input_arg:
        if arg.name == "h":
            arg.type = RESOURCE.number
    return made


def _roles(model: Model) -> dict[str, str]:
    return variable_roles(model, model.graph.index, ["v"])


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("r = ReadVariableOp(v) {dtype: f32}; y = MatMul(x, r)", "matmul_kernel"),
        ("g = ResourceGather(v, x) {dtype: f32, Tindices: int32}", "embedding"),
        ("r = ReadVariableOp(v) {dtype: f32}; i = Identity(r); y = Add(i, x)", None),
        ("r = ReadVariableOp(v) {dtype: f32}; a = AssignVariableOp(v, r) {dtype: f32}", None),
    ],
)
def test_in_the_graph(text: str, role: str | None):
    assert _roles(notation.model(V + text)).get("v") == role


def test_by_a_handle_in_calls_and_branches():
    inner = _function("f", "a h", "y:product:0", READ)
    call = CALL.replace("(x, v)", "(a, i:output:0)")
    outer = _function("o", "a h", "c:output:0", f"i = Identity(h) {{T: resource}}; c = {call}")
    text = "c = StatefulPartitionedCall(x, v) {f: fn:o, Tin: [f32, resource], Tout: [f32]}"
    assert _roles(notation.model(V + text, inner, outer)) == {"v": "matmul_kernel"}
    text = "p = Placeholder {dtype: bool}; c = If(p, x, v) {then_branch: fn:f, else_branch: fn:f, Tin: [f32, resource]}"
    assert _roles(notation.model(V + text, inner)) == {"v": "matmul_kernel"}


def test_read_before_a_call_and_by_a_function_of_its_own():
    value = _function("f", "a b", "y:product:0", "y = MatMul(a, b) {T: f32}")
    text = "r = ReadVariableOp(v) {dtype: f32}; c = PartitionedCall(x, r) {f: fn:f, Tin: [f32, f32], Tout: [f32]}"
    assert _roles(notation.model(V + text, value)) == {"v": "matmul_kernel"}
    reads = _function("get", "h", "r:value:0", "r = ReadVariableOp(h) {dtype: f32}")
    text = "r = StatefulPartitionedCall(v) {f: fn:get, Tin: [resource], Tout: [f32]}; y = MatMul(x, r)"
    assert _roles(notation.model(V + text, reads)) == {"v": "matmul_kernel"}


def test_around_a_loop():
    body = _function("b", "a h", "y:product:0 h", READ)
    cond = _function("k", "a h", "n:output:0", "n = Identity(a)")
    text = "w = While(x, v) {cond: fn:k, body: fn:b, T: [f32, resource]}"
    assert _roles(notation.model(V + text, body, cond)) == {"v": "recurrent_kernel"}


def test_captured_by_a_function_that_nobody_calls():
    model = notation.model(V, _function("f", "a h", "y:product:0", READ))
    assert _roles(model) == {}
    model.meta = schema.MetaGraphDef()
    objects = model.meta.object_graph_def
    objects.nodes.add().variable.name = "v"
    objects.concrete_functions["f"].bound_inputs.append(0)
    assert _roles(model) == {"v": "matmul_kernel"}
