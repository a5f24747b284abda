"""The notation that other tests are written in says what it seems to say."""

from __future__ import annotations

from graphsurgeon import dtypes
from graphsurgeon.attr_value import Func, Shape
from graphsurgeon.verify import verify
from tests import notation

LOOP = """
    zero = Const {i32 []}
    limit = Const {i32 []}
    enter = Enter(zero) {frame_name: "loop"}
    merge = Merge(enter, next)
    less = Less(merge, limit)
    cond = LoopCond(less)
    switch = Switch(merge, cond)
    next = NextIteration(switch:1)
    exit = Exit(switch)
"""


def test_nodes():
    graph = notation.graph(
        "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}\n y = MatMul(x, w, ^x) {a: 3} on /cpu:0"
    )
    assert [node.name for node in graph] == ["x", "w", "y"]
    assert graph["w"].tensor.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (graph["y"].inputs, graph["y"].device) == (("x", "w", "^x"), "/cpu:0")
    assert (graph["y"].attrs["a"], graph["y"].attrs["T"]) == (3, dtypes.FLOAT)


def test_attrs():
    text = 'n = NoOp {a: true, b: -2, c: 0.5, d: bf16, e: loc:@x, f: "text", g: shape[2,?], h: fn:body, i: [1, 2]}'
    attrs = notation.graph(text)["n"].attrs
    assert [attrs[key] for key in "abcdefghi"] == [
        True, -2, 0.5, dtypes.BFLOAT16, [b"loc:@x"], b"text", Shape([2, None]), Func("body", {}), [1, 2],
    ]  # fmt: skip


def test_graphs_are_well_formed():
    assert verify(notation.model(LOOP)) == []
    assert (
        verify(
            notation.model("a = Const {str [2]}; b = Pack(a, a); c = Split(d, b) {num_split: 2}; d = Const {i32 []}")
        )
        == []
    )


def test_show_prints_what_graph_reads():
    text = "w = Const\nr = Identity(w, ^w) {_class: loc:@w} on /gpu:1"
    assert notation.show(notation.graph(text)) == text
