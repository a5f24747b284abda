"""What goes over maps with windows."""

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
        (
            "k = Const {f32 [3, 3, 3, 5]}; "
            'y = Conv2D(x, k) {strides: [1, 1, 1, 1], padding: "EXPLICIT", '
            "explicit_paddings: [0, 0, 1, 2, 0, 0, 0, 0]}",
            (2, 9, 6, 5),
        ),
        (
            'k = Const {f32 [3, 3, 3, 5]}; y = Conv2D(anything, k) {strides: [1, 1, 1, 1], padding: "SAME"}',
            (None, None, None, 5),
        ),
        (
            "z = Placeholder {dtype: f32, shape: shape[1, 4, 4, 4, 2]}; k = Const {f32 [2, 2, 2, 2, 6]}; "
            'y = Conv3D(z, k) {strides: [1, 2, 2, 2, 1], padding: "VALID"}',
            (1, 2, 2, 2, 6),
        ),
        (
            "z = Placeholder {dtype: f32, shape: shape[1, 2, 4, 4, 4]}; "
            "y = MaxPool3D(z) {ksize: [1, 1, 2, 2, 2], strides: [1, 1, 2, 2, 2], "
            'padding: "SAME", data_format: "NCDHW"}',
            (1, 2, 2, 2, 2),
        ),
        ("y = DepthToSpace(q) {block_size: 2}; q = Placeholder {dtype: f32, shape: shape[1, 2, 2, 8]}", (1, 4, 4, 2)),
        ("y = SpaceToBatchND(x, b, p); b = Const {i32 [2] 2}; p = Const {i32 [2, 2] 1}", (8, 5, 5, 3)),
        ("y = BatchToSpaceND(x, b, p); b = Const {i32 [1] 2}; p = Const {i32 [1, 2] 1}", (1, 14, 8, 3)),
        (
            "y = ExtractImagePatches(x) {ksizes: [1, 3, 3, 1], strides: [1, 1, 1, 1], rates: [1, 1, 1, "
            '1], padding: "VALID"}',
            (2, 6, 6, 27),
        ),
        ("y = BiasAddGrad(x)", (3,)),
        ("n = FusedBatchNormV3(x, g, g, g, g); g = Const {f32 [3]}; y = Identity(n:4)", (3,)),
        ("y = CropAndResize(x, b, i, pair); b = Placeholder {dtype: f32, shape: shape[5, 4]}", (5, 0, 1, 3)),
        (
            'm2 = MaxPoolWithArgmax(x) {ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME"}; '
            "y = Identity(m2:1)",
            (2, 4, 4, 3),
        ),
        (
            'y = Conv2DBackpropFilter(x, f, x) {strides: [1, 1, 1, 1], padding: "SAME"}; f = Const {i32 [4] 3}',
            (3, 3, 3, 3),
        ),
        ("y = ResizeBilinear(anything, pair)", (None, 0, 1, None)),
    ],
)
def test_shapes(line: str, wanted: object):
    made = inferred(HEAD + line)
    assert made.conflicts == []
    assert made.dims("y") == wanted
