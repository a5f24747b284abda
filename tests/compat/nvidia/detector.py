"""A detector in small, with the name scopes that those of the object detection API have when they are frozen."""

from __future__ import annotations

from graphsurgeon.ir.graph import Graph
from tests import notation

TEXT = """
    image_tensor = Placeholder {dtype: u8}
    ToFloat = Cast(image_tensor) {DstT: f32}
    Preprocessor/sub/y = Const {f32 []}
    Preprocessor/sub = Sub(ToFloat, Preprocessor/sub/y)
    check = Const {bool []}
    Assert/data = Const {str []}
    Assert/Assert = Assert(check, Assert/data)
    Preprocessor/stack = Identity(Preprocessor/sub, ^Assert/Assert)
    Features/w = Const {f32 [3,3,3,4]}
    Features/w/read = Identity(Features/w) {_class: loc:@Features/w}
    Features/Conv2D = Conv2D(Preprocessor/stack, Features/w/read) {strides: [1, 1, 1, 1], padding: "SAME"}
    MultipleGridAnchorGenerator/Shape = Shape(Features/Conv2D)
    MultipleGridAnchorGenerator/Cast = Cast(MultipleGridAnchorGenerator/Shape) {DstT: f32}
    MultipleGridAnchorGenerator/Concatenate/axis = Const {i32 []}
    MultipleGridAnchorGenerator/Concatenate/concat = ExpandDims(AXIS)
    concat = Relu(Features/Conv2D)
    concat_1 = Neg(Features/Conv2D)
    Postprocessor/Decode = Add(concat, MultipleGridAnchorGenerator/Concatenate/concat)
    Postprocessor/Score = Sigmoid(concat_1)
    Postprocessor/Image = Shape(Preprocessor/stack)
    Postprocessor/Scale = Cast(Postprocessor/Image) {DstT: f32}
    Postprocessor/Clip = Mul(Postprocessor/Decode, Postprocessor/Scale)
    detection_boxes = Identity(Postprocessor/Clip)
    detection_scores = Identity(Postprocessor/Score)
"""


def detector() -> Graph:
    """The graph; its nodes are in their usual order."""
    inputs = "MultipleGridAnchorGenerator/Cast, MultipleGridAnchorGenerator/Concatenate/axis"
    return notation.graph(TEXT.replace("AXIS", inputs))
