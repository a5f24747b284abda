"""What comes one at a time: generators, open archives, open safetensors; one array in memory at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.formats.tensor_streams import tensors_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor, as_tensor
from proto_utils.errors import OutputExistsError, UnsupportedError
from tests.formats.arrays.samples import all_values, every_dtype, files_of

ARRAYS = {
    "b/w": np.arange(6, dtype="float32").reshape(2, 3),
    "a": np.array([True, False]),
    "c": np.array(1.5),
    "b": np.array([b"x", b"yz\0"], dtype=object),
}


@pytest.fixture
def expected(tmp_path) -> list[bytes]:
    """The files of a checkpoint saved from a dict."""
    save_checkpoint(ARRAYS, tmp_path / "expected" / "m")
    return files_of(tmp_path / "expected" / "m")


def test_sorted_pairs_give_what_a_dict_gives(tmp_path, expected):
    save_checkpoint(((name, ARRAYS[name]) for name in sorted(ARRAYS)), tmp_path / "m")
    assert files_of(tmp_path / "m") == expected


def test_pairs_in_any_order_give_the_same_tensors(tmp_path, expected):
    paths = save_checkpoint(ARRAYS.items(), tmp_path / "m")
    assert [os.path.basename(path) for path in paths] == ["m.data-00000-of-00001", "m.index", "checkpoint"]
    assert len(files_of(tmp_path / "m")[1]) == len(expected[1])
    assert all_values(load_checkpoint(tmp_path / "m")) == all_values(load_checkpoint(tmp_path / "expected" / "m"))


def test_tensors_of_every_dtype(tmp_path):
    tensors = every_dtype()
    save_checkpoint(iter(reversed(tensors.items())), tmp_path / "m")
    assert all_values(load_checkpoint(tmp_path / "m")) == all_values(tensors)


def test_partitioned_tensors_stay_so(tmp_path):
    from tests.formats.bundle_files import write_slices

    parts = {((0, 2),): bytes(range(8)), ((2, 1),): bytes(range(4))}
    source = write_slices(tmp_path / "s", "w", dtypes.FLOAT, (3,), parts)
    save_checkpoint(iter(load_checkpoint(source).items()), tmp_path / "m")
    found = load_checkpoint(tmp_path / "m")["w"]
    assert found.parts is not None
    assert len(found.parts) == 2
    assert all_values({"w": found}) == all_values(load_checkpoint(source))


def test_nothing_at_all(tmp_path):
    save_checkpoint(iter(()), tmp_path / "m")
    assert len(load_checkpoint(tmp_path / "m")) == 0


def test_each_is_written_before_the_next_is_asked_for(tmp_path):
    alive: list[Any] = []

    def pairs():
        for n in range(5):
            array = np.full(1000, n)
            alive.append(weakref.ref(array))
            yield f"w{n}", array
            del array
            assert [ref() is not None for ref in alive].count(True) <= 1

    save_checkpoint(pairs(), tmp_path / "m")
    assert [int(tensor.numpy()[0]) for tensor in load_checkpoint(tmp_path / "m").values()] == [0, 1, 2, 3, 4]


def test_one_buffer_may_serve_for_all(tmp_path):
    buffer = np.zeros(3)

    def pairs():
        for n in range(3):
            buffer[:] = n
            yield f"w{n}", buffer

    save_checkpoint(pairs(), tmp_path / "m")
    assert [tensor.numpy().tolist() for tensor in load_checkpoint(tmp_path / "m").values()] == [
        [0] * 3,
        [1] * 3,
        [2] * 3,
    ]


def test_archive_of_numpy(tmp_path):
    numeric: dict[str, Any] = {name: array for name, array in ARRAYS.items() if name != "b"}
    np.savez(tmp_path / "x.npz", **numeric)
    save_checkpoint(numeric, tmp_path / "a" / "m")
    with np.load(tmp_path / "x.npz") as archive:
        save_checkpoint(archive, tmp_path / "m")
    assert files_of(tmp_path / "m") == files_of(tmp_path / "a" / "m")


def test_archive_that_was_exported(tmp_path):
    tensors = {"w": as_tensor(np.array([1.5], ml_dtypes.bfloat16)), "q": as_tensor(np.array([1], ml_dtypes.int4))}
    export_tensors(tensors, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as archive:
        save_checkpoint(archive, tmp_path / "m")
    assert all_values(load_checkpoint(tmp_path / "m")) == all_values(tensors)


def test_open_safetensors(tmp_path):
    safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")
    arrays = {"b": np.arange(6, dtype="float32").reshape(2, 3), "a": np.array([1.5], ml_dtypes.bfloat16)}
    export_tensors({name: as_tensor(array) for name, array in arrays.items()}, tmp_path / "x.safetensors")
    save_checkpoint(arrays, tmp_path / "a" / "m")
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="np") as handle:
        save_checkpoint(handle, tmp_path / "m")
    assert files_of(tmp_path / "m") == files_of(tmp_path / "a" / "m")


class Handle:
    """An open file that cannot give an array."""

    def keys(self):
        return ["w"]

    def get_tensor(self, name):
        raise AttributeError("module 'numpy' has no attribute 'float8_e5m2'")


def test_handle_without_an_array(tmp_path):
    with pytest.raises(UnsupportedError, match="'w': no array can be had") as caught:
        save_checkpoint(Handle(), tmp_path / "m")
    assert "import_tensors" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [1, b"w"])
def test_mapping_whose_names_are_no_text(tmp_path, name):
    with pytest.raises(UnsupportedError, match="name is a str"):
        save_checkpoint(MappingProxyType({name: np.zeros(1)}), tmp_path / "m")
    assert os.listdir(tmp_path) == []


def test_mapping_that_makes_its_arrays_is_asked_for_one_at_a_time(tmp_path, expected):
    save_checkpoint(MappingProxyType(ARRAYS), tmp_path / "m")
    assert files_of(tmp_path / "m") == expected
    assert not hasattr(tensors_of(MappingProxyType(ARRAYS), "m"), "keys")


def test_mapping_that_holds_tensors_is_planned(tmp_path, expected):
    checkpoint = load_checkpoint(tmp_path / "expected" / "m")
    found = tensors_of(checkpoint, "m")
    assert list(found) == list(checkpoint)
    save_checkpoint(checkpoint, tmp_path / "m", shard_nbytes=10)
    assert len(list(tmp_path.glob("m.data-*"))) > 1


@pytest.mark.parametrize(
    ("pairs", "match"),
    [
        ([("w", np.zeros(1)), ("w", np.zeros(1))], "two tensors are named 'w'"),
        ([("", np.zeros(1))], "without a name"),
        ([(1, np.zeros(1))], "name is a str, not 1"),
        ([("\ud800", np.zeros(1))], "no Unicode"),
        ([np.zeros(2)], "a ndarray where a pair"),
        (["ab"], "a str where a pair"),
        ([("a", 1, 2)], "a tuple where a pair"),
        ([("w", np.array(["1"], "M8[s]"))], "tensor 'w'"),
        ([("w", {"a": 1})], "a mapping within"),
        ([("w", OpaqueTensor(dtypes.RESOURCE, ()))], "is a resource"),
    ],
)
def test_what_cannot_be_saved_leaves_everything_as_it_was(tmp_path, pairs, match):
    save_checkpoint({"old": np.ones(2)}, tmp_path / "m")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UnsupportedError, match=match):
        save_checkpoint(iter([("first", np.ones(3)), *pairs]), tmp_path / "m", force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("given", [1, "text", None])
def test_neither_mapping_nor_pairs(tmp_path, given):
    with pytest.raises(UnsupportedError, match="neither a mapping nor pairs"):
        save_checkpoint(given, tmp_path / "m")


def test_generator_that_fails_leaves_everything_as_it_was(tmp_path):
    def pairs():
        yield "w", np.ones(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_checkpoint(pairs(), tmp_path / "new" / "m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [{"shard_nbytes": 10}, {"links": "always"}])
def test_options_that_take_knowing_all_tensors(tmp_path, option):
    with pytest.raises(UnsupportedError, match="one at a time") as caught:
        save_checkpoint(iter(ARRAYS.items()), tmp_path / "m", **option)
    assert "dict" in str(caught.value.hint)


def test_existing_output_is_refused_before_anything_is_asked_for(tmp_path):
    save_checkpoint(ARRAYS, tmp_path / "m")

    pairs = iter([("w", np.zeros(1))])
    with pytest.raises(OutputExistsError):
        save_checkpoint(pairs, tmp_path / "m")
    assert len(list(pairs)) == 1


def test_big_endian(tmp_path):
    save_checkpoint(ARRAYS, tmp_path / "a" / "m", byteorder="big")
    save_checkpoint(sorted(ARRAYS.items()), tmp_path / "m", byteorder="big")
    assert files_of(tmp_path / "m") == files_of(tmp_path / "a" / "m")


MEMORY = """
import resource, sys
import numpy as np
from graphsurgeon.formats.save import save_checkpoint
def pairs(count):
    for n in range(count):
        yield f"w{n}", np.full(1 << 21, n, "float32")
save_checkpoint(pairs(2), sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
save_checkpoint(pairs(32), sys.argv[1], force=True)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10) - before)
"""


def test_memory_is_flat(tmp_path, root):
    """256 MiB in arrays of 8."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "m")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 24


def test_what_a_file_only_notes_is_not_taken_for_its_bytes(tmp_path):
    safetensors = pytest.importorskip("safetensors", reason="safetensors is not installed: pip install safetensors")
    tensors = {"w": as_tensor(np.array([1, 2], ml_dtypes.float8_e4m3b11fnuz)), "plain": as_tensor(1.5)}
    export_tensors(tensors, tmp_path / "x.safetensors")
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="np") as handle:
        with pytest.raises(UnsupportedError, match="'w' is a float8_e4m3b11fnuz") as caught:
            save_checkpoint(handle, tmp_path / "m")
        assert "import_tensors" in str(caught.value)
    save_checkpoint(import_tensors(tmp_path / "x.safetensors"), tmp_path / "m", force=True)
    assert load_checkpoint(tmp_path / "m")["w"].numpy().tolist() == [1, 2]
