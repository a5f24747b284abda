"""Nets that were frozen and put into training mode train as they did when they were built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests.tf.judge import TensorFlow

MOMENTUM = 0.9
#: Of TensorFlow 1.15, in which layers and slim are. Each net in one kind of variables, and both kinds where each of
#: them is read and updated in another way: that which is fused, and that which is written out.
NETS = [
    ("layers_fused", "ref"), ("layers_fused", "resource"), ("layers_written_out", "ref"),
    ("layers_written_out", "resource"), ("slim", "ref"), ("slim_written_out", "resource"), ("keras", "resource"),
    ("keras_written_out", "ref"), ("rank_2", "ref"), ("channels_first", "resource"), ("half_fused", "ref"),
    ("half_written_out", "resource"),
]  # fmt: skip
UNDER_A_PREDICATE = [
    ("layers_fused_placeholder", "ref", "is_training"),
    ("layers_written_out_placeholder", "resource", "is_training"),
    ("slim_placeholder", "ref", "is_training"),
    ("keras_phase", "resource", "keras_learning_phase"),
]
KINDS: tuple[Any, ...] = ("ref", "resource")
GUARDS: tuple[dict[str, Any], ...] = ({}, {"no_guard": True})


def original(tf: TensorFlow, directory: Path, net: str, kind: str = "ref") -> dict[str, Any]:
    found: dict[str, Any] = tf.call(
        "normalizing:original", directory=str(directory), net=net, kind=kind, momentum=MOMENTUM
    )
    return found


def again(tf: TensorFlow, model: gs.Model, path: Path, **how: Any) -> dict[str, Any]:
    gs.save(model, path, force=True)
    found: dict[str, Any] = tf.call("normalizing:again", prefix=str(path), **how)
    return found


def put_into_training(pb: str, kind: Any, **options: Any) -> tuple[gs.Model, Any]:
    model = gs.load(pb)
    gs.unfreeze(model, variables=kind)
    return model, gs.train_mode(model, momentum=MOMENTUM, **options)


def furthest(first: dict[str, Any], second: dict[str, Any], word: str) -> float:
    """How far the variables of a name are from each other at most."""
    pairs = [(np.array(value), np.array(second[name])) for name, value in first.items() if word in name]
    return max((float(np.abs(a - b).max()) for a, b in pairs), default=0.0)


def check_the_same(found: dict[str, Any], wanted: dict[str, Any], statistics: float = 3e-7) -> None:
    assert found["losses"] == wanted["losses"]
    assert found["trainable"] == wanted["trainable"]
    weights = {name: value for name, value in wanted["values"].items() if "moving" not in name}
    assert {name: found["values"][name] for name in weights} == weights
    assert furthest(wanted["values"], found["values"], "moving") <= statistics


@pytest.mark.parametrize(("net", "kind"), NETS)
def test_losses_are_bit_equal(tf1: TensorFlow, tmp_path: Path, net: str, kind: Any):
    wanted = original(tf1, tmp_path, net, kind)
    for options in GUARDS:
        model, report = put_into_training(wanted["pb"], kind, **options)
        assert report.norms
        assert report.kept == []
        found = again(tf1, model, tmp_path / "again.ckpt")
        check_the_same(found, wanted)
        is_guarded = not options
        assert (found["still"], found["logits"] == wanted["logits"]) == (is_guarded, is_guarded)
        assert len(found["updates"]) == 2 * len(report.norms)


@pytest.mark.parametrize(("net", "kind", "name"), UNDER_A_PREDICATE)
def test_predicates_that_stay_or_are_fixed(tf1: TensorFlow, tmp_path: Path, net: str, kind: Any, name: str):
    wanted = original(tf1, tmp_path, net, kind)
    for options in ({}, {"training": f"{name}=true"}, {"training": {name: False}}):
        model, report = put_into_training(wanted["pb"], kind, **options)
        assert len(report.norms) == 2
        found = again(tf1, model, tmp_path / "again.ckpt")
        check_the_same(found, wanted)
        assert found["still"] == (found["logits"] == wanted["logits"]) == (options.get("training") != f"{name}=true")


@pytest.mark.parametrize("net", ["plain_fused", "plain_written_out"])
@pytest.mark.parametrize("kind", KINDS)
def test_in_tensorflow_2(tf2: TensorFlow, tmp_path: Path, net: str, kind: Any):
    wanted = original(tf2, tmp_path, net, kind)
    for options in GUARDS:
        model, _ = put_into_training(wanted["pb"], kind, **options)
        check_the_same(again(tf2, model, tmp_path / "again.ckpt"), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_functional_conditions_are_lowered_first(tf2: TensorFlow, tmp_path: Path, kind: Any):
    wanted = original(tf2, tmp_path, "functional", kind)
    model = gs.load(wanted["pb"])
    with pytest.raises(gs.PassError, match="in the body of a function; lower takes"):
        gs.train_mode(model)
    gs.lower(model)
    gs.unfreeze(model, variables=kind)
    (row,) = gs.train_mode(model, momentum=MOMENTUM).norms
    assert (row.guard, row.mean) == ("is_training", "bn1/moving_mean")
    found = again(tf2, model, tmp_path / "again.ckpt")
    check_the_same(found, wanted)
    assert found["still"]


def test_half_precision_rounds_no_more_than_layers_do(tf1: TensorFlow, tmp_path: Path):
    """`tf.nn.moments` of float16 rounds its results, which layers do not let it."""
    wanted = original(tf1, tmp_path, "plain_half")
    model, _ = put_into_training(wanted["pb"], "ref")
    check_the_same(again(tf1, model, tmp_path / "again.ckpt"), wanted, statistics=1e-3)


def test_one_norm_for_two_inputs(tf1: TensorFlow, tmp_path: Path):
    """Both update the averages; which of them comes first, TensorFlow does not say."""
    wanted = original(tf1, tmp_path, "shared", "resource")
    model, report = put_into_training(wanted["pb"], "resource")
    assert len(report.norms) == 2
    assert again(tf1, model, tmp_path / "again.ckpt")["losses"] == wanted["losses"]


def test_within_another_scope(tf: TensorFlow, tmp_path: Path):
    wanted = original(tf, tmp_path, "plain_fused")
    model, _ = put_into_training(wanted["pb"], "ref")
    check_the_same(again(tf, model, tmp_path / "again.ckpt", scope="outer"), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_draws_the_same(tf: TensorFlow, tmp_path: Path, kind: Any):
    wanted = original(tf, tmp_path, "dropout", kind)
    for options in GUARDS:
        model = gs.load(wanted["pb"])
        gs.unfreeze(model, variables=kind)
        assert gs.train_mode(model.copy(), dropout="c1=0.5").lookalikes == ["drop/Identity"]
        report = gs.train_mode(model, dropout="r1=0.4", seed=11, **options)
        assert report.lookalikes == []
        found = again(tf, model, tmp_path / "again.ckpt")
        check_the_same(found, wanted)
        assert (found["logits"] == wanted["logits"]) == (not options)


@pytest.mark.parametrize("net", ["layers_fused", "layers_written_out", "dropout"])
def test_what_was_trained_is_served(tf1: TensorFlow, tmp_path: Path, net: str):
    """Guarded, frozen with ``training`` false; unguarded, with the graph from before."""
    wanted, prefix, answers = original(tf1, tmp_path, net), tmp_path / "again.ckpt", []
    for options in GUARDS:
        extra = {"dropout": "r1=0.4", "seed": 11} if net == "dropout" else {}
        model, _ = put_into_training(wanted["pb"], "ref", **options, **extra)
        answers.append(again(tf1, model, prefix, save=True)["served"])
        if options:
            served = gs.load(wanted["prefix"] + ".meta", checkpoint=str(tmp_path / "trained.ckpt"))
        else:
            served = gs.load(str(prefix) + ".meta", checkpoint=str(tmp_path / "trained.ckpt"))
            gs.set_inputs(served, set="training=false")
        report = gs.freeze(served, outputs="logits")
        assert report.notes == []
        assert {"Switch", "Merge", "Select", "RandomUniform", "AssignSub"}.isdisjoint(node.op for node in served.graph)
        gs.save(served, tmp_path / "served.pb", force=True)
        assert tf1.call("normalizing:served", pb=str(tmp_path / "served.pb")) == answers[0]


@pytest.mark.parametrize("kind", KINDS)
def test_keras_3(tf2: TensorFlow, tmp_path: Path, kind: Any):
    wanted = tf2.call("normalizing:keras_3", directory=str(tmp_path), momentum=MOMENTUM)
    for options in GUARDS:
        model, report = put_into_training(wanted["path"], kind, **options)
        assert report.kept == []
        found = again(tf2, model, tmp_path / "again.ckpt")
        assert losses(found) == pytest.approx(losses(wanted), rel=0, abs=1e-6)
        for row, statistics in zip(report.norms, wanted["statistics"], strict=True):
            for name, value in zip((row.mean, row.variance), statistics, strict=True):
                assert np.allclose(found["values"][name], value, rtol=0, atol=3e-6)
        assert found["still"] == (not options)


def test_a_saved_model_of_keras_3(tf2: TensorFlow, tmp_path: Path):
    wanted = tf2.call("normalizing:keras_3", directory=str(tmp_path), momentum=MOMENTUM, saved=True)
    model = gs.load(wanted["path"])
    report = gs.train_mode(model, momentum=MOMENTUM)
    assert [row.mean for row in report.norms] == ["bn1/moving_mean", "bn2/moving_mean"]
    gs.save(model, tmp_path / "made", to="saved_model")
    found = tf2.call("normalizing:signed", path=str(tmp_path / "made"))
    assert found["logits"] == wanted["logits"]
    assert found["still"]
    assert losses(found) == pytest.approx(losses(wanted), rel=0, abs=1e-6)
    for number, statistics in enumerate(wanted["statistics"], 1):
        for name, value in zip(("moving_mean", "moving_variance"), statistics, strict=True):
            assert np.allclose(found["values"][f"bn{number}/{name}"], value, rtol=0, atol=3e-6)


@pytest.mark.parametrize("net", ["plain_fused", "plain_written_out"])
def test_a_signature_that_trains_in_eager_mode(tf2: TensorFlow, tmp_path: Path, net: str):
    wanted = original(tf2, tmp_path, net, "resource")
    model = gs.load(wanted["pb"])
    gs.unfreeze(model, variables="resource")
    gs.save(model, tmp_path / "served", to="saved_model")
    model = gs.load(tmp_path / "served")
    gs.train_mode(model, momentum=MOMENTUM)
    gs.save(model, tmp_path / "made", to="saved_model")
    found = tf2.call("normalizing:signed", path=str(tmp_path / "made"))
    assert found["logits"] == wanted["logits"]
    assert found["still"]
    assert losses(found) == pytest.approx(losses(wanted), rel=0, abs=1e-6)
    assert furthest(wanted["values"], found["values"], "moving") <= 3e-6


def losses(answer: dict[str, Any]) -> list[float]:
    return [float(np.frombuffer(bytes.fromhex(text), np.float32)[0]) for text in answer["losses"]]
