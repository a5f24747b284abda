"""Variables, queues, arrays and lists."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tensors.dtypes import DType
from tests import notation
from tests.rewrites.shaping.test_shape_inference import inferred

HEAD = """
    x = Placeholder {dtype: f32, shape: shape[2, 8, 8, 3]}; u = Placeholder {dtype: f32, shape: shape[?, 6]}
    v = Placeholder {dtype: f32, shape: shape[6]}; i = Placeholder {dtype: i32, shape: shape[5]}
    zero = Const {i32 [] 0}; one = Const {i32 [] 1}; three = Const {i32 [] 3}; pair = Const {i32 [2]}
    four = Const {i32 [4] 1}; m = Placeholder {dtype: f32, shape: shape[4, 3]}; anything = Placeholder {dtype: f32}
"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "h = VarHandleOp {dtype: f32, shape: shape[4, 2]}; j = Identity(h) {T: resource}; "
            "y = ReadVariableOp(j) {dtype: f32}",
            (4, 2),
        ),
        ("y = VarHandleOp {dtype: f32, shape: shape[4, 2]}", ()),
        ("h = VarHandleOp {dtype: f32, shape: shape[4, 2]}; y = ResourceGather(h, i)", (5, 2)),
        ("a = TensorArrayV3(three) {element_shape: shape[2, ?]}; y = TensorArrayReadV3(a, zero, a:1)", (2, None)),
        ("a = TensorArrayV3(three) {element_shape: shape[2, ?]}; y = TensorArrayGatherV3(a, i, a:1)", (5, 2, None)),
        (
            "a = TensorArrayV3(three) {element_shape: shape[2]}; s = TensorArraySizeV3(a, a:1); "
            "r = Range(zero, s, one); y = TensorArrayGatherV3(a, r, a:1)",
            (3, 2),
        ),
        ("a = TensorArrayV3(three); y = Identity(a)", (2,)),
        (
            "l = TensorListReserve(pair, three); s = TensorListSetItem(l, zero, m); "
            "y = TensorListStack(s, n); n = Const {i32 [] -1}",
            (None, 0, 1),
        ),
        ("l = TensorListFromTensor(m, n); n = Const {i32 [] -1}; y = TensorListGetItem(l, zero, n)", (3,)),
        ("k = Switch(m, b); b = Const {bool []}; y = Identity(k:1)", (4, 3)),
        ("y = Assign(w, m); w = VariableV2 {dtype: f32, shape: shape[4, 3]}", (4, 3)),
    ],
)
def test_shapes(line: str, wanted: object):
    made = inferred(HEAD + line)
    assert made.conflicts == []
    assert made.dims("y") == wanted


def test_what_attrs_list():
    text = """
        q = FIFOQueueV2; n = Const {i32 [] 3}; d = QueueDequeueManyV2(q, n); i = IteratorGetNext(q)
        u = QueueDequeueUpToV2(q, n)
    """
    graph = notation.graph(text)
    shapes = [Shape([2]), Shape([])]
    graph["q"].attrs["shapes"] = shapes
    for name in ("d", "u"):
        graph[name].attrs["component_types"] = [DType.of("float32")] * 2
    graph["i"].attrs["output_shapes"], graph["i"].attrs["output_types"] = shapes, [DType.of("float32")] * 2
    made = ShapeInference(Index(graph), {}, {})
    assert [made.outputs(name) for name in "dui"] == [[(3, 2), (3,)], [(None, 2), (None,)], [(2,), ()]]
