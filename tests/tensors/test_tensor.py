"""Tensors: one face, whatever holds the values."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import MAX_RANK, require_raw
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.encodings import reference_to
from tests.formats.bundle_files import raw
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


RANKS = [2] + [1] * 49 + [3] + [1] * 50
EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "transpose": lambda given: gs.transpose(given, select=("w", "s")),
    "reverse": lambda given: gs.reverse(given, select=("w", "s"), axis=(50,)),
    "slice": lambda given: gs.slice(given, select=("w", "s"), part=", ".join([":"] * 50 + ["::2"])),
    "pad": lambda given: gs.pad(given, select=("w", "s"), before=[0] * 50 + [1] + [0] * 50),
    "tile": lambda given: gs.tile(given, select=("w",), multiples=[1] * 50 + [2] + [1] * 50),
    "take": lambda given: gs.take(given, select=("w", "s"), axis=50, indices=(2, 0)),
    "partition": lambda given: gs.partition(given, select=("w",), axis=50, shards=3),
    "concat": lambda given: gs.concat(given, select=("w", "v"), to="x", axis=50),
    "concat of strings": lambda given: gs.concat(given, select=("s", "t"), to="x", axis=50),
    "reshape": lambda given: gs.reshape(given, select=("w",), shape=(-1,), perm=list(range(101))[::-1]),
    "cast": lambda given: gs.cast(given, dtype="float16", select=("w",)),
}


WITHOUT_ARRAYS = {"tile", "cast"}


@pytest.mark.parametrize("edit", EDITS)
def test_more_dimensions_than_arrays_have(edit: str, tmp_path: Path):
    """TensorFlow has up to 254: what needs no array of them works, the rest is refused in our words."""
    floats = struct.pack("<6f", *range(6))
    given: dict[str, Any] = {name: raw(dtypes.FLOAT, RANKS, floats) for name in "wv"}
    given |= {name: StringTensor(RANKS, [b"%d" % n for n in range(6)]) for name in "st"}
    EDITS[edit](given)
    if edit in WITHOUT_ARRAYS:
        gs.save_checkpoint(given, tmp_path / "c")
        assert math.prod(gs.load_checkpoint(tmp_path / "c")["w"].shape) in (6, 12)
        return
    with pytest.raises(UnsupportedError, match="dimensions, where numpy's arrays have at most"):
        gs.save_checkpoint(given, tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_an_array_of_too_many_dimensions():
    for tensor in (raw(dtypes.FLOAT, RANKS, bytes(24)), StringTensor(RANKS, [b""] * 6)):
        with pytest.raises(UnsupportedError, match="101 dimensions"):
            tensor.numpy()
        assert tensor.size == 6
