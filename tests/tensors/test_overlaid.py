"""One tensor on the first elements of another."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.overlaid import OverlaidTensor
from graphsurgeon.tensors.tensor import FillTensor, as_tensor
from proto_utils.errors import UnsupportedError


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (3, 1), (0, 4), (2, 3)])
def test_first_elements_are_those_of_the_top(shape):
    base, top = np.ones((3, 4)), np.arange(np.prod(shape, dtype=int)).reshape(shape) + 5.0
    expected = base.copy()
    expected[: shape[0], : shape[1]] = top
    assert np.array_equal(OverlaidTensor(as_tensor(base), as_tensor(top)).numpy(), expected)


def test_large_tensors_in_bands():
    base, top = np.zeros((700, 900), np.float32), np.random.default_rng(0).random((650, 900), np.float32)
    overlaid = OverlaidTensor(as_tensor(base), as_tensor(top))
    assert max(map(len, overlaid.chunks())) <= 1 << 20
    base[:650] = top
    assert np.array_equal(overlaid.numpy(), base)


@pytest.mark.parametrize(
    ("dtype", "shape"), [(dtypes.FLOAT, (4, 4)), (dtypes.FLOAT, (3,)), (dtypes.DOUBLE, (3, 4))], ids=str
)
def test_what_does_not_lie_within(dtype, shape):
    with pytest.raises(UnsupportedError, match="does not lie within"):
        OverlaidTensor(FillTensor(dtypes.FLOAT, (3, 4)), FillTensor(dtype, shape))
