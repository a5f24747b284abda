"""Convolutions and pooling on examples whose result is plain to see."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.windows import WINDOWS
from graphsurgeon.ir.node import Node

IMAGE = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)


def run(op: str, *operands: np.ndarray[Any, Any], **attrs: Any) -> list[Any]:
    how = {"strides": [1, 1, 1, 1], "padding": b"VALID", **attrs}
    (found,) = WINDOWS[op].function(Node.new("n", op, attrs=how), *operands)
    assert found.dtype == operands[0].dtype
    flat: list[Any] = found.reshape(-1).tolist()
    return flat


def test_convolutions():
    ones = np.ones((2, 2, 1, 1), np.float32)
    assert run("Conv2D", IMAGE, ones) == [8, 12, 20, 24]
    assert run("Conv2D", IMAGE, ones, padding=b"SAME", strides=[1, 2, 2, 1]) == [8, 7, 13, 8]
    assert run("Conv2D", IMAGE, ones, dilations=[1, 2, 2, 1]) == [16]
    assert run("Conv2D", IMAGE.reshape(1, 1, 3, 3), ones, data_format=b"NCHW") == [8, 12, 20, 24]
    assert run("Conv2D", IMAGE, ones, padding=b"EXPLICIT", explicit_paddings=[0, 0, 1, 0, 1, 0, 0, 0])[:3] == [0, 1, 3]
    two = np.concatenate([IMAGE, IMAGE + 1], 3)
    assert run("Conv2D", two, np.ones((3, 3, 1, 2), np.float32)) == [36, 45]
    assert run("DepthwiseConv2dNative", two, np.ones((3, 3, 2, 1), np.float32)) == [36, 45]


def test_pooling():
    assert run("MaxPool", IMAGE, ksize=[1, 2, 2, 1]) == [4, 5, 7, 8]
    assert run("AvgPool", IMAGE, ksize=[1, 2, 2, 1], padding=b"SAME") == [2, 3, 3.5, 5, 6, 6.5, 6.5, 7.5, 8]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16, np.float64])
def test_infinity_is_not_the_greatest_of_a_window_that_has_nothing_else(dtype: type):
    image: np.ndarray[Any, Any] = IMAGE.astype(dtype)
    image[0, 0, 0] = -np.inf
    assert run("MaxPool", image, ksize=[1, 2, 2, 1]) == [4, 5, 7, 8]
    for peculiar in (-np.inf, np.nan):
        image[0, :2, :2] = peculiar
        with pytest.raises(ValueError, match="nothing but -inf"):
            run("MaxPool", image, ksize=[1, 2, 2, 1])


@pytest.mark.parametrize(
    ("operands", "attrs", "why"),
    [
        ((IMAGE, np.ones((1, 1, 3, 1))), {}, "on 1 channels"),
        ((IMAGE, np.ones((1, 1, 1, 1))), {"strides": [2, 1, 1, 1]}, "over images"),
        ((IMAGE[0], np.ones((1, 1, 1, 1))), {}, "images of 3 dimensions"),
    ],
)
def test_what_does_not_fit(operands: tuple[Any, ...], attrs: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        run("Conv2D", *operands, **attrs)
