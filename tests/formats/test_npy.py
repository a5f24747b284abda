"""`.npy` files: what `numpy.save` writes for the same array."""

from __future__ import annotations

import io

import numpy as np
import pytest

from graphsurgeon.formats.npy import write_npy
from graphsurgeon.tensor import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.formats.bundle_files import MemorySink


def written(tensor) -> bytes:
    sink = MemorySink()
    write_npy(tensor, sink)
    return sink.value()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype="float32").reshape(3, 4),
        np.array(2.5),
        np.zeros((0, 3), dtype="int64"),
        np.array([[True], [False]]),
        np.array([1 + 2j]),
        np.arange(3, dtype="uint8"),
    ],
)
def test_same_bytes_as_numpy(array):
    file = io.BytesIO()
    np.save(file, array)
    assert written(as_tensor(array)) == file.getvalue()


@pytest.mark.parametrize("name", ["bfloat16", "float8_e5m2", "float8_e4m3fn", "int4"])
def test_types_that_numpy_lacks_come_back_by_a_view(name):
    import ml_dtypes

    array = np.array([1, -2], dtype=getattr(ml_dtypes, name))
    loaded = np.load(io.BytesIO(written(as_tensor(array))))
    assert loaded.view(array.dtype).tolist() == [1, -2]


def test_strings_have_a_fixed_width():
    loaded = np.load(io.BytesIO(written(StringTensor((2, 2), [b"a", b"bcd", b"", b"\xff\x00x"]))))
    assert loaded.tolist() == [[b"a", b"bcd"], [b"", b"\xff\x00x"]]


def test_strings_that_would_lose_their_end_are_refused():
    with pytest.raises(UnsupportedError, match="NUL"):
        written(StringTensor((1,), [b"a\0"]))


def test_empty_strings():
    assert np.load(io.BytesIO(written(StringTensor((2,), [])))).tolist() == [b"", b""]
