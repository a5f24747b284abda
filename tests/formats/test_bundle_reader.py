"""Reading checkpoints: lazily, and with every way in which one can be wrong told apart."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.bundle_shards import BundleShards
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import ChangedError, CorruptionError, NotFoundError, UnsupportedError
from tests.formats.bundle_files import (
    entry,
    header,
    raw,
    refusal,
    save,
    snappy_table,
    strings,
    write_files,
    write_slices,
)
from tests.models import floats

NUMERIC = [t for t in vars(dtypes).values() if isinstance(t, DType) and not t.is_ref and t.itemsize]
SMALL = {
    "a": raw(dtypes.UINT8, [3], b"abc"),
    "b/w": raw(dtypes.INT16, [2, 2], b"01234567"),
    "empty": raw(dtypes.FLOAT, [0, 4], b""),
    "s": strings(b"hello", b"", b"x" * 5),
}
ROWS = ((0, 1), (0, -1)), ((1, 2), (0, -1))


def values(bundle):
    return {
        name: list(t.strings()) if t.dtype is dtypes.STRING else b"".join(map(bytes, t.chunks()))
        for name, t in bundle.items()
    }


def refused(prefix, kind=CorruptionError):
    with pytest.raises(kind) as caught:
        Bundle(prefix)
    return str(caught.value)


@st.composite
def any_tensor(draw):
    shape = draw(st.lists(st.integers(0, 4), max_size=3))
    size = 1
    for dim in shape:
        size *= dim
    dtype = draw(st.sampled_from([*NUMERIC, dtypes.STRING]))
    if dtype is dtypes.STRING:
        return strings(*draw(st.lists(st.binary(max_size=200), max_size=5)))
    nbytes = size * dtype.itemsize
    return raw(dtype, shape, draw(st.binary(min_size=nbytes, max_size=nbytes)))


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20) | st.sampled_from(
    ["a", "a/b", "\0", "\xff", "\udcff\udc80"]
)


@settings(max_examples=60)
@given(tensors=st.dictionaries(NAMES, any_tensor(), max_size=8), limit=st.none() | st.integers(1, 100))
def test_round_trip(tmp_path_factory, tensors, limit):
    bundle = Bundle(save(tmp_path_factory.mktemp("x") / "x", tensors, shard_nbytes=limit))
    assert values(bundle) == values(tensors)
    assert {n: (t.dtype, t.shape) for n, t in bundle.items()} == {n: (t.dtype, t.shape) for n, t in tensors.items()}


def test_listing_reads_no_shard(tmp_path):
    prefix = save(tmp_path / "x", SMALL)
    Path(f"{prefix}.data-00000-of-00001").unlink()
    bundle = Bundle(prefix)
    assert list(bundle) == ["a", "b/w", "empty", "s"]
    assert (bundle.entries["b/w"].shape, bundle["b/w"].dtype, "a" in bundle, "z" in bundle) == (
        (2, 2),
        dtypes.INT16,
        True,
        False,
    )


def test_a_missing_shard_is_named_when_a_value_is_read(tmp_path):
    prefix = save(tmp_path / "x", SMALL, shard_nbytes=3)
    gone = Path(f"{prefix}.data-00001-of-00003")
    gone.unlink()
    bundle = Bundle(prefix)
    assert bundle["a"].numpy().tobytes() == b"abc"
    assert bundle.missing_shards() == [str(gone)]
    with pytest.raises(NotFoundError) as caught:
        bundle["b/w"].numpy()
    assert caught.value.name == str(gone)


@pytest.mark.parametrize("dtype", [dtypes.FLOAT, dtypes.STRING], ids=lambda dtype: dtype.name)
def test_exabytes_in_a_missing_shard_are_not_allocated(tmp_path, dtype):
    prefix = write_files(tmp_path / "x", {b"x": entry(dtype, [1 << 58], nbytes=1 << 60)})
    Path(f"{prefix}.data-00000-of-00001").unlink()
    with pytest.raises(NotFoundError, match="data-00000"):
        Bundle(prefix)["x"].numpy()


def test_a_missing_checkpoint_names_what_is_near(tmp_path):
    save(tmp_path / "model.ckpt-100", SMALL)
    with pytest.raises(NotFoundError) as caught:
        Bundle(tmp_path / "model.ckpt-10")
    assert caught.value.near == (str(tmp_path / "model.ckpt-100"),)


def test_an_unknown_tensor_names_what_is_near(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        Bundle(save(tmp_path / "x", SMALL))["b/W"]
    assert (caught.value.kind, caught.value.near) == ("tensor", ("b/w",))


def test_anything_may_be_asked_for(tmp_path):
    bundle = Bundle(save(tmp_path / "x", SMALL))
    assert bundle.get(cast(Any, 3)) is None
    assert None not in bundle
    with pytest.raises(KeyError):
        bundle[cast(Any, b"b/w")]


def test_more_shards_than_are_kept_open(tmp_path):
    tensors = {f"t{i:03d}": raw(dtypes.UINT8, [1], bytes([i])) for i in range(200)}
    with Bundle(save(tmp_path / "x", tensors, shard_nbytes=1)) as bundle:
        assert bundle.num_shards == len(bundle.shard_ids()) == 200
        assert values(bundle) == values(tensors)


def test_gaps_and_any_order_of_tensors(tmp_path):
    parts = {b"a": (100, b"abc"), b"b": (64, b"bbbb"), b"c": (0, b"c")}
    data = bytearray(128)
    entries = {}
    for key, (offset, content) in parts.items():
        data[offset : offset + len(content)] = content
        entries[key] = entry(dtypes.UINT8, [len(content)], offset, crc32c=mask(crc32c(content)))
    assert values(Bundle(write_files(tmp_path / "x", entries, bytes(data)))) == {"a": b"abc", "b": b"bbbb", "c": b"c"}


def test_two_names_may_share_their_bytes(tmp_path):
    one = entry(dtypes.UINT8, [2], crc32c=mask(crc32c(b"xy")))
    assert values(Bundle(write_files(tmp_path / "x", {b"a": one, b"b": one}, b"xy"))) == {"a": b"xy", "b": b"xy"}


def test_a_compressed_index(tmp_path):
    one = entry(dtypes.UINT8, [2], crc32c=mask(crc32c(b"xy")))
    entries = {b"k%03d" % i: one for i in range(300)}
    assert len(Bundle(write_files(tmp_path / "x", entries, b"xy", make=snappy_table))) == 300


@pytest.mark.parametrize(
    ("dtype", "stored", "little"),
    [
        (dtypes.UINT8, "0102", "0102"),
        (dtypes.BFLOAT16, "3f80", "803f"),
        (dtypes.QINT16, "0102", "0201"),
        (dtypes.FLOAT, "3f800000", "0000803f"),
        (dtypes.INT64, "0000000000000102", "0201000000000000"),
        (dtypes.COMPLEX64, "3f80000040000000", "0000803f00000040"),
        (dtypes.COMPLEX128, "3ff00000000000004000000000000000", "000000000000f03f0000000000000040"),
    ],
)
def test_big_endian_values_are_swapped(tmp_path, dtype, stored, little):
    content = bytes.fromhex(stored)
    entries = {b"x": entry(dtype, [len(content) // dtype.itemsize], crc32c=mask(crc32c(content)))}
    bundle = Bundle(write_files(tmp_path / "x", entries, content, header(big_endian=True)))
    assert bundle.is_big_endian
    assert values(bundle) == {"x": bytes.fromhex(little)}


def test_big_endian_strings(tmp_path):
    lengths = crc32c(bytes([0, 0, 0, 2, 0, 0, 0, 1]))
    checksum = mask(lengths).to_bytes(4, "big")
    content = b"\2\1" + checksum + b"hi!"
    entries = {b"s": entry(dtypes.STRING, [2], nbytes=len(content), crc32c=mask(crc32c(checksum + b"hi!", lengths)))}
    assert values(Bundle(write_files(tmp_path / "x", entries, content, header(big_endian=True)))) == {
        "s": [b"hi", b"!"]
    }


def test_variants_are_listed_and_refused_by_name_when_read(tmp_path):
    bundle = Bundle(write_files(tmp_path / "x", {b"list": entry(dtypes.VARIANT, [1], nbytes=9)}, bytes(9)))
    tensor = bundle["list"]
    assert (tensor.dtype, tensor.shape, tensor.nbytes) == (dtypes.VARIANT, (1,), 9)
    for read in (tensor.numpy, tensor.chunks):
        with pytest.raises(UnsupportedError, match="'list' is a variant"):
            read()


# What the index may not say ------------------------------------------------------------------------------------------

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
    with pytest.raises(CorruptionError, match="hold 4 of 6 elements"):
        bundle["w"].numpy()


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


@pytest.mark.parametrize("num_writes", [1, 2, None])
def test_replaced_between_the_index_and_its_shards(tmp_path, monkeypatch, num_writes: int | None):
    """What is read is what was there before, or after: read anew, or refused when there is no end to it."""
    prefix = tmp_path / "m"
    writes: list[None] = []
    save_checkpoint({"w": floats(0, 0)}, prefix)
    opened = BundleShards.nbytes

    def nbytes(self: BundleShards, shard_id: int) -> int | None:
        if num_writes is None or len(writes) < num_writes:
            writes.append(None)
            save_checkpoint({"w": floats(*[float(len(writes))] * (2 + len(writes)))}, prefix)
        return opened(self, shard_id)

    monkeypatch.setattr(BundleShards, "nbytes", nbytes)
    if num_writes is None:
        with pytest.raises(ChangedError, match=r"m\.index: was replaced each time it was read"):
            Bundle(prefix)
    else:
        assert Bundle(prefix)["w"].numpy().tolist() == [num_writes] * (2 + num_writes)


def test_replaced_while_the_index_is_away(tmp_path, monkeypatch):
    prefix = tmp_path / "m"
    taken: list[str] = []
    save_checkpoint({"w": floats(0)}, prefix)
    opened = BundleShards.nbytes

    def nbytes(self: BundleShards, shard_id: int) -> int | None:
        if not taken:
            os.rename(tmp_path / "m.index", tmp_path / "away")
            taken.append("m.index")
        return opened(self, shard_id)

    monkeypatch.setattr(BundleShards, "nbytes", nbytes)
    monkeypatch.setattr("time.sleep", lambda _: os.rename(tmp_path / "away", tmp_path / "m.index"))
    assert Bundle(prefix)["w"].numpy().tolist() == [0]
