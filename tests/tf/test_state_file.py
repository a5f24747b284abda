"""State files: TensorFlow's text from the same facts, and TensorFlow's reading of ours."""

from __future__ import annotations

import os

import pytest

from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.formats.state_file import CheckpointState, latest_checkpoint, read_state, write_state
from graphsurgeon.tensors import dtypes
from proto_utils.output import Transaction
from tests.tf.bundle_specs import many, tensors

FACTS = [
    ("out", ["out/model.ckpt-1", "out/model.ckpt-2"], (), 0.0),
    ("out", ["out/sub/model.ckpt", "other/model.ckpt"], (), 0.0),
    ("out", ["out/a"], (1700000000.1234567,), 1e-7),
    ("out", ["out/a", "out/b"], (1.0, 1e300), 1571234567.0),
    ("out", ['out/a "quoted" \\ name', "out/tab\tnew\nline"], (), 0.0),
    (".", ["model.ckpt"], (), 0.0),
]


@pytest.mark.parametrize(("directory", "paths", "times", "preserved"), FACTS)
def test_our_text_is_tensorflows(tf, tmp_path, monkeypatch, directory, paths, times, preserved):
    (tmp_path / "out").mkdir()
    case = {"save_dir": directory, "model_checkpoint_path": paths[-1], "all_model_checkpoint_paths": paths}
    if times:
        case |= {"all_model_checkpoint_timestamps": times, "last_preserved_timestamp": preserved}
    (theirs,) = tf.call("bundles:write_states", directory=str(tmp_path), cases=[case])
    monkeypatch.chdir(tmp_path)
    with Transaction(overwrite=True) as transaction:
        write_state(directory, CheckpointState(paths[-1], tuple(paths), times, preserved), transaction)
    with open(os.path.join(directory, "checkpoint")) as file:
        assert file.read() == theirs


def test_tensorflow_finds_what_ours_names_after_a_move(tf, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    names = [str(old / name) for name in ("model.ckpt-1", "model.ckpt 2", "µ层")]
    with Transaction() as transaction:
        for name in names:
            write_bundle(name, tensors(many(3, [dtypes.FLOAT])), transaction)
        write_state(old, CheckpointState(names[-1], tuple(names)), transaction)
    old.rename(new)
    latest, paths, found = tf.call("bundles:read_state", directory=str(new))
    assert found == latest == latest_checkpoint(new) == str(new / "µ层")
    state = read_state(new)
    assert state is not None
    assert list(state.checkpoints) == paths
