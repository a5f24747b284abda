"""The shapes of outputs, op by op; TensorFlow judges them elsewhere."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation

HEAD = """
    x = Placeholder {dtype: f32, shape: shape[2, 8, 8, 3]}
    k = Const {f32 [3, 3, 3, 5]}
    axis = Const {i32 [] 1}
    axes = Const {i32 [2]}
    sizes = Const {i32 [2] 7}
"""
CONV = 'strides: [1, 2, 2, 1], padding: "SAME"'


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"y = Conv2D(x, k) {{{CONV}}}", (2, 4, 4, 5)),
        ('y = Conv2D(x, k) {strides: [1, 1, 1, 1], padding: "VALID", dilations: [1, 2, 2, 1]}', (2, 4, 4, 5)),
        (f"y = DepthwiseConv2dNative(x, k) {{{CONV}}}", (2, 4, 4, 15)),
        (f"y = MaxPool(x) {{ksize: [1, 2, 2, 1], {CONV}}}", (2, 4, 4, 3)),
        ("y = Mean(x, axes) {keep_dims: true}", (1, 1, 8, 3)),
        ("y = Sum(x, axis)", (2, 8, 3)),
        ("y = ArgMax(x, axis) {output_type: i64}", (2, 8, 3)),
        ("y = ExpandDims(x, axis)", (2, 1, 8, 8, 3)),
        ("y = ConcatV2(x, x, axis)", (2, 16, 8, 3)),
        ("s = Split(axis, x) {num_split: 2}; y = Relu(s:1)", (2, 4, 8, 3)),
        ("y = Pack(x, x) {axis: 1}", (2, 2, 8, 8, 3)),
        ("s = Unpack(x) {num: 2, axis: 0}; y = Relu(s:1)", (8, 8, 3)),
        ("p = Const {i32 [4, 2] 1}; y = Pad(x, p)", (4, 10, 10, 5)),
        ("y = ResizeBilinear(x, sizes)", (2, 7, 7, 3)),
        ("r = Const {i32 [4] 2}; y = Tile(x, r)", (4, 16, 16, 6)),
        ("y = Fill(sizes, f); f = Const {f32 []}", (7, 7)),
        ("i = Const {i32 [5]}; y = GatherV2(x, i, axis)", (2, 5, 8, 3)),
        ("y = AddV2(x, c); c = Const {f32 [3]}", (2, 8, 8, 3)),
        ("y = SpaceToDepth(x) {block_size: 2}", (2, 4, 4, 12)),
        ("y = Mine(x)", None),
    ],
)
def test_shapes(line: str, wanted: object):
    made = ShapeInference(Index(notation.graph(HEAD + line)), {}, {})
    assert made.conflicts == []
    assert made.dims("y") == wanted


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("c = Const {f32 [3, 3, 2, 5]}; y = Conv2D(x, c) {" + CONV + "}", "does not take 3 channels"),
        ("c = Const {f32 [1, 8, 8, 3]}; y = ConcatV2(x, c, axis)", "2 is not 1"),
        ("y = Squeeze(x) {squeeze_dims: [1]}", "axis 1 of"),
        ("s = Split(axis, x) {num_split: 3}; y = Relu(s:1)", "is not split in 3"),
        ("y = BiasAdd(x, c); c = Const {f32 [5]}", "3 is not 5"),
        ("y = MatMul(x, c); c = Const {f32 [3, 5]}", "is not of rank 2"),
        ("y = MatMul(u, c); c = Const {f32 [3]}; u = Placeholder {dtype: f32}", "is not of rank 2"),
        ("y = BatchMatMulV2(u, c); c = Const {f32 [3]}; u = Placeholder {dtype: f32}", "is no matrix"),
        ("y = EnsureShape(x) {shape: shape[1,8,8,3]}", "1 is not 2"),
    ],
)
def test_what_does_not_go_together(line: str, reason: str):
    (conflict,) = ShapeInference(Index(notation.graph(HEAD + line)), {}, {}).conflicts
    assert reason in conflict.reason or reason == " is not ".join(reversed(conflict.reason.split(" is not ")))
