"""Transposed and reversed tensors are what numpy makes of the whole, in one pass and in windows."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes, rearranged, sliced
from graphsurgeon.tensors.rearranged import ReversedTensor, TransposedTensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import FileSource
from tests.tensors.streams import DrippingTensor, content

WHOLE = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
SHAPES = [(), (1,), (0,), (7,), (1, 6), (6, 1), (0, 3), (3, 0, 2), (5, 4), (3, 1, 2)]


def numbers(shape, dtype=np.float32):
    return np.arange(math.prod(shape), dtype=dtype).reshape(shape)


@pytest.mark.parametrize("perm", [*permutations(range(4))], ids=str)
def test_every_order_of_four_axes(perm, chunk_nbytes, window_nbytes):
    made, longest = content(TransposedTensor(DrippingTensor(WHOLE), perm), chunk_nbytes)
    assert made == WHOLE.transpose(perm).tobytes()
    assert longest <= chunk_nbytes


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_transposed_shapes(shape, window_nbytes):
    whole = numbers(shape)
    for perm in permutations(range(len(shape))):
        made = TransposedTensor(DrippingTensor(whole), perm)
        assert made.shape == whole.transpose(perm).shape
        assert content(made)[0] == whole.transpose(perm).tobytes()


@pytest.mark.parametrize("axes", [(), (0,), (3,), (1, 2), (0, 3), (3, 2, 1, 0)], ids=str)
def test_reversed_axes(axes, chunk_nbytes, window_nbytes):
    made, longest = content(ReversedTensor(DrippingTensor(WHOLE), axes), chunk_nbytes)
    assert made == np.flip(WHOLE, axes).tobytes()
    assert longest <= chunk_nbytes


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_reversed_shapes(shape, window_nbytes):
    whole = numbers(shape)
    for axis in range(len(shape)):
        assert content(ReversedTensor(DrippingTensor(whole), [axis]))[0] == np.flip(whole, axis).tobytes()


@pytest.mark.parametrize(
    "dtype", [dtypes.BOOL, dtypes.BFLOAT16, dtypes.DOUBLE, dtypes.COMPLEX128, dtypes.QINT8], ids=str
)
def test_elements_of_any_size(dtype):
    raw = np.arange(6 * dtype.itemsize, dtype=np.uint8)
    raw = raw % 2 if dtype is dtypes.BOOL else raw
    whole = raw.view(dtype.numpy()).reshape(2, 3)
    made = TransposedTensor(DrippingTensor(whole, dtype), (1, 0))
    assert made.dtype is dtype
    assert content(made)[0] == whole.T.tobytes()


def test_blocks_of_leading_axes_take_one_pass(chunk_nbytes, monkeypatch):
    monkeypatch.setattr(rearranged, "MIN_WINDOW_NBYTES", WHOLE[0, 0].nbytes)
    base = DrippingTensor(WHOLE)
    content(TransposedTensor(base, (0, 1, 3, 2)), chunk_nbytes)
    assert base.num_reads == 1


@pytest.mark.parametrize(
    ("least", "most", "count"), [(WHOLE.nbytes, 9999, 1), (1, 9999, 8), (1, 24, 10), (80, 9999, 3)]
)
def test_a_large_block_is_read_once_for_each_window(least, most, count, monkeypatch):
    monkeypatch.setattr(rearranged, "MIN_WINDOW_NBYTES", least)
    monkeypatch.setattr(rearranged, "MAX_WINDOW_NBYTES", most)
    base = DrippingTensor(WHOLE.reshape(120))
    made = ReversedTensor(base, (0,))
    assert content(made)[0] == WHOLE.reshape(120)[::-1].tobytes()
    assert base.num_starts == count
    assert base.num_reads >= 1


def test_rows_of_a_file_are_read_when_they_are_needed(tmp_path, monkeypatch):
    save_checkpoint({"w": WHOLE.reshape(120)}, tmp_path / "m")
    base = load_checkpoint(tmp_path / "m")["w"]
    monkeypatch.setattr(rearranged, "MIN_WINDOW_NBYTES", 24)
    read: list[int] = []
    chunks = FileSource.chunks

    def counted(self, start, end, *more):
        read.append(end - start)
        return chunks(self, start, end, *more)

    monkeypatch.setattr(FileSource, "chunks", counted)
    assert content(ReversedTensor(base, (0,)))[0] == WHOLE.reshape(120)[::-1].tobytes()
    # All of it, for the checksum, and then window by window.
    assert read == [240, *[30] * 7]


@pytest.mark.parametrize("gap", [4, 1 << 13])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("perm", [(1, 0), (1, 2, 0), (2, 1, 0), (0, 2, 1)], ids=str)
def test_threads_fill_windows(tmp_path, monkeypatch, count, perm, gap):
    monkeypatch.setattr(sliced, "_MIN_GAP_NBYTES", gap)
    monkeypatch.setattr("proto_utils.threads._chosen", [count])
    monkeypatch.setattr(rearranged, "MIN_WINDOW_NBYTES", 32)
    whole = numbers((12, 10) if len(perm) == 2 else (6, 5, 4))
    save_checkpoint({"w": whole}, tmp_path / "m")
    made = TransposedTensor(load_checkpoint(tmp_path / "m")["w"], perm)
    assert content(made, 16)[0] == whole.transpose(perm).tobytes()


def test_damage_is_told_before_the_last_piece(tmp_path, monkeypatch):
    save_checkpoint({"w": WHOLE.reshape(120)}, tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(rearranged, "MIN_WINDOW_NBYTES", 24)
    with pytest.raises(CorruptionError, match="checksum"):
        next(ReversedTensor(load_checkpoint(tmp_path / "m")["w"], (0,)).chunks())


def test_a_scalar_without_axes_keeps_its_value():
    whole = np.array(0x0123456789ABCDEF)
    assert ReversedTensor(DrippingTensor(whole), ()).numpy() == whole
    assert list(ReversedTensor(StringTensor((), [b"a"]), ()).strings()) == [b"a"]


def test_strings():
    words = StringTensor([2, 2], [b"a", b"b", b"c", b"d"])
    assert list(TransposedTensor(words, (1, 0)).strings()) == [b"a", b"c", b"b", b"d"]
    assert list(ReversedTensor(words, (0, 1)).strings()) == [b"d", b"c", b"b", b"a"]


@pytest.mark.parametrize("perm", [(0,), (0, 0), (0, 1, 2), (1, 2), (-1, 0)], ids=str)
def test_what_is_no_order_of_axes(perm):
    with pytest.raises(UnsupportedError, match=r"is not an order of the axes of shape \[2, 3\]"):
        TransposedTensor(as_tensor(numbers((2, 3))), perm)


@pytest.mark.parametrize("axes", [(2,), (-1,), (0, 0)], ids=str)
def test_what_are_no_axes(axes):
    with pytest.raises(UnsupportedError, match=r"are not different axes of shape \[2, 3\]"):
        ReversedTensor(as_tensor(numbers((2, 3))), axes)


@pytest.mark.parametrize("shape", [(300, 700), (700, 300), (40, 300, 20), (3, 3, 64, 300), (5000, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.complex128])
def test_slabs_of_cache_lines_leave_nothing_out(shape, dtype):
    values = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    for perm in permutations(range(len(shape))):
        made = TransposedTensor(as_tensor(values), perm).numpy()
        np.testing.assert_array_equal(made, values.transpose(perm))
