"""Which nodes are control flow, what leads to it, and what stays."""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.lowering import functional_ops
from tests import notation
from tests.rewrites.lowering import nets


def test_what_leads_to_control_flow():
    outer = notation.function("outer", "x w", "y:output:0 w", "y = While(x, w)")
    caller = notation.function("caller", "x w", "c:output:0", "c = StatefulPartitionedCall(x, w)")
    by_name = notation.function("by_name", "x w", "c:out0:0", "c = caller(x, w)")
    text = "x = Placeholder {dtype: f32}; w = Const {f32 [] 2}; c = caller(x, w)"
    of = nets.model(text, nets.small(), nets.step(), outer, caller, by_name, y=("small", "step"))
    functions = of.library.functions
    functions["caller"].body["c"].attrs.update(f=Func("outer", {}))
    assert functional_ops.leading_to_control_flow(functions) == {"outer", "caller", "by_name"}
    assert functional_ops.called(of.graph["c"], functions) == Func("caller", {})
    assert functional_ops.called(of.graph["x"], functions) is None
    assert [func.name for func in functional_ops.branches(functions["outer"].body["y"])] == ["small", "step"]


def test_functions_that_do_not_fit():
    of, conds = nets.loop(), nets.cond("Case", y=("double", "square", "same"))
    functions = of.library.functions

    def fault(of: Model, names: list[str], node: str = "y") -> str | None:
        funcs = [Func(name, {}) for name in names]
        return functional_ops.misfit(of.graph[node], funcs, functions, OpSignatures(functions).of(of.graph[node]))

    assert fault(of, ["small", "step"]) is None
    assert fault(of, ["step", "step"]) == "function 'step' gives 2 tensors, not 1"
    assert fault(of, ["small"]) == "it does not name its functions"
    assert fault(of, ["small", "other"]) == "there is no function 'other'"
    assert fault(conds, ["step"]) == "function 'step' takes 2 tensors, not 1"
    functions = conds.library.functions
    assert fault(conds, ["double", "square", "same"]) is None
    assert fault(conds, []) == "it does not name its functions"


def test_what_stays():
    of = nets.loop()
    node, function = of.graph["y"], of.library.functions["step"]
    assert functional_ops.reason_to_stay(node, function) is None
    function.proto.attr["_noinline"].b = True
    assert functional_ops.reason_to_stay(node, function) == "_noinline"
    node.attrs["_xla_compile_id"] = b"1"
    assert functional_ops.reason_to_stay(node) == "_xla_compile_id"


def test_effects():
    quiet = notation.function("quiet", "x", "x", "m = Mul(x, x) {T: f32}")
    quiet.proto.control_ret["m"] = "m"
    loud = notation.function("loud", "x", "x", "p = OwnOp(x)")
    assert not functional_ops.has_effects(Func("loud", {}), {"loud": loud})
    loud.proto.control_ret["p"] = "p"
    functions = {"quiet": quiet, "loud": loud}
    assert [functional_ops.has_effects(Func(name, {}), functions) for name in functions] == [False, True]


def test_frames_of_graph_and_bodies():
    body = nets.step('e = Enter(x) {frame_name: "f", T: f32}; q = Exit(e:output:0) {T: f32}', "q:output:0 w")
    of = nets.loop(body, before='e = Enter(x) {frame_name: "g", T: f32}; q = Exit(e) {T: f32}')
    assert functional_ops.frame_names(of) == {"f", "g"}
