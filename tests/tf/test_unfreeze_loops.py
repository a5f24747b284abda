"""What `unfreeze` says of while loops is what TensorFlow does."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_trains, thaw


def test_without_contexts_only_what_comes_after_trains(tf: TensorFlow, tmp_path: Path):
    made = tf.call("looping:make", directory=str(tmp_path))
    (note,) = thaw(made["pb"], tmp_path / "thawed.ckpt", contexts=False)["notes"]
    assert "cannot differentiate the while loop 'while/while_context'" in note
    found = tf.call("looping:gradients", prefix=str(tmp_path / "thawed.ckpt"))
    assert found == {"before": "AttributeError", "inside": "AttributeError", "after": "ok"}


def test_with_contexts_all_train_in_v1_mode(tf: TensorFlow, tmp_path: Path):
    made = tf.call("looping:make", directory=str(tmp_path))
    model = gs.load(made["prefix"])
    gs.freeze(model, outputs=("output",), keep=("after",))
    (note,) = gs.unfreeze(model).notes
    assert note.startswith("weights of the while loop 'while/while_context' train in v1 mode")
    gs.save(model, str(tmp_path / "thawed.ckpt"))
    assert_trains(tf, tmp_path / "thawed.ckpt", made["outputs"])


def test_in_eager_tensorflow_2_those_of_a_saved_model_do(tf2: TensorFlow, tmp_path: Path):
    made = tf2.call("looping:make", directory=str(tmp_path), resource=True)
    for source in (made["pb"], made["prefix"]):
        model = gs.load(source)
        if source == made["prefix"]:
            gs.freeze(model, outputs=("output",), keep=("after",))
        (note,) = gs.unfreeze(model, variables="resource").notes
        assert "eager TensorFlow 2" in note
        gs.save(model, str(tmp_path / Path(source).suffix), to="saved_model")
        assert tf2.call("looping:eager", directory=str(tmp_path / Path(source).suffix)) is None
