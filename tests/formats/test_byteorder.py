"""Values in the other byte order."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.formats.byteorder import swap_code, swapped
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType

NUMERIC = [DType.from_number(n) for n in range(1, 34) if n not in (7, 20, 21)]


@pytest.mark.parametrize("dtype", NUMERIC, ids=lambda dtype: dtype.name)
def test_each_element_is_turned_around(dtype: DType):
    raw = bytes(range(4 * dtype.itemsize))
    width = dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize
    code = swap_code(dtype)
    assert (code is None) == (width == 1)
    if code is not None:
        assert swapped(raw, code) == np.frombuffer(raw, f"<u{width}").byteswap().tobytes()


def test_bytes_have_no_order():
    assert swap_code(dtypes.BOOL) is None
