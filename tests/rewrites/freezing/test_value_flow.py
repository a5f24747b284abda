"""Where a reference or a handle goes, a value goes."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.rewrites.freezing.value_flow import ValueFlow
from graphsurgeon.rewrites.freezing.value_reads import Value
from graphsurgeon.tensors.dtypes import FLOAT, QUINT8
from tests import notation

HANDLE = """
    p = Placeholder {dtype: bool}
    v = VarHandleOp {dtype: f32, shape: shape[2]}
"""
REF = """
    p = Placeholder {dtype: bool}
    v = VariableV2 {dtype: f32, shape: shape[2]}
"""


def flown(
    text: str, *, is_ref: bool = False, is_thawed: bool = False, root: str = "y"
) -> tuple[Graph, dict[str, Value]]:
    """The graph after `v` became a value, and the tensors that carry it."""
    model = notation.model((REF if is_ref else HANDLE) + text)
    flow = ValueFlow(model, "test")
    reached = flow.follow(flow.main, "v", Value(FLOAT, (2,), "v", is_thawed), is_ref=is_ref)
    flow.finish([root])
    return model.graph, reached


def lines(graph: Graph) -> list[str]:
    return notation.show(graph).splitlines()[2:]


@pytest.mark.parametrize(
    ("text", "tensors"),
    [
        ("a = Identity(v) {T: resource}", "a"),
        ('a = Enter(v) {T: resource, frame_name: "f"}', "a"),
        ("a = Exit(v) {T: resource}", "a"),
        ("a = NextIteration(v) {T: resource}", "a"),
        ("a = Switch(v, p) {T: resource}", "a a:1"),
        ("a = Merge(v, v) {T: resource, N: 2}", "a"),
        ("a = _SwitchN(v, p) {T: resource, num_outs: 3}", "a a:1 a:2"),
    ],
)
def test_what_passes_a_handle_on(text, tensors):
    graph, reached = flown(f"{text}\nb = Identity(a) {{T: resource}}\ny = ReadVariableOp(b) {{dtype: f32}}")
    assert set(reached) == {"v", "b", *tensors.split()}
    assert (graph["a"].attrs["T"], graph["b"].attrs["T"], graph["y"].op) == (FLOAT, FLOAT, "Identity")


def test_one_of_several_tensors():
    graph, reached = flown("a = IdentityN(p, v) {T: [bool, resource]}\ny = ReadVariableOp(a:1) {dtype: f32}")
    assert [dtype.name for dtype in graph["a"].attrs["T"]] == ["bool", "float32"]
    assert set(reached) == {"v", "a:1"}
    assert graph["y"].op == "Identity"


def test_a_loop_is_followed_once_around():
    graph, _ = flown(
        """
        e = Enter(v) {T: resource, frame_name: "f"}
        m = Merge(e, n) {T: resource, N: 2}
        s = Switch(m, p) {T: resource}
        n = NextIteration(s:1) {T: resource}
        x = Exit(s) {T: resource}
        y = ReadVariableOp(x) {dtype: f32}
        """
    )
    assert {node.attrs["T"] for node in graph if "T" in node.attrs} == {FLOAT}


def test_codes_are_not_carried_around_loops():
    """TensorFlow has no kernel of NextIteration for them."""
    model = notation.model(HANDLE + "n = NextIteration(v) {T: resource}\ny = ReadVariableOp(n) {dtype: f32}")
    flow = ValueFlow(model, "test")
    with pytest.raises(PassError, match="carries quint8 around a loop, as variable 'v' has it"):
        flow.follow(flow.main, "v", Value(QUINT8, (2,), "v"), is_ref=False)


def test_inferred_shapes_go():
    graph, _ = flown("a = Identity(v) {T: resource}\ny = ReadVariableOp(a) {dtype: f32}")
    assert "_output_shapes" not in graph["a"].attrs
    model = notation.model(HANDLE + "a = Identity(v) {T: resource}")
    model.graph["a"].attrs["_output_shapes"] = [Shape(())]
    flow = ValueFlow(model, "test")
    flow.follow(flow.main, "v", Value(FLOAT, (2,), "v"), is_ref=False)
    flow.finish(["a"])
    assert "_output_shapes" not in model.graph["a"].attrs


@pytest.mark.parametrize("op", ["RefIdentity", "RefEnter", "RefExit", "RefNextIteration"])
def test_what_passes_a_reference_on(op):
    graph, reached = flown(f'a = {op}(v) {{T: f32, frame_name: "f"}}\ny = Neg(a)', is_ref=True)
    assert graph["a"].op == op.removeprefix("Ref")
    assert set(reached) == {"v", "a"}


def test_references_through_branches():
    graph, reached = flown(
        "s = RefSwitch(v, p) {T: f32}; m = RefMerge(s, s:1) {T: f32, N: 2}; y = Neg(m)".replace("; ", "\n"), is_ref=True
    )
    assert lines(graph) == ["s = Switch(v, p)", "m = Merge(s, s:1)", "y = Neg(m)"]
    # The second output of a Merge is the index of the input, not the value.
    assert set(reached) == {"v", "s", "s:1", "m"}


def test_whether_it_is_initialized():
    graph, _ = flown("y = IsVariableInitialized(v) {dtype: f32}", is_ref=True)
    assert lines(graph) == ["y = Const"]


def test_readers_of_what_was_a_constant_before_keep_their_attrs():
    text = "y = Identity(v) {T: f32, _output_shapes: [shape[2]]}"
    assert "_output_shapes" not in flown(text, is_ref=True)[0]["y"].attrs
    assert "_output_shapes" in flown(text, is_ref=True, is_thawed=True)[0]["y"].attrs


def test_harmless_users_go_without_being_writers():
    graph, _ = flown("d = DisableCopyOnRead(v)\ny = ReadVariableOp(v, ^d) {dtype: f32}")
    assert lines(graph) == ["y = Identity(v)"]


def test_what_needs_the_handle_is_named():
    with pytest.raises(PassError, match="test: node 'y': op StackPushV2 needs the variable 'v' itself, not its value"):
        flown("y = StackPushV2(v, p) {T: bool}")


def test_an_obstacle_may_be_overcome():
    model = notation.model(REF + "x = Placeholder {dtype: f32}\nu = AssignAdd(v, x)\ny = Neg(u)")
    flow = ValueFlow(model, "test")
    flow.follow(flow.main, "v", Value(FLOAT, (2,), "v"), is_ref=True)
    seen = []

    def overcome(_: object, obstacle: Any) -> bool:
        seen.append(obstacle.node.name)
        return True

    flow.finish(["y"], overcome=overcome)
    assert seen == ["u"]
    assert "u" in model.graph


def test_nothing_is_applied_before_the_end():
    model = notation.model(HANDLE + "y = ReadVariableOp(v) {dtype: f32}")
    flow = ValueFlow(model, "test")
    flow.follow(flow.main, "v", Value(FLOAT, (2,), "v"), is_ref=False)
    assert model.graph["y"].op == "ReadVariableOp"
    flow.finish(["y"])
    assert model.graph["y"].op == "Identity"
