"""Lazy indexing is numpy's, reads what it needs, and says what it does not do."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import graphsurgeon as gs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor, RawTensor, as_tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import BytesSource, Span
from tests.tensors.streams import DrippingTensor

WHOLE = np.arange(24, dtype=np.int32).reshape(2, 3, 4)


def raw(array: np.ndarray[Any, Any], source: BytesSource | None = None) -> RawTensor:
    source = BytesSource(array.tobytes()) if source is None else source
    return RawTensor(dtypes.DType.of(array.dtype), array.shape, Span(source, 0, array.nbytes))


@given(st.data())
def test_parts_of_parts_are_numpys(data: st.DataObject):
    shape = data.draw(st.lists(st.integers(0, 4), max_size=4).map(tuple))
    wanted = np.arange(math.prod(shape), dtype=np.int16).reshape(shape)
    made: list[Callable[[Any], Any]] = [raw, as_tensor, DrippingTensor, lambda a: as_tensor(a.astype(str))]
    found = data.draw(st.sampled_from(made))(wanted)
    if found.dtype == "string":
        wanted = wanted.astype(str).astype("S").astype(object)
    for _ in range(3):
        index = data.draw(arrays.basic_indices(wanted.shape, allow_newaxis=True, max_dims=6))
        wanted, found = np.asarray(wanted[index]), found[index]
        assert found.shape == wanted.shape
        assert found.tolist() == wanted.tolist()


def test_nothing_is_read_and_all_of_it_is_itself():
    tensor = DrippingTensor(WHOLE)
    assert tensor[...] is tensor[:] is tensor[:, :5] is tensor
    assert tensor[0, ::-1].shape == (3, 4)
    assert tensor.num_starts == 0


class Counted(BytesSource):
    """Bytes that know how many were read."""

    num_read = 0

    def read(self, start: int, end: int) -> bytes:
        self.num_read += end - start
        return super().read(start, end)

    def chunks(self, start: int, end: int, nbytes: int = 0) -> Any:
        self.num_read += end - start
        return super().chunks(start, end, nbytes)


@pytest.mark.parametrize(
    ("index", "num_read"),
    [((1, 2), 16), ((slice(1, 2), 0, 3), 4), ((0, slice(1, 3)), 32), ((slice(None, 0),), 0), ((1, ..., -1), 48)],
    ids=str,
)
def test_reads_the_run_that_it_needs(index: Any, num_read: int):
    source = Counted(WHOLE.tobytes())
    assert raw(WHOLE, source)[index].tolist() == WHOLE[index].tolist()
    assert source.num_read == num_read


def test_a_part_of_a_part_reads_no_more():
    source = Counted(WHOLE.tobytes())
    assert raw(WHOLE, source)[:, 1:][1][0, 1:3].tolist() == WHOLE[1, 1, 1:3].tolist()
    assert source.num_read == 8


def test_long_rows_are_not_read_for_one_of_their_elements():
    rows = np.zeros((4, 1 << 20), np.int32)
    source = Counted(rows.tobytes())
    assert raw(rows, source)[:, 5].shape == (4,)
    assert raw(rows, source)[:, 5].tolist() == [0] * 4
    assert source.num_read <= 4 << 20


def test_rows_of_a_checkpoint_are_linked(tmp_path: Path):
    gs.save_checkpoint({"w": WHOLE}, tmp_path / "m")
    part = gs.load_checkpoint(tmp_path / "m")["w"][1:, 0:]
    assert part.stored is not None
    assert part.stored.nbytes == 48


@pytest.mark.parametrize(
    "index", [True, [0, 1], np.array([0, 1]), np.array([True, False]), "0", 1.0, (0, [1])], ids=repr
)
def test_other_indices_are_for_arrays(index: Any):
    with pytest.raises(TypeError, match=r"integers, slices, \.\.\. and None, not by a .*numpy\(\)\[\.\.\.\]"):
        as_tensor(WHOLE)[index]


@pytest.mark.parametrize("index", [2, -3, (0, 0, 0, 0), (..., ...), (slice(None), 5)], ids=repr)
def test_there_is_no_such_part(index: Any):
    with pytest.raises(IndexError, match=r"no part \[.*\] of a tensor of shape \[2, 3, 4\]: "):
        as_tensor(WHOLE)[index]


def test_numpys_integers_are_integers():
    assert as_tensor(WHOLE)[np.int64(1), np.uint8(0), np.array(2)].item() == WHOLE[1, 0, 2]


def test_what_has_no_elements():
    with pytest.raises(UnsupportedError, match="no elements to arrange"):
        OpaqueTensor(dtypes.VARIANT, [3])[0]
