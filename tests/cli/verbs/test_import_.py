"""`import`: a checkpoint of a file of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.formats.load import load_checkpoint


@pytest.fixture
def npz(tmp_path):
    arrays: dict[str, Any] = {"w": np.array([5.0, 6.0], "float32"), "dense/kernel": np.array([7])}
    np.savez(tmp_path / "x.npz", **arrays)
    return tmp_path / "x.npz"


def test_checkpoint(verb, npz, tmp_path):
    done = verb("import", npz, "-o", tmp_path / "out" / "m")
    assert done.code == 0
    assert [line.split()[1] for line in done.out.splitlines()] == [
        str(tmp_path / "out" / name) for name in ("m.data-00000-of-00001", "m.index", "checkpoint")
    ]
    found = load_checkpoint(tmp_path / "out")
    assert {name: tensor.numpy().tolist() for name, tensor in found.items()} == {"dense/kernel": [7], "w": [5, 6]}


def test_directory_is_no_prefix(verb, npz, tmp_path):
    done = verb("import", npz, "-o", f"{tmp_path}/")
    assert (done.code, "is a directory" in done.err) == (2, True)


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.h5", "x/"])
def test_out_and_back(verb, checkpoint, tmp_path, name):
    if name == "x.h5":
        pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    assert verb("export", checkpoint, "-o", f"{tmp_path}/{name}").code == 0
    assert verb("import", f"{tmp_path}/{name}", "-o", tmp_path / "back" / "m").code == 0
    for suffix in (".index", ".data-00000-of-00001"):
        original = checkpoint.with_name(checkpoint.name + suffix).read_bytes()
        assert (tmp_path / "back" / f"m{suffix}").read_bytes() == original


def test_json(verb, npz, tmp_path):
    answer = verb("import", npz, "-o", tmp_path / "m", "--json").answer
    assert (answer["schema"], answer["verb"], answer["source"]) == (1, "import", str(npz))
    assert answer["tensors"] == [
        {"name": "dense/kernel", "dtype": "int64", "shape": [1]},
        {"name": "w", "dtype": "float32", "shape": [2]},
    ]
    assert len(answer["outputs"]) == 3


def test_selection(verb, npz, tmp_path):
    answer = verb("import", npz, "-o", tmp_path / "m", "--select", "w", "--json").answer
    assert [row["name"] for row in answer["tensors"]] == ["w"]
    assert verb("import", npz, "-o", tmp_path / "m2", "--exclude", "v").code == 5


def test_existing_output(verb, npz, tmp_path):
    assert verb("import", npz, "-o", tmp_path / "m").code == 0
    assert verb("import", npz, "-o", tmp_path / "m").code == 6
    done = verb("import", npz, "-o", tmp_path / "m", "--dry-run")
    assert (done.code, done.out.splitlines()[-1]) == (0, f"would write {tmp_path}/checkpoint")
    assert "--force will be needed" in done.err
    assert verb("import", npz, "-o", tmp_path / "m", "--force").code == 0


def test_dry_run(verb, npz, tmp_path):
    assert verb("import", npz, "-o", tmp_path / "m", "--dry-run", "--json").answer["outputs"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_pickles(verb, tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([{}], dtype=object))
    done = verb("import", tmp_path / "x.npz", "-o", tmp_path / "m", "--json")
    assert (done.code, done.error["type"]) == (3, "UnsupportedError")
    assert "pickled" in done.error["message"]


def test_damage_is_no_checkpoint(verb, npz, tmp_path):
    np.savez(npz, w=np.zeros(10000))
    data = bytearray(npz.read_bytes())
    data[50000] ^= 1
    npz.write_bytes(data)
    assert verb("import", npz, "-o", tmp_path / "m").code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_something_else(verb, graph, tmp_path):
    assert verb("import", graph, "-o", tmp_path / "m").code == 3
    assert verb("import", tmp_path / "nothing.npz", "-o", tmp_path / "m").code == 5


def test_library_that_is_not_installed(verb, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    done = verb("import", tmp_path / "x.h5", "-o", tmp_path / "m")
    assert done.code == 4  # the file is well
    assert "hint: pip install h5py" in done.err
