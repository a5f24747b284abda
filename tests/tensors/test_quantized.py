"""Codes of 8 bits and their values, as TensorFlow computes both."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.quantized import DequantizedTensor, QuantizedTensor, largest_error, quantized, rounded
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, as_tensor
from proto_utils.errors import UnsupportedError


def _codes(values: list[float], low: float, high: float) -> list[int]:
    return list(QuantizedTensor(as_tensor(np.array(values, np.float32)), low, high).numpy().tolist())


def test_codes_round_half_away_from_zero():
    assert _codes([-1, 0, 1], -1, 1) == [0, 128, 255]
    assert _codes([0, 0.5, 1], 0, 1) == [0, 128, 255]
    assert [rounded(value) for value in (0.5, -0.5, 2.5, -2.5, 0.49999999999999994)] == [1, -1, 3, -3, 0]


def test_codes_stream():
    values = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
    tensor = QuantizedTensor(as_tensor(values), float(values.min()), float(values.max()))
    assert tensor.dtype is dtypes.QUINT8
    pieces = [bytes(piece) for piece in tensor.chunks(4096)]
    assert len(pieces) > 50
    assert b"".join(pieces) == tensor.numpy().tobytes()


def test_one_that_repeats_stays_short():
    codes = quantized(FillTensor(dtypes.FLOAT, [1 << 40], np.array([0, 1], np.float32).tobytes()), 0, 2)
    assert isinstance(codes, FillTensor)
    assert (codes.shape, codes.head) == ((1 << 40,), bytes([0, 128]))


def test_there_and_back():
    values = np.linspace(-1, 3, 5000, dtype=np.float32)
    codes = QuantizedTensor(as_tensor(values), -1, 3)
    back = DequantizedTensor(codes, "MIN_FIRST", np.array([-1], np.float32), np.array([3], np.float32))
    error = np.abs(back.numpy() - values.astype(np.float64)).max()
    assert largest_error(-1, 3) / 2 < error <= largest_error(-1, 3) < 4 / 255


def test_slices_with_ranges_of_their_own():
    codes = ArrayTensor(np.array([[-127, 127], [127, 0]], np.int8), dtypes.QINT8)
    low, high = np.array([-1, -2], np.float32), np.array([1, 2], np.float32)
    for axis, wanted in ((1, [[-1, 2], [1, 0]]), (0, [[-1, 1], [2, 0]])):
        found = DequantizedTensor(codes, "SCALED", low, high, axis=axis, narrow_range=True)
        assert found.numpy().tolist() == wanted


@pytest.mark.parametrize(
    ("mode", "how"), [("MIN_FIRST", {"axis": 0}), ("SCALED", {"dtype": dtypes.BFLOAT16}), ("X", {})]
)
def test_what_tensorflow_has_no_kernel_for(mode: str, how: dict[str, object]):
    codes = ArrayTensor(np.zeros((1, 2), np.int8), dtypes.QINT8)
    with pytest.raises(UnsupportedError):
        DequantizedTensor(codes, mode, np.array([0], np.float32), np.array([1], np.float32), **how)  # type: ignore[arg-type]


def test_other_types():
    with pytest.raises(UnsupportedError, match="float64 are not float32"):
        QuantizedTensor(as_tensor(np.zeros(2)), 0, 1)
    with pytest.raises(UnsupportedError, match="2 ranges for 1 slices"):
        DequantizedTensor(
            ArrayTensor(np.zeros(2, np.int8), dtypes.QINT8),
            "SCALED",
            np.array([0, 1], np.float32),
            np.array([1], np.float32),
        )
