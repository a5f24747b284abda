"""What a checkpoint is made of, and what cannot be in one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.bundle_writer import _lengths, write_bundle
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor
from proto_utils.errors import CorruptionError, OutputExistsError, UnsupportedError
from proto_utils.output import Transaction
from tests.formats.bundle_files import raw, save, strings

ABC = {name: raw(dtypes.UINT8, [len(name)], name.encode()) for name in ("ccc", "a", "bb")}


def data_of(prefix, shard_id=0, num_shards=1):
    return Path(f"{prefix}.data-{shard_id:05d}-of-{num_shards:05d}").read_bytes()


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_values_follow_one_another_sorted_by_name(tmp_path):
    assert data_of(save(tmp_path / "x", ABC)) == b"abbccc"


def test_names_sort_by_their_bytes(tmp_path):
    bundle = Bundle(save(tmp_path / "x", dict.fromkeys(["é", "z", "\U0001f600", "Z", "\udcff"], ABC["a"])))
    assert list(bundle) == ["Z", "z", "é", "\U0001f600", "\udcff"]


def test_string_bytes(tmp_path):
    # From a checkpoint of TensorFlow 1: ["hello"] is a length, the masked checksum of the length, the string.
    assert data_of(save(tmp_path / "x", {"s": strings(b"hello")})).hex() == "05d9c69c4368656c6c6f"


def test_lengths_past_4_gib_are_summed_as_uint64():
    class Long(bytes):
        def __len__(self):
            return 2**32

    (varints, fixed), *_ = _lengths(type("T", (), {"strings": lambda self: iter([Long(), b"abc"])})(), "little")
    assert (varints.hex(), fixed.hex()) == ("808080801003", "000000000100000003000000")


def test_files_are_named_by_appending(tmp_path):
    paths = []
    for prefix in (f"{tmp_path}/d/", f"{tmp_path}/model.ckpt-7"):
        with Transaction() as transaction:
            paths += write_bundle(prefix, ABC, transaction)
    assert [path.removeprefix(str(tmp_path)) for path in paths] == [
        "/d/.data-00000-of-00001",
        "/d/.index",
        "/model.ckpt-7.data-00000-of-00001",
        "/model.ckpt-7.index",
    ]
    assert all(Path(path).is_file() for path in paths)


@pytest.mark.parametrize(
    ("limit", "shards"),
    [
        (1, [b"a", b"bb", b"ccc"]),
        (2, [b"a", b"bb", b"ccc"]),
        (3, [b"abb", b"ccc"]),
        (5, [b"abb", b"ccc"]),
        (6, [b"abbccc"]),
    ],
)
def test_a_shard_ends_before_it_grows_past_the_limit(tmp_path, limit, shards):
    prefix = save(tmp_path / "x", ABC, shard_nbytes=limit)
    assert [data_of(prefix, i, len(shards)) for i in range(len(shards))] == shards
    assert {name: tensor.numpy().tobytes() for name, tensor in Bundle(prefix).items()} == {n: n.encode() for n in ABC}


def test_strings_count_as_they_are_stored(tmp_path):
    tensors = {"a": strings(b"x" * 200), "b": strings(b"y")}
    assert Bundle(save(tmp_path / "x", tensors, shard_nbytes=206 + 6)).num_shards == 1
    assert Bundle(save(tmp_path / "x", tensors, shard_nbytes=206 + 5)).num_shards == 2


def test_no_tensors_make_an_empty_checkpoint(tmp_path):
    assert dict(Bundle(save(tmp_path / "x", {}))) == {}


def test_a_value_that_is_only_described_is_spelled_out(tmp_path):
    prefix = save(tmp_path / "x", {"z": FillTensor(dtypes.INT16, [4], b"\1\0\2\0")})
    assert data_of(prefix) == b"\1\0\2\0\2\0\2\0"


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, dtypes.VARIANT], ids=str)
def test_what_has_no_values_is_refused_by_name_before_anything_is_written(tmp_path, dtype):
    with pytest.raises(UnsupportedError, match=f"'handle' is a {dtype.name}"):
        save(tmp_path / "new" / "x", ABC | {"handle": OpaqueTensor(dtype, [])})
    assert names(tmp_path) == []


def test_an_empty_name_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="without a name"):
        save(tmp_path / "x", {"": ABC["a"]})


def test_two_names_of_the_same_bytes_are_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="two tensors"):
        save(tmp_path / "x", {"é": ABC["a"], "\udcc3\udca9": ABC["a"]})


class Liar(Tensor):
    """Gives other than it promised, or fails half-way."""

    def __init__(self, pieces):
        super().__init__(dtypes.UINT8, [4])
        self.pieces = pieces

    def chunks(self, nbytes=0):
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


@pytest.mark.parametrize(
    "pieces", [[b"abc"], [b"abc", b"de"], [b"ab", CorruptionError("source")]], ids=["less", "more", "fails"]
)
def test_a_failure_leaves_what_was(tmp_path, pieces):
    save(tmp_path / "x", ABC)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CorruptionError):
        save(tmp_path / "x", {"a": ABC["a"], "b": Liar(pieces)})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_existing_files_are_kept_unless_asked(tmp_path):
    prefix = save(tmp_path / "x", ABC)
    with pytest.raises(OutputExistsError), Transaction() as transaction:
        write_bundle(prefix, {}, transaction)
    assert data_of(prefix) == b"abbccc"


def test_a_checkpoint_can_be_written_over_itself(tmp_path):
    prefix = save(tmp_path / "x", ABC)
    bundle = Bundle(prefix)
    save(prefix, {name: bundle[name] for name in ("ccc", "a")})
    assert data_of(prefix) == b"accc"
    assert bundle["bb"].numpy().tobytes() == b"bb"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak of a process from /proc")
def test_memory_is_flat_and_numpy_not_needed(tmp_path):
    code = f"""
import sys
from graphsurgeon.tensors import dtypes
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.tensors.values import RawTensor
from proto_utils.files import FileSource, Span
from proto_utils.output import Transaction

path = {str(tmp_path / "big")!r}
with open(path, "wb") as file:
    file.truncate(256 << 20)
tensors = {{"big": RawTensor(dtypes.FLOAT, [64, 1 << 20], Span(FileSource(path), 0, 256 << 20))}}
with Transaction() as transaction:
    write_bundle({str(tmp_path / "x")!r}, tensors, transaction)
for chunk in Bundle({str(tmp_path / "x")!r})["big"].chunks():
    pass
print("numpy" in sys.modules)
print(*[line for line in open("/proc/self/status") if line.startswith("VmHWM")])
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert out[0] == "False"
    assert int(out[2]) < 40 << 10


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize("limit", [1 << 12, 1 << 20, (4 << 20) + 50])
def test_a_full_disk_leaves_what_was(tmp_path, limit):
    save(tmp_path / "x", ABC)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code = f"""
import resource, signal
from graphsurgeon.tensors import dtypes
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.tensors.values import FillTensor
from proto_utils.output import Transaction

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
with Transaction(overwrite=True) as transaction:
    write_bundle({str(tmp_path / "x")!r}, {{"big": FillTensor(dtypes.UINT8, [(4 << 20) + 100])}}, transaction)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
