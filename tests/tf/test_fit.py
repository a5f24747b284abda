"""Fitted checkpoints, restored whole by the savers of the graphs they were fitted to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.tools.fit import fit
from tests.tf.judge import TensorFlow

FEED = [[0.5, 1.0, -1.0, 2.0], [1.0, 0.0, 0.0, 3.0]]


@pytest.mark.parametrize("kind", ["ref", "resource", "partitioned", "resource unsaved", "partitioned unsaved"])
def test_one_branch_into_a_graph_of_two(tf: TensorFlow, tmp_path: Path, kind: str):
    """The other branch is initialized as the graph would, and so is the optimizer."""
    tf.call("fitting_graphs:one_branch", prefix=tmp_path / "one")
    initial = tf.call("fitting_graphs:two_branches", meta=tmp_path / "two.meta", kind=kind)
    model, weights = gs.load(tmp_path / "two.meta"), gs.load_checkpoint(tmp_path / "one")
    with pytest.raises(gs.PassError, match="tensors have no value that fits"):
        fit(model, weights)
    report = fit(model, weights, missing="init")
    assert {row.name for row in report.rows if row.action == "copy"} == set(weights)
    gs.save(model, tmp_path / "fitted" / "m", links="hard")
    found = tf.call("fitting_graphs:restored", prefix=str(tmp_path / "fitted" / "m"), feed=FEED)
    assert found["uninitialized"] == []
    assert set(found["values"]) == set(initial)
    for name, value in found["values"].items():
        if name.startswith("branch/") and "/Adam" not in name:
            key, _, part = name.partition("/part_")
            whole = weights[key].numpy()
            expected = whole if not part else np.array_split(whole, 2)[int(part)]
            assert np.array_equal(value, expected), name
        elif name != "global_step":
            np.testing.assert_allclose(value, initial[name][1], rtol=1e-6, err_msg=name)
    assert found["values"]["global_step"] == int(weights["global_step"].numpy())


def test_both_branches_from_the_one(tf: TensorFlow, tmp_path: Path):
    tf.call("fitting_graphs:one_branch", prefix=tmp_path / "one")
    tf.call("fitting_graphs:two_branches", meta=tmp_path / "two.meta", kind="ref")
    model, weights = gs.load(tmp_path / "two.meta"), gs.load_checkpoint(tmp_path / "one")
    rules = (r"branch/(.*)=branch/\1", r"branch/(.*)=second/\1")
    fit(model, weights, map=rules, missing=("second/.*|branch/.*=init", "zeros"))
    gs.save(model, tmp_path / "m", links="hard")
    values = tf.call("fitting_graphs:restored", prefix=str(tmp_path / "m"), feed=FEED)["values"]
    assert (
        values["second/one/weights"] == values["branch/one/weights"] == weights["branch/one/weights"].numpy().tolist()
    )
    assert values["beta1_power"] == 0


def test_convolutions_into_matrices_with_channels_reversed(tf: TensorFlow, tmp_path: Path):
    """VGG16 whose fc6 is a convolution into one whose fc6 is a matrix, for BGR and more classes."""
    tf.call("fitting_graphs:convolutional", prefix=tmp_path / "vgg")
    tf.call("fitting_graphs:dense", meta=tmp_path / "my.meta")
    model, weights = gs.load(tmp_path / "my.meta"), gs.load_checkpoint(tmp_path / "vgg")
    fit(
        model, weights, map=r"vgg_16/(.*)=my/\1", transform="my/conv1/conv1_1/weights=reverse:2",
        mismatch=("my/fc8/weights=reshape:12,10+pad:init", "my/fc8/.*=pad:init", "reshape"),
    )  # fmt: skip
    gs.save(model, tmp_path / "m", links="hard")
    found = tf.call("fitting_graphs:restored", prefix=str(tmp_path / "m"), feed=np.ones((1, 7, 7, 3)).tolist())
    values = {name: np.array(value, np.float32) for name, value in found["values"].items()}
    old = {name.removeprefix("vgg_16/"): tensor.numpy() for name, tensor in weights.items()}
    assert np.array_equal(values["my/conv1/conv1_1/weights"], old["conv1/conv1_1/weights"][:, :, ::-1])
    assert np.array_equal(values["my/fc6/weights"], old["fc6/weights"].reshape(7 * 7 * 8, 12))
    assert np.array_equal(values["my/fc8/weights"][:, :10], old["fc8/weights"].reshape(12, 10))
    assert 0 < np.abs(values["my/fc8/weights"][:, 10:]).max() < 1
    assert np.array_equal(values["my/fc8/biases"], [*old["fc8/biases"], 0, 0, 0])
    assert np.array_equal(values["my/conv1/conv1_1/biases"], old["conv1/conv1_1/biases"])
    assert found["uninitialized"] == []


def test_a_saver_that_reshapes_needs_no_policy(tf: TensorFlow, tmp_path: Path):
    tf.call("fitting_graphs:convolutional", prefix=tmp_path / "vgg")
    tf.call("fitting_graphs:dense", meta=tmp_path / "my.meta", reshape=True, sharded=True)
    model, weights = gs.load(tmp_path / "my.meta"), gs.load_checkpoint(tmp_path / "vgg")
    report = fit(model, weights, map=r"vgg_16/(.*)=my/\1", mismatch="my/fc8/.*=skip", missing="init")
    assert next(row for row in report.rows if row.name == "my/fc6/weights").action == "copy"
    gs.save(model, tmp_path / "m", links="hard")
    found = tf.call("fitting_graphs:restored", prefix=str(tmp_path / "m"), feed=np.ones((1, 7, 7, 3)).tolist())
    old = weights["vgg_16/fc6/weights"].numpy()
    assert np.array_equal(np.array(found["values"]["my/fc6/weights"], np.float32), old.reshape(7 * 7 * 8, 12))


def test_a_saved_model_of_tensorflow_2(tf2: TensorFlow, tmp_path: Path):
    tf2.call("fitting_modules:module", directory=str(tmp_path / "module"))
    tf2.call("fitting_graphs:named", prefix=tmp_path / "named")
    model, weights = gs.load(tmp_path / "module"), gs.load_checkpoint(tmp_path / "named")
    report = fit(model, weights)
    assert report.counts == {"copy": 2}
    gs.save(model, tmp_path / "fitted", to="saved_model")
    expected = np.ones((1, 4), np.float32) @ weights["dense/kernel"].numpy() + weights["dense/bias"].numpy()
    found = tf2.call("fitting_modules:served", directory=str(tmp_path / "fitted"), feed=[[1, 1, 1, 1]])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_object_based_checkpoint_into_a_graph_by_full_names(tf2: TensorFlow, tmp_path: Path):
    tf2.call("fitting_modules:module", directory=str(tmp_path / "module"))
    tf2.call("fitting_graphs:named", prefix=tmp_path / "named")
    model = gs.load(tmp_path / "named")
    weights = gs.load_checkpoint(tmp_path / "module")
    fit(model, weights)
    assert model.variables["dense/kernel"].numpy().tolist() == [[1, 1, 1]] * 4


def test_a_checkpoint_of_objects_as_the_target(tf2: TensorFlow, tmp_path: Path):
    """It has no graph; keys, types and shapes are those that its objects have, and the objects go along."""
    tf2.call("fitting_modules:objects", prefix=str(tmp_path / "objects"))
    tf2.call("fitting_graphs:named", prefix=tmp_path / "named")
    model, weights = gs.load(tmp_path / "objects"), gs.load_checkpoint(tmp_path / "named")
    report = fit(model, weights)
    assert {row.source for row in report.rows} == {"dense/kernel", "dense/bias"}
    gs.save(model, tmp_path / "fitted", links="hard")
    kernel, bias = tf2.call("fitting_modules:restored_objects", prefix=str(tmp_path / "fitted"))
    assert kernel == weights["dense/kernel"].numpy().tolist()
    assert bias == weights["dense/bias"].numpy().tolist()


@pytest.mark.parametrize(
    ("source", "wanted"), [((3, True), (4, True)), ((3, True), (4, False)), ((2, False), (4, True))]
)
def test_parts_with_names_of_their_own(
    tf: TensorFlow, tmp_path: Path, source: tuple[int, bool], wanted: tuple[int, bool]
):
    """Parts that are saved by name are joined and cut, and so is the momentum of each."""
    paths = [str(tmp_path / name / "m") for name in ("source", "wanted")]
    values = [
        tf.call("fitting_graphs:parts", prefix=path, num_parts=count, by_name=by_name)
        for path, (count, by_name) in zip(paths, (source, wanted), strict=True)
    ]
    model = gs.load(f"{paths[1]}.meta")
    assert fit(model, gs.load_checkpoint(paths[0])).extra == []
    gs.save(model, tmp_path / "fitted" / "m")
    assert tf.call("fitting_graphs:restored_parts", prefix=str(tmp_path / "fitted" / "m")) == values[0]
    weights = dict(gs.load_checkpoint(paths[0]))
    gs.unpartition(weights)
    assert weights["net/w"].numpy().tolist() == values[0][""]
    assert weights["net/w/Momentum"].numpy().tolist() == values[0]["Momentum"]
