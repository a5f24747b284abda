"""Rounding of float32 to float16: numpy's own conversion, which takes one number at a time, is what it must equal."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors.half import to_half

HALVES = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def halves_and_between(*, finite: bool) -> np.ndarray:
    """Every float16, every number in the middle of two, and the float32 on either side of each of these."""
    exact = HALVES[np.isfinite(HALVES)].astype(np.float32)
    ordered = np.unique(exact)
    middles = ordered[:-1] + np.diff(ordered) / 2
    least = np.array([65520, np.nextafter(np.float32(65520), np.float32(0))], np.float32)
    base = np.concatenate([exact, middles, least, -least])
    bits = base.view(np.uint32)
    found = np.concatenate([base, *((bits + step).view(np.float32) for step in (1, -1 & 0xFFFFFFFF))])
    return found[np.abs(found) < 65520] if finite else found


def numpy_rounds(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype(np.float16)


@pytest.mark.parametrize("finite", [True, False])
def test_all_halves_and_what_lies_between(finite):
    values = halves_and_between(finite=finite)
    assert len(values) > 300_000
    with np.errstate(over="ignore"):
        rounded = to_half(values)
    assert rounded.dtype == np.float16
    np.testing.assert_array_equal(rounded.view(np.uint16), numpy_rounds(values).view(np.uint16))


@pytest.mark.parametrize("first", [0, 1 << 31])
def test_float32_of_every_size(first):
    bits = np.arange(first, first + 0x477FF000, 4099, dtype=np.uint32)
    values = bits.view(np.float32)
    np.testing.assert_array_equal(to_half(values).view(np.uint16), numpy_rounds(values).view(np.uint16))


@pytest.mark.parametrize("last", [np.inf, -np.inf, np.nan, 65520, -1e30, 3.4e38])
def test_what_is_no_half(last):
    values = np.array([1, -0.0, 1e-8, last], np.float32)
    with np.errstate(over="ignore"):
        rounded = to_half(values)
    np.testing.assert_array_equal(rounded.view(np.uint16), numpy_rounds(values).view(np.uint16))


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5)])
def test_any_shape(shape):
    values = np.full(shape, -1.0009765, np.float32)
    rounded = to_half(values)
    assert rounded.shape == shape
    assert (rounded == np.float16(-1.001)).all()
    every_other = np.linspace(-2, 2, 64, dtype=np.float32).reshape(8, 8)[:, ::2]
    np.testing.assert_array_equal(to_half(every_other), numpy_rounds(every_other))
