"""Pruning as TensorFlow 1.15's contrib does it: the same weights stay, masks go without a trace, zeros stay zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow


def _cases():
    numbers = np.random.default_rng(2)
    ties = np.round(numbers.normal(size=(24, 16)) * 4) / 4
    return [
        {"weights": numbers.normal(size=(37, 11)).astype(np.float32).tolist(), "sparsity": 0.5},
        {"weights": ties.astype(np.float32).tolist(), "sparsity": 0.7},
        {"weights": numbers.normal(size=(3, 3, 4, 6)).astype(np.float32).tolist(), "sparsity": 0.9},
        {"weights": numbers.normal(size=5).astype(np.float32).tolist(), "sparsity": 0.5},
        {"weights": numbers.normal(size=(16, 8)).astype(np.float32).tolist(), "sparsity": 0.5, "block": [4, 1]},
        {"weights": numbers.normal(size=(16, 8)).astype(np.float32).tolist(), "sparsity": 0.75, "block": [4, 4]},
    ]


def test_the_same_weights_stay(tf1: TensorFlow):
    cases = _cases()
    for case, theirs in zip(cases, tf1.call("model_pruning:thresholds", cases=cases), strict=True):
        weights = np.array(case["weights"], np.float32)
        tensors = {"w": weights}
        pattern = "x".join(map(str, case["block"])) if "block" in case else None
        report = gs.sparsify(tensors, sparsity=case["sparsity"], pattern=pattern, select="w")
        np.testing.assert_array_equal(np.asarray(tensors["w"]), weights * np.array(theirs["mask"], np.float32))
        assert report.pruned[0].threshold == pytest.approx(theirs["threshold"], rel=1e-6)


def test_masks_go_and_outputs_are_the_same(tf1: TensorFlow, tmp_path: Path):
    made = tf1.call("model_pruning:train", directory=str(tmp_path))
    for outputs in ((), "out"):
        model = gs.load(made["prefix"])
        report = gs.strip_masks(model, outputs=outputs)
        assert [row.weight for row in report.stripped] == ["c1/weights", "fc1/weights"]
        assert model.meta is not None
        assert not {"masks", "masked_weights", "thresholds", "kernel"} & set(model.meta.collection_def)
        assert not [key for key in model.variables if "mask" in key or "threshold" in key]
        gs.save(model, tmp_path / "plain.ckpt", force=True)
        answer = tf1.call("model_pruning:run_meta", prefix=str(tmp_path / "plain.ckpt"), directory=str(tmp_path))
        assert answer == {"same": True, "off": 0.0, "left": []}
        for name, product in made["masked"].items():
            np.testing.assert_array_equal(model.variables[name].numpy(), np.array(product, np.float32))
    frozen = gs.load(made["pb"])
    gs.strip_masks(frozen)
    gs.save(frozen, tmp_path / "plain.pb")
    answer = tf1.call("model_pruning:run_pb", pb=str(tmp_path / "plain.pb"), directory=str(tmp_path))
    assert answer == {"same": True, "off": 0.0}
    theirs = tf1.call("model_pruning:strip_by_tensorflow", pb=made["pb"], target=str(tmp_path / "theirs.pb"))
    for name, value in theirs["values"].items():
        ours = frozen.graph[name.removesuffix("/masked_weight")].tensor.numpy()
        np.testing.assert_array_equal(ours, np.array(value, np.float32))
    gs.unfreeze(frozen)
    assert {"c1/weights", "fc1/weights", "head/kernel"} <= set(frozen.variables)


def test_what_was_stripped_goes_on_training(tf1: TensorFlow, tmp_path: Path):
    made = tf1.call("model_pruning:train", directory=str(tmp_path))
    model = gs.load(made["prefix"])
    gs.strip_masks(model)
    gs.save(model, tmp_path / "plain.ckpt")
    answer = tf1.call("model_pruning:run_steps", prefix=str(tmp_path / "plain.ckpt"), directory=str(tmp_path))
    assert answer["losses"][-1] < answer["losses"][0]
    assert answer["num_zeros"] < answer["num_zeros_before"]


def test_in_both_tensorflows(tf: TensorFlow, tf1: TensorFlow, tmp_path: Path):
    made = tf1.call("model_pruning:train", directory=str(tmp_path))
    frozen = gs.load(made["pb"])
    gs.strip_masks(frozen)
    gs.save(frozen, tmp_path / "plain.pb")
    plain = str(tmp_path / "plain.pb")
    answer = tf.call("judging:compare_frozen", pb=made["pb"], others=[plain], outputs=["out"])
    assert answer["compared"]
    assert answer[plain] == {}  # not a bit differs


def test_what_is_masked_goes_on_training_with_zeros(tf1: TensorFlow, tmp_path: Path):
    made = tf1.call("model_pruning:plain", directory=str(tmp_path))
    model = gs.load(made["prefix"])
    report = gs.sparsify(model, sparsity=0.7, masks=True)
    gs.save(model, tmp_path / "masked.ckpt")
    zeros = [row.zeros for row in report.pruned]
    answer = tf1.call("model_pruning:train_on", prefix=str(tmp_path / "masked.ckpt"), directory=str(tmp_path))
    assert answer["masks"] == ["c1/mask", "fc1/mask", "head/mask"]
    assert answer["zeros_before"] == answer["zeros"] == zeros
    assert answer["same_masks"]
    assert all(answer["moved"])
    assert not [name for name in answer["trainable"] if "mask" in name or "threshold" in name]
    # contrib prunes on from there.
    answer = tf1.call(
        "model_pruning:train_on", prefix=str(tmp_path / "masked.ckpt"), directory=str(tmp_path), update=True
    )
    assert all(now > before for now, before in zip(answer["zeros"], zeros, strict=True))
    # With zeros in the weights or in masks, the net is the same.
    sparse, frozen = gs.load(made["pb"]), gs.load(made["pb"])
    gs.sparsify(sparse, sparsity=0.7)
    gs.sparsify(frozen, sparsity=0.7, masks=True)
    paths = [str(tmp_path / name) for name in ("sparse.pb", "masked.pb", "stripped.pb")]
    gs.save(sparse, paths[0])
    gs.save(frozen, paths[1])
    gs.strip_masks(frozen)
    gs.save(frozen, paths[2])
    answer = tf1.call("judging:compare_frozen", pb=paths[0], others=paths[1:], outputs=["out"])
    assert [answer[path] for path in paths[1:]] == [{}, {}]


@pytest.mark.parametrize("assigns", [False, True])
def test_masks_that_functions_get_are_named(tf2: TensorFlow, tmp_path: Path, *, assigns: bool):
    """They stay, and go once weights and masks are constants."""
    saved, frozen = str(tmp_path / "saved"), tmp_path / "frozen.pb"
    wanted = tf2.call("functional_nets:save_masked", directory=saved, assigns=assigns)
    model = gs.load(saved)
    with pytest.raises(gs.PassError, match=r"prune_low_magnitude_dense/mask: .* gives it to a function"):
        gs.strip_masks(model)
    report = gs.freeze(model, updates="compute" if assigns else "decline")
    assert [row.mask for row in gs.strip_masks(model).stripped] == ["prune_low_magnitude_dense/mask"]
    gs.save(model, frozen)
    assert tf2.call("functional_nets:run_ones", pb=str(frozen), output=report.outputs[0] + ":0") == wanted
