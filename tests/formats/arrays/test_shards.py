"""Weights in several files that a map lists are those of one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
from graphsurgeon.formats.detect import detect
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError

NAMES = {"inner/d1/0": (3, 2), "inner/d1/1": (2,), "head/0": (2, 4), "head/1": (4,)}
PLACES = {"inner/d1": "layers/sequential/layers/dense", "head": "layers/dense"}


def mapped(path: Path, *files: Any) -> Path:
    path.write_text(json.dumps({"metadata": {}, "weight_map": {str(n): file for n, file in enumerate(files)}}))
    return path


@pytest.fixture
def keras(tmp_path: Path) -> Path:
    """What Keras writes: a layer in two files, its name where it was begun, and a model around another elsewhere."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    for number, (name, shape) in enumerate(NAMES.items()):
        layer, _, index = name.rpartition("/")
        with h5py.File(tmp_path / f"m_{number:05}.weights.h5", "w") as file:
            group = file.create_group(f"{PLACES[layer]}/vars")
            if index == "0":
                group.attrs["name"] = layer.rpartition("/")[2]
            group.create_dataset(index, data=np.full(shape, number, np.float32))
            if number == 3:
                file.create_group("layers/sequential/vars").attrs["name"] = "inner"
    return mapped(tmp_path / "m.weights.json", *[f"m_{n:05}.weights.h5" for n in range(3)], ["m_00003.weights.h5"])


def test_layers_are_named_across_files(keras: Path):
    found = import_tensors(keras)
    assert {name: tensor.shape for name, tensor in found.items()} == NAMES
    assert [found[name].numpy().flat[0] for name in NAMES] == [0, 1, 2, 3]
    assert sorted(import_tensors(keras, names="paths"))[0] == "layers/dense/vars/0"


def test_safetensors_with_an_index(tmp_path: Path):
    for number in (1, 2):
        array: Any = np.full(2, number, np.float32)
        export_tensors({f"w{number}": array}, tmp_path / f"m-{number}.safetensors")
    path = mapped(tmp_path / "m.safetensors.index.json", "m-1.safetensors", "m-2.safetensors")
    assert {name: tensor.numpy().tolist() for name, tensor in import_tensors(path).items()} == {
        "w1": [1, 1],
        "w2": [2, 2],
    }
    (tmp_path / "m-2.safetensors").write_bytes((tmp_path / "m-1.safetensors").read_bytes())
    with pytest.raises(CorruptionError, match="'w1' is in another file, too"):
        import_tensors(path)


@pytest.mark.parametrize(
    ("files", "kind", "reason"),
    [
        (["gone.h5"], NotFoundError, r"no file of weights '.*gone\.h5'"),
        (["../x.h5"], UnsupportedError, "is elsewhere"),
        (["/etc/passwd"], UnsupportedError, "is elsewhere"),
        (["x.bin"], UnsupportedError, "neither HDF5 nor safetensors"),
        (["x.h5", "y.safetensors"], UnsupportedError, "neither HDF5 nor safetensors"),
        ([3], CorruptionError, "lists no files"),
        ([], CorruptionError, "lists no files"),
    ],
)
def test_maps_that_lead_nowhere(tmp_path: Path, files: list[Any], kind: type[Exception], reason: str):
    with pytest.raises(kind, match=reason):
        import_tensors(mapped(tmp_path / "m.weights.json", *files))


@pytest.mark.parametrize("text", ['{"weight_map": [', '{"weight_map": 3}', '{"a": {"weight_map": {}}}'])
def test_what_is_no_map(tmp_path: Path, text: str):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(CorruptionError, match="no JSON with a weight_map"):
        import_tensors(tmp_path / "m.json")


def test_other_verbs_say_that_it_can_be_imported(tmp_path: Path):
    with pytest.raises(UnsupportedError, match="a map of weights in several files") as caught:
        detect(mapped(tmp_path / "m.weights.json", "x.h5"))
    assert "import" in str(caught.value.hint)
