"""Which nodes compute in half precision."""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.quantizing.half_nodes import HalfNodes
from graphsurgeon.tensors import dtypes
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [3,30]}
    h = MatMul(x, w)
    g = Const {f32 [30]}
    g2 = Mul(g, g)
    s = Mul(h, g2)
    parts = Split(axis, s) {num_split: 2}
    axis = Const {i32 [] 1}
    a = Tanh(parts)
    b = Exp(parts:1)
    c = AddN(a, b)
"""


def test_parts_and_edges():
    edit = GraphEdit(notation.graph(TEXT))
    half = HalfNodes(edit, dtypes.HALF, {"c"})
    assert [*half.nodes] == ["h", "s", "parts", "a"]
    assert [*half.weights] == ["w"]
    assert half.kept == {"g": "'g2' (Mul) reads it in float32"}
    assert half.apply(saturate=False) == 4
    edit.apply()
    inputs = {node.name: node.inputs for node in edit.graph}
    assert inputs["h"] == ("x/float16", "w")
    assert inputs["s"] == ("h", "g2/float16")
    assert inputs["a"] == ("parts",)
    assert inputs["b"] == ("parts/float32_1",)
    assert inputs["parts/float32_1"] == ("parts:1",)
    assert inputs["c"] == ("a/float32", "b")


def test_without_layers_nothing_changes():
    edit = GraphEdit(notation.graph("x = Placeholder {dtype: f32}; y = Tanh(x); z = Neg(y)"))
    half = HalfNodes(edit, dtypes.HALF, {"z"})
    assert not half.nodes
    assert half.apply(saturate=False) == 0
    assert edit.is_empty


def test_dilated_depthwise_layers_stay():
    graph = notation.graph("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [3,3,2,20]}
        out = DepthwiseConv2dNative(x, w) {strides: [1, 1, 1, 1], padding: "SAME", dilations: [1, 2, 2, 1]}
        y = Neg(out)
    """)
    half = HalfNodes(GraphEdit(graph), dtypes.HALF, {"y"})
    assert not half.nodes
    assert half.kept == {"w": "'out' (DepthwiseConv2dNative) reads it in float32"}
