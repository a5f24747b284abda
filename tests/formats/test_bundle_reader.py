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
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import ChangedError, NotFoundError, UnsupportedError
from tests.formats.bundle_files import entry, header, raw, save, snappy_table, strings, values, write_files
from tests.models import floats

NUMERIC = [t for t in vars(dtypes).values() if isinstance(t, DType) and not t.is_ref and t.itemsize]
SMALL = {
    "a": raw(dtypes.UINT8, [3], b"abc"),
    "b/w": raw(dtypes.INT16, [2, 2], b"01234567"),
    "empty": raw(dtypes.FLOAT, [0, 4], b""),
    "s": strings(b"hello", b"", b"x" * 5),
}
ROWS = ((0, 1), (0, -1)), ((1, 2), (0, -1))


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
            save_checkpoint({"w": floats(*[float(len(writes))] * (2 + len(writes)))}, prefix, force=True)
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
