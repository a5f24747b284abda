"""Tensors: one face, whatever holds the values."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import MAX_RANK, require_raw
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.encodings import reference_to
from tests.tensors.streams import RAW_DTYPES, ShortTensor


def test_a_reference_dtype_becomes_its_base():
    assert FillTensor(reference_to(dtypes.FLOAT), []).dtype is dtypes.FLOAT


@pytest.mark.parametrize("shape", [[-1], [2, -3], [1 << 40, 1 << 40], [1] * (MAX_RANK + 1), [2] * 100_000])
def test_impossible_shapes_are_corruption_at_once(shape: list[int]):
    with pytest.raises(CorruptionError):
        FillTensor(dtypes.FLOAT, shape)


def test_the_highest_rank_is_fine():
    assert FillTensor(dtypes.FLOAT, [1] * MAX_RANK).size == 1


@pytest.mark.parametrize("num_missing", [-4, -1, 1, 4])
def test_values_of_another_length_than_the_shape_asks_for(num_missing: int):
    with pytest.raises(CorruptionError, match=rf"gives {8 - num_missing} bytes, its dtype and shape ask for 8"):
        ShortTensor(dtypes.FLOAT, [2], num_missing).numpy()


@pytest.mark.parametrize("dtype", [dtypes.STRING, dtypes.RESOURCE, dtypes.VARIANT], ids=lambda dtype: dtype.name)
def test_what_has_no_raw_values(dtype: dtypes.DType):
    for ask in (lambda: require_raw(dtype), lambda: list(OpaqueTensor(dtype, [2]).chunks())):
        with pytest.raises(UnsupportedError, match=f"a tensor of dtype {dtype.name} has no raw values"):
            ask()


@pytest.mark.parametrize("dtype", RAW_DTYPES, ids=lambda dtype: dtype.name)
def test_numbers_have_raw_values_and_no_strings(dtype: dtypes.DType):
    require_raw(dtype)
    with pytest.raises(UnsupportedError, match=f"{dtype.name} has no strings"):
        FillTensor(dtype, []).strings()


class TestForNumpy:
    def test_a_tensor_is_its_values(self):
        assert np.mean(FillTensor(dtypes.FLOAT, [2, 3], np.float32(4).tobytes())) == 4
        assert np.asarray(as_tensor(["a"])).tolist() == [b"a"]

    def test_as_another_type(self):
        assert np.asarray(FillTensor(dtypes.INT32, [2]), np.float64).dtype == np.float64

    def test_memory_cannot_be_shared(self):
        with pytest.raises(ValueError, match="new array"):
            FillTensor(dtypes.INT32, [2]).__array__(copy=False)


def test_they_print_what_they_are():
    assert repr(FillTensor(dtypes.FLOAT, [2, 3])) == "FillTensor(float32, [2, 3])"
