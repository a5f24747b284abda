"""`export`: a checkpoint as a file of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from tests.formats.bundle_files import entry, header, write_files


def test_npz(verb, checkpoint, tmp_path):
    done = verb("export", checkpoint, "-o", tmp_path / "x.npz")
    assert (done.code, done.out) == (0, f"wrote {tmp_path / 'x.npz'} (2 tensors)\n")
    with np.load(tmp_path / "x.npz") as loaded:
        assert {name: loaded[name].tolist() for name in loaded.files} == {"w": [5, 6], "dense/kernel": [7]}


def test_directory(verb, checkpoint, tmp_path):
    assert verb("export", checkpoint, "-o", f"{tmp_path}/x/").code == 0
    assert np.load(tmp_path / "x" / "dense" / "kernel.npy").tolist() == [7]


def test_safetensors(verb, checkpoint, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed: pip install safetensors")
    assert verb("export", checkpoint, "-o", tmp_path / "x.safetensors").code == 0
    assert numpy.load_file(tmp_path / "x.safetensors")["w"].tolist() == [5, 6]


def test_hdf5(verb, checkpoint, tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    assert verb("export", checkpoint, "-o", tmp_path / "x.h5").code == 0
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["dense/kernel"][:].tolist() == [7]


def test_weights_for_keras(verb, tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    with h5py.File(tmp_path / "like.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.zeros(2, np.float32)
        file["layers/dense/vars"].attrs["name"] = "head"
    save_checkpoint({"head/kernel": np.ones(2, np.float32), "step": np.int64(1)}, tmp_path / "m")
    like, path = ("--like", tmp_path / "like.weights.h5"), tmp_path / "x.weights.h5"
    done = verb("export", tmp_path / "m", "-o", path, *like)
    assert done.out.splitlines() == ["skipped step: no weight of a layer", f"wrote {path} (1 tensor)"]
    with h5py.File(path) as file:
        assert file["layers/dense/vars/0"][:].tolist() == [1, 1]
    assert verb("export", tmp_path / "m", "-o", tmp_path / "y.weights.h5").code == 4
    assert verb("export", tmp_path / "m", "-o", tmp_path / "x.npz", *like).code == 2


def test_json(verb, checkpoint, tmp_path):
    answer = verb("export", checkpoint, "-o", tmp_path / "x.npz", "--json").answer
    assert (answer["schema"], answer["verb"], answer["outputs"]) == (1, "export", [str(tmp_path / "x.npz")])
    assert answer["tensors"][0] == {
        "name": "dense/kernel",
        "path": "dense/kernel",
        "dtype": "float32",
        "shape": [1],
        "stored_as": "float32",
    }
    assert (answer["skipped"], answer["format"]) == ([], "npz")


def test_a_name_that_tells_no_format_is_wrong_usage(verb, checkpoint, tmp_path):
    done = verb("export", checkpoint, "-o", tmp_path / "x.npy")
    assert done.code == 2
    assert "its name does not tell what to write" in done.err
    assert "hint: end it in .npz" in done.err
    assert verb("export", checkpoint, "-o", tmp_path / "x.npy", "--to", "npz").code == 0


def test_existing_output(verb, checkpoint, tmp_path):
    path = tmp_path / "x.npz"
    assert verb("export", checkpoint, "-o", path).code == 0
    before = path.read_bytes()
    assert verb("export", checkpoint, "-o", path, "--select", "w").code == 6
    assert path.read_bytes() == before
    assert "--force will be needed" in verb("export", checkpoint, "-o", path, "--dry-run").err
    assert verb("export", checkpoint, "-o", path, "--select", "w", "--force").code == 0
    assert path.read_bytes() != before


def test_dry_run(verb, checkpoint, tmp_path):
    done = verb("export", checkpoint, "-o", tmp_path / "x.npz", "--dry-run")
    assert (done.code, done.out) == (0, f"wrote nothing; 2 tensors as npz\nwould write {tmp_path}/x.npz\n")
    assert not (tmp_path / "x.npz").exists()


def test_selection(verb, checkpoint, tmp_path):
    answer = verb("export", checkpoint, "-o", tmp_path / "x.npz", "--exclude", "dense/.*", "--json").answer
    assert [row["name"] for row in answer["tensors"]] == ["w"]
    assert verb("export", checkpoint, "-o", tmp_path / "y.npz", "--select", "dense/kernal").code == 5


def test_explained(verb, tmp_path):
    save_checkpoint({"q/x": np.array([(1,)], dtype=[("qint8", "i1")])}, tmp_path / "m")
    done = verb("export", tmp_path / "m", "-o", f"{tmp_path}/x/", "--explain", "--dry-run")
    assert done.out.splitlines()[1].split() == ["q/x", "q/x.npy", "qint8", "[1]", "qint8", "as", "int8"]


def test_variants(verb, tmp_path):
    entries = {b"v": entry(dtypes.VARIANT, (), nbytes=9), b"w": entry(dtypes.FLOAT, (0,), crc32c=mask(crc32c(b"")))}
    prefix = write_files(tmp_path / "m", entries, bytes(9), header())
    done = verb("export", prefix, "-o", tmp_path / "x.npz")
    assert done.code == 3
    assert "tensor 'v': a variant" in done.err
    assert "--skip-unsupported" in done.err
    done = verb("export", prefix, "-o", tmp_path / "x.npz", "--skip-unsupported")
    assert done.out.startswith("skipped v: a variant has no values")
    with np.load(tmp_path / "x.npz") as loaded:
        assert loaded.files == ["w"]


def test_quiet(verb, checkpoint, tmp_path):
    assert verb("export", checkpoint, "-o", tmp_path / "x.npz", "--quiet") == (0, "", "")


def test_a_dry_run_lists_what_would_go(verb, checkpoint, tmp_path):
    out = f"{tmp_path}/arrays/"
    assert verb("export", checkpoint, "-o", out).code == 0
    done = verb("export", checkpoint, "-o", out, "--select", "w", "--force", "--dry-run", "--json")
    assert done.answer["would_write"] == [f"{out}w.npy"]
    assert done.answer["would_delete"] == [f"{out}dense/kernel.npy"]
    done = verb("export", checkpoint, "-o", out, "--select", "w", "--force", "--dry-run")
    assert f"would write {out}w.npy, in place of what is there" in done.out
    assert f"would delete {out}dense/kernel.npy" in done.out
