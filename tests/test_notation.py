"""The notation that other tests are written in says what it seems to say."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.ir.attr_value import Func, Shape
from graphsurgeon.tensors import dtypes
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


def test_constants():
    made = notation.graph(
        "q = Const {quint8 [2]}; s = Const {str [2]}\n"
        "ones = Const {f32 [3] 1, _class: loc:@q}; p = Const(^q) {f64 [] -0.5}"
    )
    assert made["q"].tensor.dtype is dtypes.QUINT8
    assert list(made["s"].tensor.strings()) == [b"0", b"1"]
    assert made["ones"].tensor.numpy().tolist() == [1, 1, 1]
    assert made["ones"].attrs["_class"] == [b"loc:@q"]
    assert list(made["ones"].proto.attr["value"].tensor.float_val) == [1]
    assert (made["p"].inputs, made["p"].tensor.numpy().tolist()) == (("^q",), -0.5)


@pytest.mark.parametrize(
    ("line", "length"), [("n = Pack(a, b)", 2), ("n = ConcatV2(a, b, axis)", 2), ("n = DynamicStitch(i, j, a, b)", 2)]
)
def test_lengths_of_lists_are_counted(line: str, length: int):
    assert notation.node(line).attrs["N"] == length


def test_functions():
    f = notation.function("f", "x y", "z:z:0 x", "z = Add(x, y)")
    assert [arg.name for arg in f.proto.signature.input_arg] == ["x", "y"]
    assert [f.proto.ret[arg.name] for arg in f.proto.signature.output_arg] == ["z:z:0", "x"]
    assert notation.show(f.body) == "z = Add(x, y)"
    assert notation.model("n = NoOp", f).library.functions == {"f": f}


def test_graphs_are_well_formed():
    assert verify(notation.model(LOOP)) == []
    assert (
        verify(
            notation.model("a = Const {str [2]}; b = Pack(a, a); c = Split(d, b) {num_split: 2}; d = Const {i32 []}")
        )
        == []
    )


def test_show_prints_what_graph_reads():
    text = 'w = Const\nr = Identity(w, ^w) {_class: loc:@w} on /gpu:1\nn = NoOp {_class: ["loc:@w", "loc:@r"]}'
    assert notation.show(notation.graph(text)) == text
