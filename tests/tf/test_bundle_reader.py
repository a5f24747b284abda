"""What we read from a checkpoint is what TensorFlow reads from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.byteorder import is_refused
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.tensors import dtypes
from proto_utils.errors import NotFoundError
from tests.formats.bundle_files import entry, header, snappy_table, write_files, write_slices
from tests.tf.bundle_specs import STORABLE, STORABLE_V1, by_name, digest_of, digests, many, spec, tensor
from tests.tf.judge import JudgeError

# The dtypes of which TensorFlow itself can put slices together.
SLICED = [dtypes.FLOAT, dtypes.DOUBLE, dtypes.INT32, dtypes.UINT8, dtypes.INT64, dtypes.BOOL, dtypes.COMPLEX64]


def read(prefix):
    """Name to digest of everything we can read."""
    return {name: digest_of(value) for name, value in Bundle(prefix).items()}


def listing(prefix):
    """As TensorFlow's reader lists: name to dtype number and shape."""
    return {name: [e.dtype.number, list(e.shape)] for name, e in Bundle(prefix).entries.items()}


def test_all_kinds_over_several_blocks(tf, tmp_path):
    specs = many(9000, STORABLE_V1 if tf.is_v1 else STORABLE, seed=4)
    prefix = str(tmp_path / "x")
    tf.call("bundles:save", prefix=prefix, specs=specs)
    assert read(prefix) == digests(specs)
    assert listing(prefix) == tf.call("bundles:listing", prefix=prefix)


def test_merged_shards(tf, tmp_path):
    specs = many(400, STORABLE_V1, seed=5)
    prefixes = [str(tmp_path / "temp" / f"part{i}") for i in range(4)]
    for i, prefix in enumerate(prefixes):
        tf.call("bundles:save", prefix=prefix, specs=by_name(specs[i::4]))
    prefix = str(tmp_path / "merged")
    tf.call("bundles:merge", prefixes=prefixes, destination=prefix)
    assert Bundle(prefix).num_shards == 4
    assert read(prefix) == digests(specs)


@pytest.mark.parametrize("dtype", SLICED, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize(
    ("shape", "slices"),
    [
        ([5, 3], ["0,2:-", "2,1:-", "3,2:-"]),
        ([5, 3], ["-:0,2", "-:2,1"]),
        ([4, 6, 2], ["0,2:0,3:-", "0,2:3,3:-", "2,2:0,1:-", "2,2:1,5:-"]),
        ([70, 1], ["0,64:-", "64,6:-"]),
        ([7], ["5,2", "0,5"]),
    ],
    ids=str,
)
def test_slices_that_tensorflow_wrote(tf, tmp_path, dtype, shape, slices):
    parts = [spec("w", dtype, _shape(cut, shape), seed) for seed, cut in enumerate(slices)]
    prefix = str(tmp_path / "x")
    full = " ".join(map(str, shape))
    tf.call("bundles:save", prefix=prefix, specs=parts, slices=[f"{full} {cut}" for cut in slices])
    assert listing(prefix) == {"w": [dtype.number, shape]} == tf.call("bundles:listing", prefix=prefix)
    assert read(prefix) == tf.call("bundles:read", prefix=prefix)
    bundle = Bundle(prefix)
    first = bundle.parts("w")[0][0]
    rows = bundle["w"].numpy()[tuple(slice(*bounds) for bounds in first)]
    assert rows.tobytes() == b"".join(map(bytes, tensor(parts[0]).chunks()))


def _shape(cut, shape):
    parts = zip(cut.split(":"), shape, strict=True)
    return [dim if part == "-" else int(part.split(",")[1]) for part, dim in parts]


def test_tensorflow_agrees_on_slices_that_we_wrote(tf, tmp_path):
    parts = {((0, 1), (0, -1)): b"ab", ((1, 2), (0, 1)): b"ce", ((1, 2), (1, 1)): b"df"}
    prefix = write_slices(tmp_path / "x", "w", dtypes.UINT8, [3, 2], parts)
    assert read(prefix) == tf.call("bundles:read", prefix=str(prefix))


def test_a_variable_that_tensorflow_partitioned(tf, tmp_path):
    prefix = str(tmp_path / "x")
    whole = tf.call("bundles:save_partitioned", prefix=prefix)
    bundle = Bundle(prefix)
    assert set(bundle) == set(whole)
    assert all(len(bundle.parts(name)) > 1 for name in whole)
    assert read(prefix) == whole


def test_tensorflow_agrees_on_big_endian_values(tf, tmp_path):
    contents = {t.name.encode(): (t, bytes(range(3, 3 + 2 * t.itemsize))) for t in STORABLE_V1 if t.itemsize}
    contents[b"bool"] = (dtypes.BOOL, b"\0\1")
    entries, data = {}, b""
    for name, (dtype, content) in contents.items():
        entries[name] = entry(dtype, [2], len(data), crc32c=mask(crc32c(content)))
        data += content
    prefix = write_files(tmp_path / "x", entries, data, header(big_endian=True))
    assert read(prefix) == tf.call("bundles:read", prefix=str(prefix))


@pytest.mark.parametrize("dtype", [each for each in STORABLE if each.itemsize], ids=lambda dtype: dtype.name)
def test_which_types_tensorflow_does_not_swap(tf2, tmp_path, dtype):
    content = bytes(2 * dtype.itemsize)
    entries = {b"x": entry(dtype, [2], crc32c=mask(crc32c(content)))}
    prefix = write_files(tmp_path / "x", entries, content, header(big_endian=True))
    if not is_refused(dtype):
        assert read(prefix) == tf2.call("bundles:read", prefix=str(prefix))
        return
    with pytest.raises(JudgeError, match="Byte-swapping not supported"):
        tf2.call("bundles:read", prefix=str(prefix))


def test_tensorflow_agrees_on_a_compressed_index(tf, tmp_path):
    one = entry(dtypes.UINT8, [2], crc32c=mask(crc32c(b"xy")))
    prefix = write_files(tmp_path / "x", {b"k%03d" % i: one for i in range(300)}, b"xy", make=snappy_table)
    assert read(prefix) == tf.call("bundles:read", prefix=str(prefix))


def test_every_checkpoint_that_others_wrote(tf, shared_models):
    """Those whose data is missing are listed by both; TensorFlow fails on their values and we name the shard."""
    prefixes = [str(path).removesuffix(".index") for path in sorted(shared_models.rglob("*.index"))]
    complete = 0
    for prefix in prefixes:
        assert listing(prefix) == tf.call("bundles:listing", prefix=prefix), prefix
        if list(Path(prefix).parent.glob(Path(prefix).name + ".data-*")):
            assert read(prefix) == tf.call("bundles:read", prefix=prefix), prefix
            complete += 1
            continue
        with pytest.raises(NotFoundError, match=r"\.data-00000-of-00001"):
            read(prefix)
        with pytest.raises(JudgeError):
            tf.call("bundles:read", prefix=prefix)
    assert complete > 30
