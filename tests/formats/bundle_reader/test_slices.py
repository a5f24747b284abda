"""Partitioned tensors: slices are behind their tensor, and what of them cannot be is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.tensors import dtypes
from proto_utils.errors import CorruptionError
from tests.formats.bundle_files import entry, refused, values, write_files, write_slices

ROWS = ((0, 1), (0, -1)), ((1, 2), (0, -1))


def test_slices_are_hidden_behind_their_tensor(tmp_path):
    other = {b"other": entry(dtypes.UINT8, [1], crc32c=mask(crc32c(b"a")))}
    prefix = write_slices(tmp_path / "x", "w", dtypes.UINT8, [3, 2], {ROWS[0]: b"ab", ROWS[1]: b"cdef"}, entries=other)
    bundle = Bundle(prefix)
    assert values(bundle) == {"other": b"a", "w": b"abcdef"}
    assert [box for box, _ in bundle.parts("w")] == [((0, 1), (0, 2)), ((1, 3), (0, 2))]
    assert bundle.parts("other") == []
    assert len(bundle.entries["w"].slices) == 2


def test_a_single_slice_that_is_everything_is_stored_under_the_name(tmp_path):
    whole = entry(dtypes.UINT8, [2], crc32c=mask(crc32c(b"ab")), slices=[((0, -1),)])
    assert values(Bundle(write_files(tmp_path / "x", {b"w": whole}, b"ab"))) == {"w": b"ab"}


def test_a_slice_without_its_tensor_is_listed_as_it_is(tmp_path):
    key = encode_slice_key(b"w", ROWS[0])
    bundle = Bundle(write_files(tmp_path / "x", {key: entry(dtypes.UINT8, [1, 2], crc32c=mask(crc32c(b"ab")))}, b"ab"))
    assert list(bundle) == [key.decode(errors="surrogateescape")]


def test_a_checkpoint_of_part_of_a_tensor_lists_it_and_refuses_its_value(tmp_path):
    bundle = Bundle(write_slices(tmp_path / "x", "w", dtypes.UINT8, [3, 2], {ROWS[1]: b"cdef"}))
    assert bundle["w"].shape == (3, 2)
    with pytest.raises(CorruptionError, match=r"x\.index: tensor 'w': its only slice has 4 of 6 elements"):
        bundle["w"].numpy()
    with pytest.raises(CorruptionError, match=r"x\.index: the tensor's slices have 0 of the 2 elements"):
        bundle["w"][0].numpy()


def test_overlapping_slices_are_refused(tmp_path):
    parts = {((0, 2), (0, -1)): b"abcd", ROWS[1]: b"cdef"}
    assert "'w': two of its slices overlap" in refused(write_slices(tmp_path / "x", "w", dtypes.UINT8, [3, 2], parts))


@pytest.mark.parametrize(
    ("extents", "reason"),
    [(((0, 4), (0, -1)), "not within shape"), (((0, 1),), "rank 1"), (((0, 2), (0, -1)), "no entry holds it")],
)
def test_a_slice_that_cannot_be_is_refused(tmp_path, extents, reason):
    whole = entry(dtypes.UINT8, [3, 2], nbytes=0, slices=[extents])
    assert reason in refused(write_files(tmp_path / "x", {b"w": whole}))


@pytest.mark.parametrize("stored", [entry(dtypes.INT8, [1, 2]), entry(dtypes.UINT8, [2])], ids=["dtype", "shape"])
def test_a_slice_of_another_kind_is_refused(tmp_path, stored):
    whole = entry(dtypes.UINT8, [3, 2], nbytes=0, slices=[ROWS[0]])
    prefix = write_files(tmp_path / "x", {b"w": whole, encode_slice_key(b"w", ROWS[0]): stored}, bytes(9))
    assert "slice 0,1:-: stored as" in refused(prefix)


def test_a_damaged_slice_is_named(tmp_path):
    prefix = write_slices(tmp_path / "x", "w", dtypes.UINT8, [3, 2], {ROWS[0]: b"ab", ROWS[1]: b"cdef"})
    Path(f"{prefix}.data-00000-of-00001").write_bytes(b"abcdeX")
    with pytest.raises(CorruptionError, match=r"w\[1:3, 0:2\]") as caught:
        Bundle(prefix)["w"].numpy()
    assert caught.value.offset == 2
