"""What optimizers of TensorFlow keep is found, all of it and nothing else; what is left restores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.edits.average import average
from graphsurgeon.edits.ema import ema
from graphsurgeon.edits.partition import partition
from graphsurgeon.edits.strip_optimizer import strip_optimizer
from graphsurgeon.edits.unpartition import unpartition
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.variables.optimizer_state import optimizer_state
from tests.models import shared

OPTIMIZERS = [
    "adam", "momentum", "rmsprop", "rmsprop_centered", "adagrad", "adagrad_da", "adadelta", "ftrl", "proximal_adagrad",
]  # fmt: skip
#: Eager execution cannot be turned off again, so it gets a process of its own.
EAGER = "import json, optimizing; print(json.dumps(optimizing.{}))\n"
NET = {"net/table", "net/dense/kernel", "net/dense/bias"}


def trained(tf, prefix: Path, optimizer: str, **options):
    return tf.call("optimizing:train", prefix=str(prefix), optimizer=optimizer, **options)


@pytest.mark.parametrize("resource", [False, True], ids=["refs", "resources"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_found_by_name_and_by_graph(tf, tmp_path, optimizer, resource):
    told = trained(tf, tmp_path / "m", optimizer, resource=resource)
    given = EditedCheckpoint(tmp_path / "m")
    assert told["own"]
    found = optimizer_state(given.tensors)
    assert sorted(found.reasons) == told["own"]
    assert found.doubtful == {}
    assert sorted(optimizer_state(given.tensors, model=given.graph).reasons) == told["own"]


@pytest.mark.parametrize("scope", ["train", "a/b"])
def test_found_in_a_scope(tf, tmp_path, scope):
    told = trained(tf, tmp_path / "m", "adam", scope=scope)
    assert sorted(optimizer_state(gs.load_checkpoint(tmp_path / "m")).reasons) == told["own"]


def test_found_by_the_graph_where_names_tell_nothing(tf, tmp_path):
    told = trained(tf, tmp_path / "m", "adam_named")
    given = EditedCheckpoint(tmp_path / "m")
    slots = [name for name in told["own"] if "Mine" in name]
    assert len(slots) == 6
    assert not set(slots) & optimizer_state(given.tensors).reasons.keys()
    by_graph = optimizer_state(given.tensors, model=given.graph).reasons
    # Slots of what is looked up by rows are updated by other ops.
    assert {name for name in slots if "table" not in name} <= by_graph.keys()
    assert sorted(optimizer_state(given.tensors, slot_names=["Mine"]).reasons) == told["own"]


@pytest.mark.parametrize("shards", [0, 2], ids=["whole", "partitioned"])
def test_what_is_left_restores(tf, tmp_path, shards):
    told = trained(tf, tmp_path / "m", "adam", shards=shards)
    given = dict(gs.load_checkpoint(tmp_path / "m"))
    strip_optimizer(given)
    assert set(given) == NET | {"global_step"}
    save_checkpoint(given, tmp_path / "x", links="hard")
    values = tf.call("optimizing:restore", prefix=str(tmp_path / "x"), shards=shards)
    assert values == {name: told["values"][name] for name in values}
    assert len(values) == (3 if not shards else 5)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("adam", {}),
        ("adam", {"resource": True}),
        ("adam", {"shards": 2}),
        ("adam", {"scope": "train"}),
        ("adam", {"average": True}),
        ("adam", {"ready": True}),
        ("momentum", {"ready": True, "resource": True}),
        ("adagrad_da", {"resource": True}),
        ("rmsprop_centered", {}),
        ("ftrl", {}),
        ("momentum", {"resource": True}),
    ],
    ids=str,
)
def test_the_graph_goes_along_without_its_optimizer(tf, tmp_path, optimizer, options):
    told = trained(tf, tmp_path / "m", optimizer, **options)
    before = tf.call("optimizing:restore_meta", prefix=str(tmp_path / "m"))
    edited = EditedCheckpoint(tmp_path / "m")
    report = strip_optimizer(edited.tensors, model=edited.graph)
    assert any("nodes of the optimizer went from the graph" in note for note in report.notes)
    model, note = edited.fitting_graph()
    assert (model is not None, note) == (True, None)
    edited.save(str(tmp_path / "x"), model=model)
    after = tf.call("optimizing:restore_meta", prefix=str(tmp_path / "x"))
    kept = {name: value for name, value in told["values"].items() if name in after["values"]}
    assert after["values"] == kept
    assert after["missing"] == []
    assert not set(told["own"]) & set(after["saved"])
    assert sorted(set(before["saved"]) - set(after["saved"])) == told["own"]
    assert after["loss"] == before["loss"]


@pytest.mark.parametrize(
    "path",
    [
        "tensorflow+tfx/tfx/components/testdata/trainer/current/Format-Serving/model.ckpt-1000",
        "tensorflow+tfx/at-2f98ebd/tfx/components/testdata/trainer/current/serving_model_dir/model.ckpt-10000",
        "dotnet+machinelearning-testdata/Microsoft.ML.TensorFlow.TestModels/cifar_model/model.ckpt",
    ],
)
def test_graphs_of_estimators_restore_without_their_optimizer(tf2, tmp_path, path):
    prefix = shared(f"{path}.meta").with_suffix("")
    edited = EditedCheckpoint(prefix)
    strip_optimizer(edited.tensors, model=edited.graph)
    model, note = edited.fitting_graph()
    assert note is None
    edited.save(str(tmp_path / "x"), model=model)
    made = tf2.call("optimizing:restore_only", prefix=str(tmp_path / "x"))
    assert made["variables"]
    assert made["missing"] == []


@pytest.mark.parametrize("depth", [0, 3], ids=["near", "far"])
@pytest.mark.parametrize("optimizer", ["keras_adam", "keras_rmsprop", "keras_sgd", "v1_adam"])
def test_objects_that_are_left_restore(tf, tmp_path, optimizer, depth):
    """Far from the root, the weights are saved under the way through the optimizer, when it is one of Keras 3."""
    if optimizer == "v1_adam" and not tf.is_v1:
        pytest.skip("TensorFlow 2 has no such optimizer for eager variables")
    told = tf.run(EAGER.format(f"train_objects({str(tmp_path / 'm')!r}, {optimizer!r}, {depth})"))
    given = dict(gs.load_checkpoint(told["path"]))
    report = strip_optimizer(given)
    assert len([name for name in given if "VARIABLE_VALUE" in name]) == 4
    assert all("by the object graph" in str(row.reason) for row in report.changes if row.action == "dropped")
    save_checkpoint(given, tmp_path / "x")
    assert tf.run(EAGER.format(f"restore_objects({str(tmp_path / 'x')!r}, {depth})")) == told["values"]


def test_a_keras_model_that_is_left_restores(tf, tmp_path):
    told = tf.run(EAGER.format(f"train_keras({str(tmp_path / 'm')!r})"))
    given = dict(gs.load_checkpoint(told["path"]))
    num_before = len(given)
    strip_optimizer(given)
    # Values and the save counter stay, and the object graph.
    assert len(given) == len(told["values"]) + 2 < num_before
    save_checkpoint(given, tmp_path / "x")
    assert tf.run(EAGER.format(f"restore_keras({str(tmp_path / 'x')!r})"))["values"] == told["values"]


def test_averages_of_a_keras_optimizer(tf2, tmp_path):
    told = tf2.run(EAGER.format(f"train_keras({str(tmp_path / 'm')!r}, average=True)"))
    given = dict(gs.load_checkpoint(told["path"]))
    report = ema(given)
    assert report.notes == ["6 of 8 floating-point variables have the value of their average"]
    assert {row.name.split("/")[-3] for row in report.skipped} == {"moving_mean", "moving_variance"}
    strip_optimizer(given)
    save_checkpoint(given, tmp_path / "x")
    made = tf2.run(EAGER.format(f"restore_keras({str(tmp_path / 'x')!r})"))
    assert made["trained"] == told["averages"] != []
    assert made["values"] != told["values"]


def test_moving_averages_restore_under_plain_names(tf, tmp_path):
    told = trained(tf, tmp_path / "m", "adam", average=True)
    given = dict(gs.load_checkpoint(tmp_path / "m"))
    report = ema(given)
    assert report.notes == ["3 of 3 floating-point variables have the value of their average"]
    assert report.skipped == []
    save_checkpoint(given, tmp_path / "x", links="hard")
    values = tf.call("optimizing:restore", prefix=str(tmp_path / "x"))
    assert values == {name: told["values"][f"{name}/ExponentialMovingAverage"] for name in NET}
    assert values["net/table"] != told["values"]["net/table"]


def test_averages_restore(tf, tmp_path):
    told = [trained(tf, tmp_path / kind, kind, shards=3)["values"] for kind in ("sgd", "adam", "momentum")]
    given = dict(gs.load_checkpoint(tmp_path / "sgd"))
    others = [gs.load_checkpoint(tmp_path / kind) for kind in ("adam", "momentum")]
    average(given, others, missing="keep")
    save_checkpoint(given, tmp_path / "mean")
    values = tf.call("optimizing:restore", prefix=str(tmp_path / "mean"), shards=3)
    assert len(values) == 7
    for name, value in values.items():
        expected = np.mean([np.array(each[name], np.float32) for each in told], axis=0, dtype=np.float64)
        assert value == expected.astype(np.float32).tolist(), name


@pytest.mark.parametrize("shards", [2, 3, 4])
def test_partitioned_as_tensorflow_does(tf, tmp_path, shards):
    told = trained(tf, tmp_path / "whole", "sgd")
    trained(tf, tmp_path / "parts", "sgd", shards=shards)
    given = dict(gs.load_checkpoint(tmp_path / "whole"))
    partition(given, shards=shards, select=("net/table", "net/dense/kernel"))
    save_checkpoint(given, tmp_path / "x")
    values = tf.call("optimizing:restore", prefix=str(tmp_path / "x"), shards=shards)
    for name in ("net/table", "net/dense/kernel"):
        assert [row for n in range(shards) for row in values[f"{name}/part_{n}"]] == told["values"][name]
    # The same tensors as TensorFlow's own partitioned ones make the same index and data, byte for byte.
    theirs = dict(gs.load_checkpoint(tmp_path / "parts"))
    unpartition(theirs)
    partition(theirs, shards=shards, select=("net/table", "net/dense/kernel"))
    save_checkpoint(theirs, tmp_path / "again")
    for suffix in (".index", ".data-00000-of-00001"):
        assert (tmp_path / f"again{suffix}").read_bytes() == (tmp_path / f"parts{suffix}").read_bytes()
