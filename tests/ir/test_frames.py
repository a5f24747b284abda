"""Where a node of a loop stands."""

from __future__ import annotations

from graphsurgeon.ir.frames import Frame, frames_of
from graphsurgeon.ir.index import Index
from tests import notation
from tests.passes.unfreeze.test_control_inputs import LOOP, NESTED


def frames(text: str) -> dict[str, tuple[str, ...]]:
    graph = notation.graph(text)
    return {name: tuple(frame.name for frame in stack) for name, stack in frames_of(graph, Index(graph)).items()}


def test_what_is_in_a_loop_and_what_is_not():
    graph = notation.graph(LOOP)
    found = frames_of(graph, Index(graph))
    assert set(found.values()) == {(Frame("l/frame", 7),)}
    outside = {"x", "start", "limit", "l/Exit"}
    assert set(found) == {node.name for node in graph} - outside


def test_a_loop_in_a_loop():
    found = frames(NESTED)
    inner = {"i/Enter", "i/Merge", "i/P", "i/Cond", "i/Switch", "i/Identity", "w", "i/Mul", "i/Next"}
    assert {name for name, stack in found.items() if stack == ("outer", "inner")} == inner
    assert {name for name, stack in found.items() if stack == ("outer",)} == {
        "o/Enter", "o/Merge", "o/P", "o/Cond", "o/Switch", "o/Identity", "i/Exit", "after", "o/Mul", "o/Next",
    }  # fmt: skip


def test_a_control_input_alone_places_a_node():
    found = frames(
        'x = NoOp; e = Enter(y) {frame_name: "f"}; y = Const {f32 [2]}; c = Const(^e) {f32 [2]}; d = NoOp(^c, ^x)'
    )
    assert found == {"e": ("f",), "c": ("f",), "d": ("f",)}


def test_reference_enters_count():
    text = (
        'v = VariableV2 {dtype: f32, shape: shape[2]}; e = RefEnter(v) {frame_name: "f"}; i = Identity(e); o = Exit(i)'
    )
    assert frames(text) == {"e": ("f",), "i": ("f",)}


def test_no_loops():
    assert frames("x = Placeholder {dtype: f32}; y = Neg(x)") == {}


def test_a_frame_says_how_many_iterations_run_at_once():
    graph = notation.graph('x = Placeholder {dtype: f32}; e = Enter(x) {frame_name: "f"}')
    assert frames_of(graph, Index(graph)) == {"e": (Frame("f", 10),)}  # TensorFlow's default


def test_enters_with_attrs_that_make_no_sense_are_frames_too():
    text = 'x = Placeholder {dtype: f32}; a = Enter(x); b = Enter(a) {frame_name: 3, parallel_iterations: "many"}'
    graph = notation.graph(text)
    del graph["a"].attrs["frame_name"]
    assert frames_of(graph, Index(graph)) == {"a": (Frame("", 10),), "b": (Frame("", 10), Frame("", 10))}


def test_ten_thousand_loops_one_behind_the_other():
    lines = ["x0 = Placeholder {dtype: f32}"]
    for i in range(10000):
        lines += [f'e{i} = Enter(x{i}) {{frame_name: "f{i}"}}', f"x{i + 1} = Exit(e{i})"]
    assert frames("\n".join(lines)) == {f"e{i}": (f"f{i}",) for i in range(10000)}
