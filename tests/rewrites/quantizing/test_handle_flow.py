"""Where handles go: through calls, branches and loops, to captured arguments, and where nobody knows."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.quantizing.handle_flow import HandleFlow
from graphsurgeon.tensors.dtypes import RESOURCE
from graphsurgeon.variables.captured import UNKNOWN
from proto_utils import schema
from tests import notation

READ = "r = ReadVariableOp(h) {dtype: f32}; y = MatMul(a, r:value:0) {T: f32}"
HANDLES = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[2,2]}
    w = VarHandleOp {dtype: f32, shape: shape[2,2]}
"""
CALL = "{f: fn:f, Tin: [f32, resource], Tout: [f32]}"


def function(name: str, arguments: str, results: str, body: str) -> Function:
    """A function whose arguments h, g ... are handles, a, b ... tensors."""
    made = notation.function(name, arguments, results, body)
    for side in (made.proto.signature.input_arg, made.proto.signature.output_arg):
        for arg in side:
            if arg.name in "hg" or made.proto.ret.get(arg.name, "") in ("h", "g"):
                arg.type = RESOURCE.number
    return made


def flow(model: Model, **bound: dict[int, str]) -> HandleFlow:
    return HandleFlow(model, Index(model.graph), bound)


def uses(of: HandleFlow) -> dict[str, list[str]]:
    return {name: [use.name for use in found] for name, found in of.uses.items()}


def test_calls_within_calls():
    inner = function("f", "a h", "y:product:0", READ)
    outer = function(
        "o", "a h", "c:output:0", f"i = Identity(h) {{T: resource}}; c = StatefulPartitionedCall(a, i:output:0) {CALL}"
    )
    of = flow(
        notation.model(HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL.replace('fn:f', 'fn:o')}", inner, outer)
    )
    assert uses(of) == {"v": ["f/r"], "w": []}
    assert {key: [*names] for key, names in of.arguments("f").items()} == {"h": ["v"]}
    assert (of.against, [*of.together()]) == ({}, [])


def test_one_body_with_two_handles():
    text = HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}; d = StatefulPartitionedCall(x, w) {CALL}"
    of = flow(notation.model(text, function("f", "a h", "y:product:0", READ)))
    ((use, names),) = of.together()
    assert (str(use), sorted(names)) == ("'f/r' (ReadVariableOp)", ["v", "w"])


def test_a_handle_of_which_nothing_is_known():
    text = HANDLES + f"p = Placeholder {{dtype: resource}}; c = StatefulPartitionedCall(x, v) {CALL}"
    text += f"; d = StatefulPartitionedCall(x, p) {CALL}"
    of = flow(notation.model(text, function("f", "a h", "y:product:0", READ)))
    assert [sorted(names) for _, names in of.together()] == [[UNKNOWN, "v"]]


def test_branches_and_loops():
    branch = "{then_branch: fn:f, else_branch: fn:f, Tin: [f32, resource], Tout: [f32]}"
    body = function("body", "a h", "y:product:0 h", READ)
    cond = function("cond", "a h", "t:output:0", "t = Const {dtype: bool}")
    text = HANDLES + f"p = Placeholder {{dtype: bool}}; c = If(p, x, v) {branch}"
    text += "; l = While(x, w) {cond: fn:cond, body: fn:body, T: [f32, resource]}; k = ReadVariableOp(l:1) {dtype: f32}"
    of = flow(notation.model(text, function("f", "a h", "y:product:0", READ), body, cond))
    assert {name: sorted(found) for name, found in uses(of).items()} == {"v": ["f/r"], "w": ["body/r", "k"]}
    assert of.against == {}
    assert {number: [*names] for number, names in of.results("body").items()} == {1: ["w"]}


def test_loops_that_change_places():
    body = function("body", "h g", "g h", "r = ReadVariableOp(h) {dtype: f32}")
    cond = function("cond", "h g", "t:output:0", "t = Const {dtype: bool}")
    text = HANDLES + "l = While(v, w) {cond: fn:cond, body: fn:body, T: [resource, resource]}"
    of = flow(notation.model(text, body, cond))
    assert [sorted(names) for _, names in of.together()] == [["v", "w"]]


def test_what_cannot_be_followed():
    returns = function("f", "a h", "h", "")
    of = flow(notation.model(HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}", returns))
    assert of.against == {"v": "function 'f' returns its handle"}
    model = notation.model(
        HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}", function("f", "a h", "y:product:0", READ)
    )
    model.library.rest.gradient.add(function_name="f", gradient_func="df")
    assert flow(model).against == {
        "v": "'c' (StatefulPartitionedCall) gives its handle to 'f', whose gradient is 'df', which reads it too"
    }
    opens = function("f", "a", "y:product:0", 'h = VarHandleOp {dtype: f32, shared_name: "v"}\n' + READ)
    model = notation.model(HANDLES + "c = StatefulPartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}", opens)
    assert flow(model).against == {"v": "'f/h' opens it by its shared name"}


def test_captured_arguments():
    model = notation.model(
        HANDLES, function("f", "a h", "y:product:0", READ), function("dead", "a h", "y:product:0", READ)
    )
    model.meta = schema.MetaGraphDef()
    model.meta.object_graph_def.concrete_functions["f"].bound_inputs.append(1)
    assert uses(flow(model, f={1: "w"})) == {"v": [], "w": ["f/r"]}
    # An argument that nobody captured is given by whoever calls the function.
    text = HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}"
    model.graph = notation.graph(text)
    assert [sorted(names) for _, names in flow(model).together()] == [[UNKNOWN, "v"]]


def test_other_implementations_of_an_interface():
    first, second = function("f", "a h", "y:product:0", READ), function("g", "a h", "y:product:0", READ)
    for each in (first, second):
        each.proto.attr["api_implements"].s = b"lstm"
    of = flow(notation.model(HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}", first, second))
    assert sorted(uses(of)["v"]) == ["f/r", "g/r"]
