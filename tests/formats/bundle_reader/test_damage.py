"""Every way in which a checkpoint can be wrong is told apart, at the latest when the value is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import CorruptionError, UnsupportedError
from tests.formats.bundle_files import (
    entry,
    header,
    raw,
    refusal,
    refused,
    save,
    strings,
    values,
    write_files,
)

SMALL = {
    "a": raw(dtypes.UINT8, [3], b"abc"),
    "b/w": raw(dtypes.INT16, [2, 2], b"01234567"),
    "empty": raw(dtypes.FLOAT, [0, 4], b""),
    "s": strings(b"hello", b"", b"x" * 5),
}


FLOATS = {
    "a negative dimension": (entry(dtypes.FLOAT, [-1], nbytes=4), "impossible shape"),
    "more elements than there are numbers": (entry(dtypes.FLOAT, [1 << 60, 1 << 60], nbytes=0), "impossible shape"),
    "a size that is not the shape's": (entry(dtypes.FLOAT, [3], nbytes=8), "takes 12"),
    "too high a rank": (entry(dtypes.FLOAT, [1] * 255), "impossible shape"),
    "a negative offset": (entry(dtypes.FLOAT, [1], -1), "impossible place"),
    "a negative size": (entry(dtypes.STRING, [0], nbytes=-4), "impossible place"),
    "a shard past their number": (entry(dtypes.FLOAT, [1], shard_id=1), "impossible place"),
    "a negative shard": (entry(dtypes.FLOAT, [1], shard_id=-1), "impossible place"),
    "strings that cannot fit": (entry(dtypes.STRING, [10], nbytes=13), "cannot hold 10 elements"),
    "no dtype": (entry(DType.from_number(0), [], nbytes=4), "dtype"),
    "a reference dtype": (entry(DType.from_number(101), [1], nbytes=4), "dtype"),
    "not a message": (b"\xff", "its entry is not a BundleEntryProto"),
}


@pytest.mark.parametrize("name", FLOATS)
def test_an_impossible_entry_is_refused_on_opening(tmp_path, name):
    content, reason = FLOATS[name]
    message = refused(write_files(tmp_path / "x", {b"some/name": content}, bytes(16)))
    assert reason in message
    assert "some/name" in message


PLACES = {
    "exabytes": (entry(dtypes.FLOAT, [1 << 60], nbytes=1 << 62), "bytes 0 to"),
    "the end past the shard's": (entry(dtypes.FLOAT, [3], 6), "bytes 6 to 18 of a shard of 16"),
    "an offset past everything": (entry(dtypes.FLOAT, [0], 1 << 62), "of a shard of 16"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_place_that_the_shard_does_not_have_is_refused_when_it_is_read(tmp_path, name):
    content, reason = PLACES[name]
    tensor = Bundle(write_files(tmp_path / "x", {b"some/name": content}, bytes(16)))["some/name"]
    for read in (tensor.numpy, lambda: list(tensor.chunks()), lambda: tensor.stored):
        with pytest.raises(CorruptionError, match="some/name") as caught:
            read()
        assert reason in str(caught.value)
        assert str(tensor.fault) == str(caught.value)


def test_an_unknown_dtype_is_refused_by_name(tmp_path):
    content = entry(dtypes.FLOAT, [1]).replace(b"\x08\x01", b"\x08\x63", 1)
    assert "'new'" in refused(write_files(tmp_path / "x", {b"new": content}, bytes(4)), UnsupportedError)


def test_an_unknown_rank_is_refused(tmp_path):
    content = entry(dtypes.FLOAT, []).replace(b"\x12\x00", b"\x12\x02\x18\x01")
    assert "without a shape" in refused(write_files(tmp_path / "x", {b"x": content}, bytes(4)))


@pytest.mark.parametrize(
    ("head", "kind", "reason"),
    [
        (header(min_consumer=2), UnsupportedError, "a reader of version 2"),
        (b"\x10\x07", UnsupportedError, "byte order"),
        (b"\xff", CorruptionError, "BundleHeaderProto"),
        (header(0), CorruptionError, "shard 0 of 0"),
        (header(-5), CorruptionError, "shard 0 of -5"),
    ],
)
def test_a_header_that_cannot_be_is_refused(tmp_path, head, kind, reason):
    assert reason in refused(write_files(tmp_path / "x", {b"x": entry(dtypes.FLOAT, [1])}, bytes(4), head), kind)


def test_a_bad_consumer_is_refused(tmp_path):
    assert "version" in refused(write_files(tmp_path / "x", {}, head=b"\x08\x01\x1a\x02\x18\x01"), UnsupportedError)


def test_two_billion_claimed_shards_cost_nothing(tmp_path):
    bundle = Bundle(write_files(tmp_path / "x", {b"x": entry(dtypes.FLOAT, [1])}, head=header(2**31 - 1)))
    assert bundle.shard_ids() == [0]


def test_an_index_without_a_header_is_refused(tmp_path):
    prefix = write_files(tmp_path / "x", {b"x": entry(dtypes.FLOAT, [1])}, make=lambda entries: _table(entries[1:]))
    assert "no header" in refused(prefix)


def test_an_empty_table_is_refused(tmp_path):
    assert "no header" in refused(write_files(tmp_path / "x", {}, make=lambda entries: _table([])))


def _table(entries):
    from tests.formats.bundle_files import table

    return table(entries)


# Damage --------------------------------------------------------------------------------------------------------------


def test_every_truncation_of_the_index_is_refused(tmp_path):
    prefix = save(tmp_path / "x", SMALL)
    index = Path(f"{prefix}.index")
    whole = index.read_bytes()
    for nbytes in range(len(whole)):
        index.write_bytes(whole[:nbytes])
        assert str(index) in refused(prefix)


def test_what_a_truncated_data_file_still_holds_is_read(tmp_path):
    prefix = save(tmp_path / "x", SMALL)
    data = Path(f"{prefix}.data-00000-of-00001")
    whole, wanted = data.read_bytes(), values(SMALL)
    for nbytes in range(len(whole)):
        data.write_bytes(whole[:nbytes])
        bundle = Bundle(prefix)
        (file,) = bundle.damaged_files()
        assert (file.path, file.damage) == (str(data), "truncated")
        assert file.reason == f"is truncated: {nbytes} of {len(whole)} bytes"
        assert file.names == [n for n, e in bundle.entries.items() if e.offset + e.nbytes > nbytes]
        for name, tensor in bundle.items():
            if name in file.names:
                assert "truncated or of another checkpoint" in str(tensor.fault)
                with pytest.raises(CorruptionError, match=f"tensor '{name}'"):
                    tensor.numpy()
            else:
                assert tensor.fault is None
                assert values({name: tensor}) == {name: wanted[name]}


def test_every_flipped_bit_of_the_data_is_found_in_its_tensor(tmp_path):
    prefix = save(tmp_path / "x", SMALL)
    data = Path(f"{prefix}.data-00000-of-00001")
    whole = data.read_bytes()
    for position in range(len(whole)):
        data.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :])
        bundle = Bundle(prefix)
        bad = next(n for n, e in bundle.entries.items() if e.offset <= position < e.offset + e.nbytes)
        for name, tensor in bundle.items():
            if name != bad:
                tensor.numpy()
        with pytest.raises(CorruptionError, match=f"tensor '{bad}'") as caught:
            bundle[bad].numpy()
        assert (caught.value.path, caught.value.offset) == (str(data), bundle.entries[bad].offset)


@settings(max_examples=200)
@given(data=st.data())
def test_a_flipped_bit_of_the_index_is_refused_or_changes_nothing(tmp_path_factory, data):
    prefix = save(tmp_path_factory.mktemp("x") / "x", SMALL)
    index = Path(f"{prefix}.index")
    whole = bytearray(index.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    index.write_bytes(whole)
    found = []
    error = refusal(lambda: found.append(values(Bundle(prefix))))
    assert found == [values(SMALL)] if error is None else error.path == str(index)


@settings(max_examples=200)
@given(content=st.binary(max_size=60))
def test_any_entry_is_refused_or_read(tmp_path_factory, content):
    prefix = write_files(tmp_path_factory.mktemp("x") / "x", {b"x": content}, bytes(100))
    error = refusal(lambda: values(Bundle(prefix)))
    assert error is None or "'x'" in str(error)


# Partitioned tensors -------------------------------------------------------------------------------------------------
