"""Elements that are moved about."""

from __future__ import annotations

import pytest

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
        ("b = Const {i32 [2] 1}; e = Const {i32 [2] 5}; y = StridedSlice(x, b, e, b)", (1, 4, 8, 3)),
        ("y = StridedSlice(x, pair, pair, pair) {ellipsis_mask: 1, shrink_axis_mask: 2}", (2, 8, 8)),
        ("y = StridedSlice(x, pair, pair, pair) {new_axis_mask: 1, shrink_axis_mask: 2}", (1, 8, 8, 3)),
        ("y = Transpose(m, p); p = Const {i32 [2]}", (4, 3)),
        ("y = Transpose(anything, i)", (None, None, None, None, None)),
        ("y = Reshape(u, n); n = Const {i32 [1] -1}", (None,)),
        ("s = SplitV(m, w, zero) {num_split: 2}; w = Const {i32 [2] 2}; y = Identity(s:1)", (2, 3)),
        ("y = GatherNd(x, n); n = Placeholder {dtype: i32, shape: shape[7, 2]}", (7, 8, 3)),
        ("y = GatherV2(x, i, anything)", (None, None, None, None)),
        ("y = Slice(u, pair, w); w = Const {i32 [2] -1}", (None, 5)),
        ("y = Slice(anything, pair, i)", (None, None)),
        ("y = Pad(anything, p); p = Const {i32 [2, 2] 1}", (None, None)),
        ("y = ParallelConcat(m, m) {shape: shape[8, 3]}", (8, 3)),
        ("p = DynamicPartition(m, i4) {num_partitions: 2}; i4 = Const {i32 [4]}; y = Identity(p:1)", (None, 3)),
        ("y = DynamicStitch(d, m); d = Const {i32 [4]}", (4, 3)),
        ("y = Bitcast(m) {T: f32, type: u8}", (4, 3, 4)),
        ("n = IdentityN(u, m); y = Identity(n:1)", (4, 3)),
    ],
)
def test_shapes(line: str, wanted: object):
    made = inferred(HEAD + line)
    assert made.conflicts == []
    assert made.dims("y") == wanted


def test_an_order_of_more_axes_than_there_are():
    (conflict,) = inferred(HEAD + "y = Transpose(m, p); p = Const {i32 [3]}").conflicts
    assert (conflict.node, conflict.reason) == ("y", "3 axes in an order for [4, 3]")
