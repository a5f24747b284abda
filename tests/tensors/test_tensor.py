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
from graphsurgeon.errors import PassError
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


def test_they_are_described_without_values():
    assert FillTensor(dtypes.FLOAT, [2, 3]).describe() == "FillTensor(float32, [2, 3])"


class TestLikeAnArray:
    def test_dimensions(self):
        tensor = as_tensor(np.zeros((2, 3), np.int8))
        assert (tensor.ndim, tensor.size, len(tensor), tensor.shape) == (2, 6, 2, (2, 3))
        with pytest.raises(TypeError, match="no length"):
            len(as_tensor(3))

    def test_numbers(self):
        tensor = as_tensor(np.float32(2.5))
        assert (tensor.item(), float(tensor), int(tensor), complex(tensor)) == (2.5, 2.5, 2, 2.5 + 0j)
        assert range(5)[as_tensor(3)] == 3
        for no_index in (as_tensor([3]), tensor, as_tensor(True)):
            with pytest.raises(TypeError, match="an index is an integer without dimensions"):
                range(5)[no_index]
        assert as_tensor([b"x"]).item() == b"x"
        assert as_tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
        for ask in (gs.Tensor.item, int, float, complex):
            with pytest.raises(
                TypeError, match=r"takes a tensor of one element, and ArrayTensor\(int64, \[2\]\) has 2"
            ):
                ask(as_tensor([1, 2]))

    def test_truth_is_that_of_one_value(self):
        assert as_tensor([[True]])
        assert not as_tensor(0)
        for many in ([1, 2], np.zeros((0, 3))):
            with pytest.raises(TypeError, match="a tensor of one element"):
                bool(as_tensor(many))

    def test_it_is_neither_iterated_over_nor_searched(self):
        for ask in (list, reversed, sum, sorted):
            with pytest.raises(TypeError, match=r"numpy\(\) reads all of it, tensor\[i\] is a part"):
                ask(as_tensor([1, 2]))
        with pytest.raises(TypeError, match="is not searched"):
            _ = 1 in as_tensor([1, 2])

    def test_equality_is_refused_and_never_wrong(self):
        one, other = as_tensor([1, 2]), as_tensor([1, 2])
        same = one
        assert one == same
        assert {one: 1, other: 2}[other] == 2
        for value in (other, 1, [1, 2], "a"):
            for compare in (lambda a, b: a == b, lambda a, b: a != b):
                with pytest.raises(TypeError, match="not compared by =="):
                    compare(one, value)
        assert one != None  # noqa: E711 -- that is what is tested
        # Arrays compare their elements, as with other arrays.
        array: Any = np.array([1, 3])
        assert (one == array).tolist() == (array == one).tolist() == [True, False]
        assert (array + one).tolist() == [2, 5]

    def test_astype_is_lazy(self):
        tensor = FillTensor(dtypes.FLOAT, [2], np.float32(300).tobytes())
        assert tensor.astype("float32") is tensor
        assert tensor.astype(np.float64).dtype == "float64"
        assert tensor.astype("bfloat16").tolist() == [300, 300]
        with pytest.raises(PassError, match="300"):
            tensor.astype("uint8").numpy()
        assert tensor.astype("uint8", saturate=True).tolist() == [255, 255]
        with pytest.raises(UnsupportedError, match="no numbers"):
            as_tensor("a").astype("float32")


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
        gs.save_checkpoint(given, tmp_path / "c", force=True)
    assert list(tmp_path.iterdir()) == []


def test_an_array_of_too_many_dimensions():
    for tensor in (raw(dtypes.FLOAT, RANKS, bytes(24)), StringTensor(RANKS, [b""] * 6)):
        with pytest.raises(UnsupportedError, match="101 dimensions"):
            tensor.numpy()
        assert tensor.size == 6
