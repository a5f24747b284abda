"""Gathering along an axis, whole and in windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import taken
from graphsurgeon.tensors.taken import TakenTensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import UnsupportedError


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    axis=st.integers(0, 2),
    seed=st.integers(0, 99),
    count=st.integers(0, 7),
    window=st.sampled_from([1, 16, 1 << 26]),
    nbytes=st.sampled_from([16, 1 << 20]),
)
def test_as_numpy_takes(shape, axis, seed, count, window, nbytes):
    axis %= len(shape)
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    indices = np.random.default_rng(seed).integers(0, shape[axis], count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taken, "MAX_WINDOW_NBYTES", window)
        made = TakenTensor(as_tensor(values), indices.tolist(), axis)
        data = b"".join(bytes(chunk) for chunk in made.chunks(nbytes))
    assert data == values.take(indices, axis).tobytes()
    assert made.shape == values.take(indices, axis).shape


def test_what_is_refused():
    base = as_tensor(np.zeros((2, 3)))
    with pytest.raises(UnsupportedError, match="no axis 2"):
        TakenTensor(base, [0], 2)
    with pytest.raises(UnsupportedError, match="no index -1"):
        TakenTensor(base, [-1], 0)
