"""Calls become the nodes of their functions, and what is around them goes on as before."""

from __future__ import annotations

from typing import Any

from graphsurgeon.checks import check
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.inlining.calls import CallInliner
from graphsurgeon.tensors.dtypes import FLOAT
from tests import notation


def model(text: str, *functions: Function) -> Model:
    """Every StatefulPartitionedCall calls the function of its attr `fn`; all tensors are floats."""
    made = notation.model(text, *functions)
    for _, graph in made.graphs():
        for node in graph:
            if node.op == "StatefulPartitionedCall":
                called = node.attrs.pop("fn").decode()
                outputs = len(made.library.functions[called].proto.signature.output_arg)
                node.attrs.update(f=Func(called, {}), Tin=[FLOAT] * len(node.data_inputs), Tout=[FLOAT] * outputs)
            elif node.op in ("AddV2", "Identity", "Neg", "Print"):
                node.attrs["T"] = FLOAT
    return made


def inlined(of: Model, *names: str, **options: Any) -> tuple[list[str], CallInliner]:
    inliner = CallInliner(of)
    results = [result for name in names for result in inliner.inline(name, **options)]
    inliner.apply()
    check(of)
    return results, inliner


def double() -> Function:
    return notation.function("double", "x", "i:output:0", "m = AddV2(x, x); i = Identity(m:z:0)")


def test_a_call_of_a_call():
    outer = notation.function(
        "outer", "x", "i:output:0 x", 'c = StatefulPartitionedCall(x) {fn: "double"}; i = Identity(c:output:0)'
    )
    made = model(
        'x = Placeholder {dtype: f32}; y = StatefulPartitionedCall(x) {fn: "outer"}; z = AddV2(y, y:1)', outer, double()
    )
    results, _ = inlined(made, "y")
    assert results == ["y/i", "y/Identity"]
    assert notation.show(made.graph).splitlines() == [
        "x = Placeholder",
        "y/c/m = AddV2(x, x)",
        "y/c/i = Identity(y/c/m)",
        "y/i = Identity(y/c/i)",
        "y/Identity = Identity(x)",
        "z = AddV2(y/i, y/Identity)",
    ]


def test_without_a_scope_a_body_may_have_the_name_of_its_call():
    outer = notation.function(
        "outer", "x", "i:output:0", 'y = StatefulPartitionedCall(x) {fn: "double"}; i = Identity(y:output:0)'
    )
    made = model(
        'x = Placeholder {dtype: f32}; y = StatefulPartitionedCall(x) {fn: "outer"}; z = Neg(y)', outer, double()
    )
    assert inlined(made, "y", scope="")[0] == ["i"]
    assert {node.name: node.inputs for node in made.graph} == {
        "x": (), "y/m": ("x", "x"), "y/i": ("y/m",), "i": ("y/i",), "z": ("i",),
    }  # fmt: skip


def test_waiting_for_a_call_and_before_it():
    function = notation.function(
        "f", "x", "n:y:0", "k = Const {f32 []}; p = Print(x, k:output:0); n = Neg(x); q = NoOp"
    )
    function.proto.control_ret.update(p="p", q="q")
    made = model(
        'x = Placeholder {dtype: f32}; w = NoOp; y = StatefulPartitionedCall(x, ^w) {fn: "f"}; z = Neg(x, ^y)', function
    )
    made.library.functions["f"].body["p"].attrs["U"] = [FLOAT]
    inlined(made, "y")
    assert made.graph["y/k"].inputs == ("^w",)
    assert made.graph["y/n"].inputs == ("x", "^w")
    assert made.graph["y/p"].inputs == ("x", "y/k")
    assert made.graph["z"].inputs == ("x", "^y/output_control_node")
    assert made.graph["y/output_control_node"].inputs == ("^y/p", "^y/q")


def test_constants_of_a_call_in_a_branch_run_in_that_branch_only():
    function = notation.function("f", "x", "k:output:0", "k = Const {f32 []}")
    made = model(
        """
        p = Placeholder {dtype: bool}; x = Placeholder {dtype: f32}
        s = Switch(x, p)
        y = StatefulPartitionedCall(s:1) {fn: "f"}
        m = Merge(s, y) {N: 2}
        """,
        function,
    )
    inlined(made, "y")
    assert made.graph["y/k"].inputs == ("^y/input_control_node",)
    assert made.graph["y/input_control_node"].inputs == ("s:1",)


def test_a_function_that_is_called_by_its_name():
    made = model("x = Placeholder {dtype: f32}; y = double(x); z = Neg(y) {T: f32}", double())
    inlined(made, "y")
    assert made.graph["z"].inputs == ("y/i",)


def test_calls_that_stay():
    itself = notation.function("itself", "x", "c:output:0", 'c = StatefulPartitionedCall(x) {fn: "itself"}')
    never = notation.function("never", "x", "n:y:0", "n = Neg(x)")
    never.proto.attr["_noinline"].b = True
    made = model(
        """
        x = Placeholder {dtype: f32}
        a = StatefulPartitionedCall(x) {fn: "itself"}
        b = StatefulPartitionedCall(x) {fn: "never"}
        c = StatefulPartitionedCall(x) {fn: "double", _XlaMustCompile: true}
        """,
        itself, never, double(),
    )  # fmt: skip
    _, inliner = inlined(made, "a", "b", "c")
    assert inliner.left == {
        "a/c": "function 'itself' calls itself",
        "b": "function 'never' is not to be inlined: _noinline",
        "c": "function 'double' is not to be inlined: _XlaMustCompile",
    }
    assert [node.op for node in made.graph if node.name in ("a/c", "b", "c")] == ["StatefulPartitionedCall"] * 3
