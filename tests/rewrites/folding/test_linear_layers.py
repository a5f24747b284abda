"""Layers whose kernel can take a factor for each channel."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.rewrites.folding.linear_layers import channel_vector, linear_layer
from graphsurgeon.tensors.values import as_tensor
from tests import notation


@pytest.mark.parametrize(
    ("line", "shape", "channels"),
    [
        ('c = Conv2D(x, x) {strides: [1, 1, 1, 1], padding: "SAME"}', (3, 3, 2, 7), 7),
        ('c = DepthwiseConv2dNative(x, x) {strides: [1, 1, 1, 1], padding: "SAME"}', (3, 3, 2, 7), 14),
        ('c = Conv2DBackpropInput(s, x, x) {strides: [1, 1, 1, 1], padding: "SAME"}', (3, 3, 2, 7), 2),
        ("c = MatMul(x, x)", (2, 7), 7),
        ("c = MatMul(x, x) {transpose_b: true}", (2, 7), 2),
    ],
)
def test_channels(line, shape, channels):
    node = notation.graph(f"s = Const {{i32 [4]}}; x = Placeholder {{dtype: f32}}; {line}")["c"]
    layer = linear_layer(node)
    assert layer is not None
    assert layer.num_channels(shape) == channels
    scaled = layer.scaled(as_tensor(np.ones(shape, np.float32)), np.arange(channels, dtype=np.float64))
    assert scaled.numpy().sum() == np.prod(shape) / channels * sum(range(channels))


def test_other_nodes():
    assert linear_layer(notation.graph("x = Placeholder {dtype: f32}; y = Relu(x)")["y"]) is None


@pytest.mark.parametrize(
    ("shape", "first", "fits"),
    [
        ((3,), False, True), ((1, 1, 1, 3), False, True), ((), False, True), ((1,), False, True), ((3,), True, False),
        ((3, 1, 1), True, True), ((2, 1, 3), False, False), ((4,), False, False), ((1, 1, 1, 1, 3), False, False),
    ],
)  # fmt: skip
def test_operands(shape, first, fits):
    vector = channel_vector(as_tensor(np.full(shape, 2, np.float32)), 3, 4, channels_first=first)
    assert (vector is not None) == fits
    if vector is not None:
        assert vector.tolist() == [2, 2, 2]
