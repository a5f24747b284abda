"""A layer of Keras 3 serves what it did, whatever becomes of the objects that alone restore its variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.model import Model
from tests.tf.judge import TensorFlow

X = [[1.0, 2.0]]
SERVED = "StatefulPartitionedCall"


@pytest.fixture
def layer(tf2: TensorFlow, tmp_path: Path) -> str:
    tf2.call("saved_models:make_layer", directory=str(tmp_path / "layer"))
    return str(tmp_path / "layer")


def keep_saver(model: Model) -> object:
    assert model.meta is not None
    return gs.prune(model, outputs=(SERVED, model.meta.saver_def.restore_op_name))


EDITS: dict[str, Callable[[Model], object]] = {
    "pruned": lambda model: gs.prune(model, outputs=(SERVED,)),
    "copies_kept": lambda model: gs.prune(model, outputs=(SERVED, "Variable/Read/ReadVariableOp")),
    "saver_kept": keep_saver,
    "copy_removed": lambda model: gs.remove(model, nodes=("Variable", "Variable/.*")),
    "joined": lambda model: gs.join(model, model.copy(), prefixes=("a", "b")),
    "read_removed": lambda model: gs.remove(model, nodes=("Variable/Read/ReadVariableOp",)),
}


def test_what_the_saver_left_out_is_restored(tf2: TensorFlow, tmp_path: Path, layer: str):
    paths = {name: str(tmp_path / name) for name in EDITS}
    for name, edit in EDITS.items():
        model = gs.load(layer)
        edit(model)
        gs.save(model, paths[name], to="saved_model")
    found = tf2.call("saved_models:served", directories=[layer, *paths.values()], x=X)
    (wanted,), by_saver = found[layer][0].values(), found[layer][1]
    # TensorFlow's own saver does not restore what the signature reads.
    assert by_saver == {"serving_default": "a variable"}
    for name, path in paths.items():
        objects, saver = found[path]
        assert set(map(str, objects.values())) == {str(wanted)}, name
        # Where the old saver stays, so do the objects.
        assert saver == (by_saver if name == "read_removed" else objects), name


def test_a_meta_restores_what_signatures_read(tf2: TensorFlow, tmp_path: Path, layer: str):
    gs.save(gs.load(layer), tmp_path / "model.ckpt")
    wanted = tf2.call("saved_models:served", directories=[layer], x=X)[layer][0]
    assert tf2.call("saved_models:served_from_meta", prefix=str(tmp_path / "model.ckpt"), x=X) == wanted
