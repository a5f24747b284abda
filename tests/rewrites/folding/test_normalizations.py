"""What a normalization does to a channel."""

from __future__ import annotations

import numpy as np

from graphsurgeon.rewrites.folding.normalizations import affine_of
from tests import notation

NUMBERS = [np.array([each], np.float32) for each in (2, 1, 3, 4)]
TEXT = "x = Placeholder {dtype: f32}; v = Const {f32 [1]}; out = "


def test_fused_ones_are_given_scale_offset_mean_and_variance():
    node = notation.graph(TEXT + "FusedBatchNormV3(x, v, v, v, v) {epsilon: 0.5}")["out"]
    factors, summands, offset = affine_of(node, NUMBERS)
    assert (factors[0], summands[0], offset) == (2 / np.sqrt(4.5), 1 - 3 * 2 / np.sqrt(4.5), 1)


def test_the_oldest_is_given_mean_variance_offset_and_scale():
    text = "BatchNormWithGlobalNormalization(x, v, v, v, v) {variance_epsilon: 0, scale_after_normalization: false}"
    factors, summands, offset = affine_of(notation.graph(TEXT + text)["out"], NUMBERS)
    assert (factors[0], summands[0], offset) == (1, 3 - 2, 2)


def test_what_is_not_finite_comes_through():
    node = notation.graph(TEXT + "FusedBatchNormV3(x, v, v, v, v)")["out"]
    assert np.isnan(affine_of(node, [*NUMBERS[:3], np.array([-1], np.float32)])[0]).all()
