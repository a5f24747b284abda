"""Tensors as numpy asks for them."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.as_array import as_array, fill
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.tensors.streams import RAW_DTYPES, DrippingTensor, ShortTensor

WHOLE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def test_a_tensor_is_its_values():
    assert np.mean(FillTensor(dtypes.FLOAT, [2, 3], np.float32(4).tobytes())) == 4
    assert np.asarray(as_tensor(["a"])).tolist() == [b"a"]


def test_as_another_type():
    assert np.asarray(FillTensor(dtypes.INT32, [2]), np.float64).dtype == np.float64
    assert as_array(as_tensor(WHOLE), dtypes.BFLOAT16).dtype == dtypes.BFLOAT16


@pytest.mark.parametrize("copy", [None, True])
def test_what_it_gives_is_the_callers(copy: bool | None):
    held = WHOLE.copy()
    found = as_tensor(held).__array__(copy=copy)
    found += 1
    assert not np.shares_memory(found, held)
    assert (held == WHOLE).all()


def test_without_a_copy_an_array_is_shared_to_be_read():
    found = as_tensor(WHOLE).__array__(copy=False)
    assert np.shares_memory(found, WHOLE)
    assert not found.flags.writeable
    assert WHOLE.flags.writeable


@pytest.mark.parametrize("dtype", [None, np.float64])
def test_without_a_copy_what_is_read_is_refused(dtype: object):
    for tensor in (FillTensor(dtypes.INT32, [2]), as_tensor(["a"])):
        with pytest.raises(ValueError, match="is read into a new array"):
            tensor.__array__(dtype, copy=False)
    with pytest.raises(ValueError, match="no memory of another dtype to share"):
        as_tensor(WHOLE).__array__(np.float64, copy=False)


@pytest.mark.parametrize("dtype", RAW_DTYPES, ids=str)
def test_into_an_array_that_is_there(dtype: DType):
    values = np.arange(24).astype(dtype.numpy()).reshape(2, 3, 4)
    tensor = DrippingTensor(values, dtype)
    for out in (np.empty((2, 3, 4), dtype), np.empty((4, 3, 2), dtype).T, np.empty((4, 3, 8), dtype)[::2, :, ::2].T):
        if out.shape == values.shape:
            assert fill(tensor, out) is tensor.numpy(out=out) is out
            assert out.tobytes() == values.tobytes()


@pytest.mark.parametrize("shape", [(), (0, 3), (1,)])
def test_into_small_ones(shape: tuple[int, ...]):
    out = np.ones(shape, np.int32)
    assert FillTensor(dtypes.INT32, shape).numpy(out).tolist() == np.zeros(shape).tolist()


def test_strings_into_an_array_that_is_there():
    out = np.empty((2, 1), object).T
    assert as_tensor([["a", "b"]]).numpy(out=out).tolist() == [[b"a", b"b"]]


@pytest.mark.parametrize(
    "out", [np.zeros(3, np.float32), np.zeros((2, 3, 4)), WHOLE.tolist(), np.broadcast_to(np.float32(1), (2, 3, 4))]
)
def test_into_what_does_not_fit(out: object):
    with pytest.raises(TypeError, match=r"^out is"):
        as_tensor(WHOLE).numpy(out=out)  # type: ignore[arg-type]


def test_into_an_array_fails_as_into_a_new_one():
    with pytest.raises(CorruptionError, match="gives 4 bytes"):
        ShortTensor(dtypes.FLOAT, [2], 4).numpy(out=np.zeros(2, np.float32))
    with pytest.raises(UnsupportedError, match="only inside a TensorFlow session"):
        OpaqueTensor(dtypes.RESOURCE, []).numpy(out=np.zeros((), object))
