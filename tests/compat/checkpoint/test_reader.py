"""The checkpoint reader, on our own files; `tests/tf` holds it against TensorFlow's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon import errors
from graphsurgeon.compat.checkpoint import NewCheckpointReader
from graphsurgeon.compat.errors import DataLossError, InternalError, NotFoundError, OpError, UnimplementedError
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from tests.formats.bundle_files import entry, write_files, write_slices
from tests.formats.v1_files import ALL, one, write_v1

VALUES: dict[str, np.ndarray[Any, Any]] = {
    "w": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
    "step": np.array(7, np.int64),
    "names": np.array([b"a", b"\xff"], object),
    "name": np.array(b"x", object),
    "a/none": np.zeros([0, 3], np.float32),
}


@pytest.fixture
def v2(tmp_path: Path) -> str:
    save_checkpoint(VALUES, tmp_path / "m")
    return f"{tmp_path}/m"


@pytest.fixture
def v1(tmp_path: Path) -> str:
    half = {((0, 1), ALL): bytes(12), ((1, 1), ALL): bytes(12)}
    tensors = {
        "w": one(dtypes.FLOAT, [2, 3], VALUES["w"].tobytes()),
        "part": (dtypes.FLOAT, [2, 3], half),
        "flag": one(dtypes.BOOL, [2], b"\1\0"),
    }
    return str(write_v1(tmp_path / "v1", tensors))


def test_values(v2):
    reader = NewCheckpointReader(v2)
    assert reader.get_tensor("w").tolist() == VALUES["w"].tolist()
    assert reader.get_tensor(b"w").dtype == np.float32
    assert reader.get_tensor("a/none").shape == (0, 3)
    assert reader.get_tensor("names").tolist() == [b"a", b"\xff"]


def test_scalars_are_no_arrays(v2):
    step, name = (NewCheckpointReader(v2).get_tensor(each) for each in ("step", "name"))
    assert isinstance(step, np.int64)
    assert step == 7
    assert name == b"x"


def test_what_is_read_is_the_callers(v2):
    reader = NewCheckpointReader(v2)
    reader.get_tensor("w")[:] = 0
    assert reader.get_tensor("w")[0, 0] == 1


def test_maps(v2):
    reader = NewCheckpointReader(Path(v2))
    shapes, kinds = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    assert shapes == {"a/none": [0, 3], "name": [], "names": [2], "step": [], "w": [2, 3]}
    assert list(shapes) == list(kinds) == sorted(VALUES)
    assert kinds["w"] == np.float32
    assert kinds["names"] == "string"


def test_has_tensor(v2):
    reader = NewCheckpointReader(v2.encode())
    assert [reader.has_tensor(name) for name in ("w", b"w", "w:0", "W", "")] == [True, True, False, False, False]
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        reader.has_tensor(3)  # type: ignore[arg-type]


def test_missing_tensor(v2, v1):
    with pytest.raises(NotFoundError, match=r"^Key ww not found in checkpoint$") as caught:
        NewCheckpointReader(v2).get_tensor("ww")
    assert (caught.value.kind, caught.value.name) == ("tensor", "ww")
    with pytest.raises(NotFoundError, match=r"^ww not found in checkpoint file$"):
        NewCheckpointReader(v1).get_tensor("ww")


def test_text(v2):
    lines = NewCheckpointReader(v2).debug_string().decode().splitlines()
    assert lines == ["a/none (DT_FLOAT) [0,3]", "name (DT_STRING) []", "names (DT_STRING) [2]", "step (DT_INT64) []",
                     "w (DT_FLOAT) [2,3]"]  # fmt: skip


def test_text_of_slices(tmp_path):
    parts = {((0, 3), ALL): bytes(24), ((3, 4), ALL): bytes(32)}
    entries = {b"a": entry(dtypes.INT32, [2], crc32c=0)}
    write_slices(tmp_path / "m", "w", dtypes.FLOAT, [7, 2], parts, entries=entries)
    reader = NewCheckpointReader(tmp_path / "m")
    first, second, last = reader.debug_string().splitlines()
    assert first.startswith(b"\0w\0\1\1")
    assert first.endswith(b" (DT_FLOAT) [3,2]")
    assert second.endswith(b" (DT_FLOAT) [4,2]")
    assert last == b"a (DT_INT32) [2]"
    assert reader.get_variable_to_shape_map() == {"a": [2], "w": [7, 2]}
    assert reader.get_tensor("w").shape == (7, 2)


def test_v1(v1):
    reader = NewCheckpointReader(v1)
    assert reader.debug_string() == b"flag (DT_BOOL) [2]\npart (DT_FLOAT) [2,3], 2 slices\nw (DT_FLOAT) [2,3]\n"
    assert reader.get_tensor("w").tolist() == VALUES["w"].tolist()
    assert reader.get_tensor("part").shape == (2, 3)
    assert reader.get_tensor("flag").tolist() == [True, False]


def test_v1_shards_by_their_pattern(tmp_path):
    for number in range(2):
        tensors = {f"w{number}": one(dtypes.FLOAT, [1], bytes(4))}
        write_v1(tmp_path / f"m-{number:05d}-of-00002", tensors)
    for pattern in ("m-?????-of-00002", "m-*"):
        assert sorted(NewCheckpointReader(tmp_path / pattern).get_variable_to_shape_map()) == ["w0", "w1"]
    one_of_them = NewCheckpointReader(tmp_path / "m-00001-of-00002")
    assert list(one_of_them.get_variable_to_shape_map()) == ["w1"]
    with pytest.raises(NotFoundError):
        NewCheckpointReader(tmp_path / "m")


def test_pattern_of_several_checkpoints(tmp_path):
    for name in "ab":
        write_v1(tmp_path / name, {"w": one(dtypes.FLOAT, [1], bytes(4))})
    with pytest.raises(UnimplementedError, match="several checkpoints"):
        NewCheckpointReader(tmp_path / "[ab]")
    assert NewCheckpointReader(tmp_path / "[a]").has_tensor("w")


@pytest.mark.parametrize("name", ["nothing", "nowhere/nothing", ""])
def test_nothing_there(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    message = f"^Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {name}$"
    with pytest.raises(NotFoundError, match=message):
        NewCheckpointReader(name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"x" * 100, r"not an sstable \(bad magic number\)"), (b"x", "file is too short to be an sstable")],
)
def test_no_checkpoint(tmp_path, content, reason):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataLossError, match=f"^Unable to open table file .*file: Data loss: {reason}: perhaps"):
        NewCheckpointReader(tmp_path / "file")
    (tmp_path / "m.index").write_bytes(content)
    with pytest.raises(DataLossError, match=reason):
        NewCheckpointReader(tmp_path / "m")


def test_member_of_a_checkpoint(v2):
    for suffix in (".index", ".data-00000-of-00001"):
        with pytest.raises(DataLossError):
            NewCheckpointReader(v2 + suffix)


def test_directory(tmp_path):
    with pytest.raises(DataLossError, match="Is a directory"):
        NewCheckpointReader(tmp_path)


def test_missing_shard_is_found_when_it_is_read(v2):
    os.unlink(f"{v2}.data-00000-of-00001")
    reader = NewCheckpointReader(v2)
    assert reader.has_tensor("w")
    with pytest.raises(NotFoundError, match=r"data-00000-of-00001; No such file or directory$"):
        reader.get_tensor("w")


def test_damaged_values(v2):
    path = Path(f"{v2}.data-00000-of-00001")
    path.write_bytes(bytes(byte ^ 0xFF for byte in path.read_bytes()))
    reader = NewCheckpointReader(v2)
    with pytest.raises(DataLossError, match="Checksum does not match") as caught:
        reader.get_tensor("w")
    assert caught.value.path == str(path)


def test_damaged_index(v2):
    path = Path(f"{v2}.index")
    data = bytearray(path.read_bytes())
    data[3] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DataLossError):
        NewCheckpointReader(v2)


def test_variants_have_no_array(tmp_path):
    write_files(tmp_path / "m", {b"v": entry(dtypes.VARIANT, [1], nbytes=5)}, bytes(5))
    reader = NewCheckpointReader(tmp_path / "m")
    assert reader.get_variable_to_dtype_map()["v"].name == "variant"
    with pytest.raises(InternalError, match="not convertible to numpy dtype"):
        reader.get_tensor("v")


def test_errors_are_of_both_trees(tmp_path):
    with pytest.raises(OpError) as caught:
        NewCheckpointReader(tmp_path / "m")
    assert isinstance(caught.value, errors.NotFoundError)
    assert isinstance(caught.value, KeyError)


def read_all(prefix: object) -> None:
    """Read everything there is; what is wrong has to be said as TensorFlow says it."""
    with contextlib.suppress(OpError):
        reader = NewCheckpointReader(str(prefix))
        reader.debug_string()
        for name in reader.get_variable_to_shape_map():
            with contextlib.suppress(OpError):
                reader.get_tensor(name)


@pytest.mark.parametrize("name", ["m.index", "m.data-00000-of-00001", "v1"])
def test_damage_anywhere_is_an_op_error(v2, v1, tmp_path, name):
    path = tmp_path / name
    whole = path.read_bytes()
    prefix = tmp_path / name.split(".")[0]
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        read_all(prefix)
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        path.write_bytes(flipped)
        read_all(prefix)
    path.write_bytes(whole)
    assert NewCheckpointReader(prefix).has_tensor("w")
