"""Files for `load_weights`; Keras itself loads them in tests/tf/test_keras_tf.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays import keras_h5
from graphsurgeon.formats.arrays.transfer import export_tensors, format_of_path, import_tensors
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from tests.formats.arrays.keras_models import checkpoint, dense

h5py: Any = pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
WEIGHTS = {"a/0": (3, 2), "a/1": (2,)}


@pytest.fixture
def like(tmp_path: Path) -> str:
    """A file as Keras saves it, with the state of an optimizer."""
    path = str(tmp_path / "like.weights.h5")
    with h5py.File(path, "w") as file:
        for group, name, shapes in (("layers/dense", "a", [(3, 2), (2,)]), ("optimizer", "sgd", [()])):
            for number, shape in enumerate(shapes):
                file[f"{group}/vars/{number}"] = np.zeros(shape, np.float32)
            file[f"{group}/vars"].attrs["name"] = name
    return path


def given(**more: tuple[int, ...]) -> dict[str, Tensor]:
    shapes = {**WEIGHTS, **more}
    return {
        name: as_tensor(np.full(shape, number + 1, np.float32)) for number, (name, shape) in enumerate(shapes.items())
    }


def test_the_layout_of_a_file(like, tmp_path):
    path = str(tmp_path / "x.weights.h5")
    assert format_of_path(path) == "keras_h5"
    report = export_tensors(given(), path, like=like)
    assert [(row.name, row.path) for row in report.tensors] == [
        ("a/0", "layers/dense/vars/0"), ("a/1", "layers/dense/vars/1"),
    ]  # fmt: skip
    assert report.notes[0].startswith("without the state of the optimizer")
    with h5py.File(path) as file:
        assert file["layers/dense/vars"].attrs["name"] == "a"
        assert "optimizer" not in file
    assert {name: tensor.numpy().tolist() for name, tensor in import_tensors(path).items()} == {
        name: tensor.numpy().tolist() for name, tensor in given().items()
    }
    export_tensors({**given(), "sgd/0": as_tensor(np.float32(7))}, path, like=like, force=True)
    assert import_tensors(path)["sgd/0"].numpy() == 7


def test_attributes_keep_their_types(like, tmp_path):
    """Keras of TensorFlow 1.15 decodes its version, which h5py 2 gives as bytes where the type is ASCII."""
    path = str(tmp_path / "x.weights.h5")
    with h5py.File(like, "a") as file:
        file.attrs["keras_version"] = b"2.2.4-tf"
        file.attrs["words"] = np.array([b"a", b"bc"])
    export_tensors(given(), path, like=like)
    with h5py.File(path) as file, h5py.File(like) as of:
        for key in ("keras_version", "words"):
            types = [each.attrs.get_id(key).get_type() for each in (file, of)]
            assert types[0] == types[1]
            assert types[0].get_cset() == h5py.h5t.CSET_ASCII
        assert file.attrs["keras_version"] == of.attrs["keras_version"]


def test_the_layout_of_objects(tmp_path):
    path = str(tmp_path / "x.weights.h5")
    report = export_tensors(checkpoint(dense("dense_4"), dense("head")), path)
    assert report.notes == ["load_weights says so where a layer is of another class than guessed: head is a dense"]
    assert list(import_tensors(path)) == ["dense_4/0", "dense_4/1", "head/0", "head/1"]


def test_paths_are_a_layout(tmp_path):
    tensors = {"layers/dense/vars/0": as_tensor(1.0)}
    assert [row.path for row in export_tensors(tensors, tmp_path / "x.weights.h5").tensors] == ["layers/dense/vars/0"]


def test_what_is_missing_or_has_no_place(like):
    with pytest.raises(PassError, match=r"1 of 3 weights of .* have no tensor: a/1 \[2\]"):
        keras_h5.plan({"a/0": given()["a/0"]}, like=like)
    with pytest.raises(PassError, match="1 variables have no place in that layout: b/kernel"):
        keras_h5.plan(given(**{"b/kernel": (3, 2)}), like=like)
    assert [row.name for row in keras_h5.plan(given(step=()), like=like).skipped] == ["step"]


def test_where_like_means_nothing(like, tmp_path):
    with pytest.raises(PassError, match="`like` is for keras_h5"):
        export_tensors(given(), tmp_path / "x.npz", like=like)
    with pytest.raises(PassError, match="no object graph"):
        export_tensors(given(), tmp_path / "x.weights.h5")


def test_names_by_which_keras_looks_for_the_other_layout(like, tmp_path):
    with pytest.raises(PassError, match="in the layout of Keras 2, and this is that of Keras 3"):
        export_tensors(given(), tmp_path / "x.h5", to="keras_h5", like=like)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file["a/a/kernel:0"] = np.zeros((3, 2), np.float32)
        file["a"].attrs["weight_names"] = ["a/kernel:0"]
    tensors = {"a/kernel": given()["a/0"]}
    with pytest.raises(PassError, match="in the layout of Keras 3, and this is that of Keras 2"):
        export_tensors(tensors, tmp_path / "x.weights.h5", like=tmp_path / "old.h5")
    export_tensors(tensors, tmp_path / "x.h5", to="keras_h5", like=tmp_path / "old.h5")
    assert list(import_tensors(tmp_path / "x.h5")) == ["a/kernel"]
