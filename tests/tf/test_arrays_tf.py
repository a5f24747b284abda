"""Files of arrays as TensorFlow's users have them: Keras's HDF5 becomes a checkpoint that TensorFlow reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.formats.arrays.transfer import export_tensors, import_tensors
from tests.formats.arrays.samples import files_of
from tests.tf.bundle_specs import STORABLE, STORABLE_V1, by_name, digests, many, tensor
from tests.tf.judge import TensorFlow


@pytest.mark.parametrize("name", ["dense", "convolutions"])
def test_weights_of_keras(tf2: TensorFlow, tmp_path: Path, name: str):
    pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    made: Any = tf2.call("keras_files:save", directory=str(tmp_path), name=name)
    for layout, path in made["files"].items():
        gs.save_checkpoint(import_tensors(path, names="paths"), tmp_path / layout / "m")
        read = tf2.call("bundles:read", prefix=str(tmp_path / layout / "m"))
        assert read == made["found"][layout]
        assert set(made["weights"]) <= set(read.values())


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.h5", "x/"])
def test_checkpoint_that_went_out_and_came_back(tf2: TensorFlow, tmp_path: Path, name: str):
    if name == "x.h5":
        pytest.importorskip("h5py", reason="h5py is not installed: pip install h5py")
    prefix = str(tmp_path / "a" / "m")
    specs = by_name(many(60, STORABLE))
    tf2.call("bundles:save", prefix=prefix, specs=specs)
    export_tensors(gs.load_checkpoint(prefix), f"{tmp_path}/{name}")
    gs.save_checkpoint(import_tensors(f"{tmp_path}/{name}"), tmp_path / "b" / "m")
    assert tf2.call("bundles:read", prefix=str(tmp_path / "b" / "m")) == digests(specs)
    assert files_of(tmp_path / "b" / "m") == files_of(tmp_path / "a" / "m")


def test_values_in_any_order(tf: TensorFlow, tmp_path: Path):
    """What comes one at a time is written as it comes; TensorFlow finds it all the same."""
    specs = by_name(many(60, STORABLE_V1, seed=5))[::-1]
    (tmp_path / "m").mkdir()
    gs.save_checkpoint(((spec["name"], tensor(spec)) for spec in specs), tmp_path / "m" / "m.ckpt")
    assert tf.call("bundles:read", prefix=str(tmp_path / "m" / "m.ckpt")) == digests(specs)
