"""What we write is, byte for byte, what TensorFlow writes; and TensorFlow reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.formats.table import BLOCK_NBYTES
from graphsurgeon.tensors import dtypes
from proto_utils.output import Transaction
from tests.tf.bundle_specs import STORABLE, STORABLE_V1, by_name, digests, many, spec, tensors


def written(directory, specs, **options):
    """Write the tensors with ours; return the prefix."""
    prefix = directory / "ours"
    with Transaction() as transaction:
        write_bundle(prefix, tensors(specs), transaction, **options)
    return prefix


def files(prefix):
    """The bytes of index and data of an unsharded checkpoint."""
    return [Path(f"{prefix}{suffix}").read_bytes() for suffix in (".index", ".data-00000-of-00001")]


def kinds(tf):
    return STORABLE_V1 if tf.is_v1 else STORABLE


def test_several_blocks_of_all_kinds_are_equal(tf, tmp_path):
    specs = many(9000, kinds(tf))
    tf.call("bundles:save", prefix=str(tmp_path / "theirs"), specs=specs)
    index, data = files(tmp_path / "theirs")
    assert len(index) > 2 * BLOCK_NBYTES
    assert files(written(tmp_path, specs)) == [index, data]


@pytest.mark.parametrize("shape", [[], [0], [0, 3], [2, 0], [5], [2, 3, 4]], ids=str)
def test_every_dtype_in_this_shape_is_equal(tf, tmp_path, shape):
    specs = by_name([spec(dtype.name, dtype, shape, dtype.number) for dtype in kinds(tf)])
    tf.call("bundles:save", prefix=str(tmp_path / "theirs"), specs=specs)
    assert files(written(tmp_path, specs)) == files(tmp_path / "theirs")


@pytest.mark.parametrize(
    "lengths",
    [
        pytest.param([BLOCK_NBYTES - 60 + i for i in range(30)], id="one a block, around its size"),
        pytest.param([10, 2 * BLOCK_NBYTES + 5, 10, 2 * BLOCK_NBYTES - 40, 10], id="larger than two blocks"),
        pytest.param([127, 128, 129, 16383, 16384, 16385, 200000], id="around varint sizes"),
    ],
)
def test_names_of_these_lengths_are_equal(tf, tmp_path, lengths):
    specs = by_name([spec(chr(97 + i) * n, dtypes.FLOAT, [1], i) for i, n in enumerate(lengths)])
    tf.call("bundles:save", prefix=str(tmp_path / "theirs"), specs=specs)
    assert files(written(tmp_path, specs)) == files(tmp_path / "theirs")


@pytest.mark.parametrize("last", ["a", "~~~", "\U0010ffff", "a\x7f", "zz/\x01"], ids=ascii)
def test_the_index_key_after_this_last_name_is_equal(tf, tmp_path, last):
    specs = by_name([spec("a", dtypes.INT32, [1]), spec(last + "x", dtypes.INT32, [1], 3)])
    tf.call("bundles:save", prefix=str(tmp_path / "theirs"), specs=specs)
    assert files(written(tmp_path, specs)) == files(tmp_path / "theirs")


@pytest.mark.parametrize("resource", [False, True])
def test_what_a_saver_writes_is_equal(tf, tmp_path, resource):
    names = ["w", "V", "a/b", "a.b", "a_b", "a-b", "a/C", "z10", "z9", "a", "xy"]
    specs = [spec(name, dtypes.FLOAT, [3, i], i) for i, name in enumerate(names)]
    prefix = tmp_path / "theirs"
    tf.call("bundles:save_variables", prefix=str(prefix), specs=specs, resource=resource)
    assert files(written(tmp_path, specs)) == files(prefix)


def test_tensorflow_reads_what_we_wrote(tf, tmp_path):
    specs = many(300, kinds(tf), seed=1)
    prefix = written(tmp_path, specs)
    assert tf.call("bundles:read", prefix=str(prefix)) == digests(specs)


def test_tensorflow_reads_our_shards(tf, tmp_path):
    specs = many(300, kinds(tf), seed=2)
    prefix = written(tmp_path, specs, shard_nbytes=500)
    assert Bundle(prefix).num_shards > 10
    assert tf.call("bundles:read", prefix=str(prefix)) == digests(specs)


def test_tensorflow_reads_a_prefix_with_an_empty_last_part(tf, tmp_path):
    specs = many(5, [dtypes.FLOAT], seed=3)
    prefix = f"{tmp_path}/"
    with Transaction() as transaction:
        write_bundle(prefix, tensors(specs), transaction)
    assert (tmp_path / ".index").exists()
    assert tf.call("bundles:read", prefix=prefix) == digests(specs)
