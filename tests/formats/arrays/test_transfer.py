"""Out and back: every format gives the very checkpoint again."""

from __future__ import annotations

import errno
import io
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from graphsurgeon.formats.arrays.transfer import detect, export_tensors, format_of_path, import_tensors
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import OpaqueTensor, as_tensor
from proto_utils.errors import CorruptionError, NotFoundError, OutputExistsError, UnsupportedError
from tests.formats.arrays.samples import checkpoints, every_dtype, files_of

OUTPUTS = ["x.npz", "x.safetensors", "x.h5", "x/"]


@pytest.fixture(params=OUTPUTS)
def output(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to write, once for each format."""
    if request.param == "x.h5":
        pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    return f"{tmp_path}/out/{request.param}"


def test_checkpoint_comes_back_byte_for_byte(output, tmp_path):
    save_checkpoint(every_dtype(), tmp_path / "a" / "m")
    report = export_tensors(load_checkpoint(tmp_path / "a" / "m"), output)
    assert report.outputs == [output]
    save_checkpoint(import_tensors(output), tmp_path / "b" / "m")
    assert files_of(tmp_path / "a" / "m") == files_of(tmp_path / "b" / "m")


@settings(max_examples=60)
@given(tensors=checkpoints())
@pytest.mark.parametrize("name", OUTPUTS)
def test_any_checkpoint_comes_back_byte_for_byte(name, tensors):
    if name == "x.h5":
        pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    with tempfile.TemporaryDirectory() as directory:
        save_checkpoint(tensors, Path(directory, "a", "m"))
        export_tensors(load_checkpoint(Path(directory, "a", "m")), f"{directory}/{name}")
        save_checkpoint(import_tensors(f"{directory}/{name}"), Path(directory, "b", "m"))
        assert files_of(Path(directory, "a", "m")) == files_of(Path(directory, "b", "m"))


def test_what_was_written(output):
    report = export_tensors({"b/w": as_tensor([1.5]), "a": as_tensor(True)}, output)
    assert sorted((row.name, row.dtype, row.shape) for row in report.tensors) == [
        ("a", "bool", []),
        ("b/w", "float64", [1]),
    ]
    assert report.to_json().keys() == {"outputs", "format", "tensors", "skipped", "notes"}
    assert list(import_tensors(output)) == ["a", "b/w"]


def test_existing_output(output):
    export_tensors({"a": as_tensor(1)}, output)
    with pytest.raises(OutputExistsError):
        export_tensors({"b": as_tensor(1)}, output)
    assert list(import_tensors(output)) == ["a"]
    export_tensors({"b": as_tensor(1)}, output, force=True)
    assert list(import_tensors(output)) == ["b"]


def test_dry_run_writes_nothing_and_refuses_all_the_same(output, tmp_path):
    report = export_tensors({"a": as_tensor(1)}, output, dry_run=True)
    assert (report.outputs, [row.name for row in report.tensors]) == ([], ["a"])
    with pytest.raises(UnsupportedError):
        export_tensors({"h": OpaqueTensor(dtypes.VARIANT, ())}, output, dry_run=True)
    assert list(tmp_path.iterdir()) == []


def test_resources_are_refused_by_name_or_skipped(output):
    tensors = {"a": as_tensor(1), "h": OpaqueTensor(dtypes.RESOURCE, ())}
    with pytest.raises(UnsupportedError, match="tensor 'h': a resource") as caught:
        export_tensors(tensors, output)
    assert caught.value.hint == "`skip_unsupported=True` leaves it out"
    report = export_tensors(tensors, output, skip_unsupported=True, force=True)
    assert [(row.name, row.reason) for row in report.skipped] == [
        ("h", "a resource has no values that other programs could read")
    ]
    assert list(import_tensors(output)) == ["a"]


def test_what_can_be_read_of_a_damaged_checkpoint(output, tmp_path):
    save_checkpoint({"a": as_tensor([1.0, 2.0]), "b": as_tensor([3.0]), "c": as_tensor([4.0])}, tmp_path / "x")
    data = tmp_path / "x.data-00000-of-00001"
    content = data.read_bytes()
    data.write_bytes(content[:16] + bytes([content[16] ^ 1]) + content[17:28])
    tensors = load_checkpoint(tmp_path / "x")
    with pytest.raises(CorruptionError, match="truncated"):
        export_tensors(tensors, output)
    assert not Path(output).exists()
    report = export_tensors(tensors, output, readable=True, force=True)
    assert [row.name for row in report.tensors] == ["a"]
    assert [(row.name, "checksum" in row.reason) for row in report.skipped] == [("b", True), ("c", False)]
    assert import_tensors(output)["a"].numpy().tolist() == [1, 2]


def test_damaged_source_leaves_nothing(output, tmp_path):
    save_checkpoint({"a": np.ones(3), "b": np.ones(3)}, tmp_path / "m")
    data = tmp_path / "m.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    with pytest.raises(UnsupportedError.__base__, match="checksum"):  # type: ignore[arg-type]
        export_tensors(load_checkpoint(tmp_path / "m"), output)
    assert not os.path.exists(output)
    assert not any(path.name.startswith(".") for path in tmp_path.rglob("*"))


def test_selection(tmp_path):
    tensors = {name: as_tensor(1) for name in ("a/w", "a/b", "c/w")}
    report = export_tensors(tensors, tmp_path / "x.npz", select=("a/.*", "c/w"), exclude=(".*/b",))
    assert [row.name for row in report.tensors] == ["a/w", "c/w"]
    with pytest.raises(NotFoundError):
        export_tensors(tensors, tmp_path / "x.npz", select=("a",))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x.npz", "npz"),
        ("X.NPZ", "npz"),
        ("x.safetensors", "safetensors"),
        ("x.h5", "h5"),
        ("x.hdf5", "h5"),
        ("x/", "npy"),
    ],
)
def test_format_by_name(path, expected):
    assert format_of_path(path) == expected


def test_format_of_an_existing_directory(tmp_path):
    assert format_of_path(str(tmp_path)) == "npy"


@pytest.mark.parametrize("path", ["x", "x.npy", "x.pb"])
def test_name_that_does_not_tell(path):
    with pytest.raises(UnsupportedError) as caught:
        format_of_path(path)
    assert ".safetensors" in str(caught.value.hint)


def test_format_by_option(tmp_path):
    export_tensors({"a": as_tensor(1)}, tmp_path / "weights", to="npz")
    assert detect(str(tmp_path / "weights")) == "npz"
    with pytest.raises(UnsupportedError, match="no format is called 'zip'"):
        export_tensors({}, tmp_path / "x", to="zip")  # type: ignore[arg-type]


def test_source_is_known_by_its_bytes(output):
    export_tensors({"a": as_tensor(1)}, output)
    other = output.rstrip("/") + "_"
    os.rename(output, other)
    assert list(import_tensors(other)) == ["a"]


def test_hdf5_behind_something_else(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    with h5py.File(tmp_path / "x", "w", userblock_size=1024) as file:
        file["a"] = [1.5]
    assert import_tensors(tmp_path / "x")["a"].numpy().tolist() == [1.5]


def saved_npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(1))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "an empty file"),
        (b"\x80\x02}", "pickle"),
        (saved_npy(), "NumPy array"),
        (b"{}", "JSON"),
        (b"a\nb", "text"),
    ],
)
def test_something_else(tmp_path, data, match):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UnsupportedError, match=match) as caught:
        import_tensors(tmp_path / "x")
    assert "SRC is" in str(caught.value.hint)


def test_nothing_there(tmp_path):
    with pytest.raises(NotFoundError):
        import_tensors(tmp_path / "x.npz")


FULL = """
import resource, signal, sys
from graphsurgeon.tensors import dtypes
from graphsurgeon.formats.arrays.transfer import export_tensors
from graphsurgeon.tensors.values import FillTensor
tensors = {"a": FillTensor(dtypes.FLOAT, (100,)), "w": FillTensor(dtypes.FLOAT, (1 << 20,))}
export_tensors(tensors, sys.argv[1], dry_run=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    export_tensors(tensors, sys.argv[1], force=True)
except OSError as error:
    print(error.errno, error.filename)
"""


def test_full_disk(output, root, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", FULL, output]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.EFBIG), output]
    assert list(tmp_path.iterdir()) == []


MEMORY = """
import resource, sys
from graphsurgeon.tensors import dtypes
from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors.values import FillTensor
small = {"w": FillTensor(dtypes.FLOAT, (64, 1 << 10))}
large = {"w": FillTensor(dtypes.FLOAT, (64, 1 << 20))}
def run(tensors):
    export_tensors(tensors, sys.argv[1], force=True)
    save_checkpoint(import_tensors(sys.argv[1]), sys.argv[1].rstrip("/") + ".ckpt", force=True)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = run(small)
print(run(large) - before)
"""


def test_memory_is_flat(output, root):
    """256 MiB go out and in again."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", MEMORY, output]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 40


def test_many_arrays_need_few_open_files(tmp_path):
    tensors = {f"scope{n % 7}/w{n}": as_tensor(n) for n in range(300)}
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        export_tensors(tensors, f"{tmp_path}/x/")
        found = {name: int(tensor.numpy()) for name, tensor in import_tensors(tmp_path / "x").items()}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == {name: int(tensor.numpy()) for name, tensor in tensors.items()}


@pytest.mark.parametrize("output", ["x.npz", "x/", "x.h5"])
def test_what_is_no_tensor_may_be_left_out(tmp_path, output):
    path = f"{tmp_path}/{output}"
    objects = np.array([{}], dtype=object)
    if output == "x.npz":
        np.savez(path, good=np.ones(2), bad=objects)
    elif output == "x/":
        Path(path).mkdir()
        np.save(f"{path}good.npy", np.ones(2))
        np.save(f"{path}bad.npy", objects)
    else:
        h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
        with h5py.File(path, "w") as file:
            file["good"] = np.ones(2)
            file.create_dataset("bad", (1,), dtype=h5py.ref_dtype)
    with pytest.raises(UnsupportedError) as caught:
        import_tensors(path)
    assert caught.value.hint == "`exclude='bad'` leaves it out"
    assert list(import_tensors(path, exclude=("bad",))) == ["good"]
    assert list(import_tensors(path, select=("good",))) == ["good"]


def test_graphs_and_checkpoints_are_told_that_they_need_no_import(tmp_path, fixtures):
    save_checkpoint({}, tmp_path / "m")
    for path, kind in (
        (fixtures / "cond.pb", "a GraphDef"),
        (fixtures / "mobile_cnn.ckpt.meta", "a MetaGraphDef"),
        (fixtures / "mobile_cnn.ckpt", "a checkpoint"),
        (tmp_path, "a checkpoint"),
    ):
        with pytest.raises(UnsupportedError, match=f"no file of arrays: this is {kind}") as caught:
            import_tensors(path)
        assert "unfreeze" in str(caught.value.hint)
    with pytest.raises(NotFoundError, match="no file"):
        import_tensors(tmp_path / "nothing")


def test_arrays_are_exported_as_tensors_are(tmp_path):
    array: Any = np.arange(3, dtype=np.float32)
    export_tensors({"w": array}, tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["w"].tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="not a ndarray"):
        export_tensors(array, tmp_path / "y.npz")
