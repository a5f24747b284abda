"""How often loops run, as far as their counters tell."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tools.summary.trip_counts import frame_trips, function_trips
from tests import notation

COUNTED = """
    start = Const {i32 [] START}; limit = Const {i32 [] 10}; x = Placeholder {dtype: f32, shape: shape[1]}
    i/Enter = Enter(start) {frame_name: "loop"}; n = Enter(limit) {frame_name: "loop", is_constant: true}
    i/Merge = Merge(i/Enter, i/Next); less = Less(i/Merge, n); cond = LoopCond(CONDITION)
    i/Switch = Switch(i/Merge, cond); i = Identity(i/Switch:1); step = Const {i32 [] STEP}
    plus = AddV2(i, step); i/Next = NextIteration(plus)
    x/Enter = Enter(x) {frame_name: "loop"}; x/Merge = Merge(x/Enter, x/Next); x/Switch = Switch(x/Merge, cond)
    y = Relu(x/Switch:1); x/Next = NextIteration(y); done = Exit(x/Switch)
"""


def frames(condition: str = "less", start: int = 0, step: int = 1, more: str = "") -> dict[str, int | None]:
    text = COUNTED.replace("START", str(start)).replace("STEP", str(step)).replace("CONDITION", condition)
    graph = notation.graph(text + more)
    index = Index(graph)
    return frame_trips(graph, index, ShapeInference(index, {}, {}))


@pytest.mark.parametrize(("start", "step", "wanted"), [(0, 1, 10), (0, 3, 4), (4, 2, 3), (11, 1, 0), (0, 0, None)])
def test_frames_that_count(start, step, wanted):
    assert frames(start=start, step=step) == {"loop": wanted}


def test_conditions_of_two_and_others():
    two = '\nm = Const {i32 [] 7}; em = Enter(m) {frame_name: "loop"}; short = Less(i/Merge, em)'
    assert frames("both", more=f"{two}; both = LogicalAnd(less, short)") == {"loop": 7}
    assert frames("equal", more="\nequal = LessEqual(i/Merge, n)") == {"loop": 11}
    fed = '\np = Placeholder {dtype: bool}; ep = Enter(p) {frame_name: "loop"}'
    assert frames("both", more=f"{fed}; both = LogicalAnd(less, ep)") == {"loop": None}
    assert frames("not", more=f"{fed}; not = LogicalNot(ep)") == {"loop": None}


def test_conditions_are_not_followed_for_ever():
    chain = "; ".join(f"a{n} = LogicalAnd(a{n + 1}, a{n + 1})" for n in range(40))
    assert frames("a0", more=f"\n{chain}; a40 = Less(i/Merge, n)") == {"loop": None}


def looped(
    condition: str, plus: str = "s = Const {i32 [] 1}; p = AddV2(i, s:output:0)", back: str = "p:z:0"
) -> int | None:
    graph = notation.graph("""i = Const {i32 [] 0}; n = Const {i32 [] 6}; x = Placeholder {dtype: f32}
        w = While(i, n, x) {cond: fn:c, body: fn:b, T: [i32, i32, f32]}""")
    test = notation.function("c", "i n x", "l:z:0", condition)
    body = notation.function("b", "i n x", f"{back} n x", plus)
    made = ShapeInference(Index(graph), {"c": test, "b": body}, {}, keep_bodies=True)
    return function_trips(made, graph["w"], test, body)


def test_loops_of_functions():
    assert looped("l = Less(i, n)") == 6
    assert looped("k = Const {i32 [] 4}; l = Less(i, k:output:0)") == 4
    assert looped("l = Less(i, x)") is None
    assert looped("l = Greater(n, i)") == 6
    assert looped("l = GreaterEqual(n, i)") == 7
    assert looped("l = Greater(i, n)") is None
    assert looped("l = Less(i, n)", back="i") is None
    assert looped("l = Less(i, n)", "s = Const {i32 [] 2}; p = Mul(i, s:output:0)") is None


@pytest.mark.parametrize("op", ["Enter", "Merge", "Less", "LoopCond", "Switch", "AddV2", "NextIteration"])
def test_nodes_without_inputs(op: str):
    """What reads files is given any graph, whatever TensorFlow says of it."""
    graph = notation.graph(COUNTED.replace("START", "0").replace("STEP", "1").replace("CONDITION", "less"))
    for node in graph.nodes_of({op}):
        node.inputs = ()
    index = Index(graph)
    assert set(frame_trips(graph, index, ShapeInference(index, {}, {})).values()) <= {None}
