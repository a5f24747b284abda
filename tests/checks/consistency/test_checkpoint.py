"""Values against the variables of a graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, WARNING, Finding
from graphsurgeon.checks.consistency.checkpoint import checkpoint_findings
from graphsurgeon.formats.load import load
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.saver_calls import saver_calls
from tests.models import shared

KERAS = "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"
TRAINED = ["lstm_loop", "resource_cnn", "partitioned", "mobile_cnn", "dtypes"]


def found(model: Model) -> list[Finding]:
    index = Index(model.graph)
    return list(checkpoint_findings(model, index, saver_calls(model, index)))


def rows(model: Model) -> list[tuple[str, str, str | None]]:
    return [(f.severity, f.rule, f.node) for f in found(model)]


@pytest.fixture(params=["lstm_loop", "resource_cnn"])
def trained(fixtures: Path, request: pytest.FixtureRequest) -> Model:
    """A model with reference variables, and one with resource variables."""
    return gs.load(fixtures / f"{request.param}.ckpt")


@pytest.mark.parametrize("name", TRAINED)
def test_sound(fixtures: Path, name: str):
    assert found(gs.load(fixtures / f"{name}.ckpt")) == []


def test_a_value_is_missing(trained: Model):
    first, second = list(trained.variables)[:2]
    del trained.variables[first]
    [finding] = found(trained)
    assert (finding.severity, finding.rule, finding.node) == (ERROR, "missing-value", first)
    assert finding.message.startswith(f"{first!r} is not in the checkpoint; near: ")
    assert second.rpartition("/")[0].partition("/")[0] in finding.message


def test_another_type(trained: Model):
    first, value = next(iter(trained.variables.items()))
    trained.variables[first] = as_tensor(value.numpy().astype(np.float64))
    [finding] = found(trained)
    assert (finding.severity, finding.rule, finding.node) == (ERROR, "value-dtype", first)
    assert finding.message == f"is restored as float32, {first!r} in the checkpoint is float64"


def test_another_shape(trained: Model):
    first, value = next(iter(trained.variables.items()))
    trained.variables[first] = as_tensor(np.zeros((2, *value.shape), np.float32))
    [finding] = found(trained)
    assert (finding.severity, finding.rule, finding.node) == (ERROR, "value-shape", first)
    assert finding.message == f"is {list(value.shape)}, {first!r} in the checkpoint is {[2, *value.shape]}"


def test_a_variable_of_unknown_size_takes_any(trained: Model):
    first, value = next(iter(trained.variables.items()))
    trained.graph[first].attrs["shape"] = Shape([None] * len(value.shape))
    trained.variables[first] = as_tensor(np.zeros([dim + 1 for dim in value.shape], np.float32))
    assert found(trained) == []


def test_a_slice_of_a_tensor_of_another_shape(fixtures: Path):
    model = gs.load(fixtures / "partitioned.ckpt")
    model.variables["embeddings/words"] = as_tensor(np.zeros((12, 8), np.float32))
    kinds = {(f.severity, f.rule) for f in found(model)}
    assert kinds == {(ERROR, "value-shape")}
    assert all((f.node or "").startswith("embeddings/words/part_") for f in found(model))
    assert "takes a slice of a tensor [11, 8]" in found(model)[0].message


def test_values_that_nothing_takes(trained: Model):
    trained.variables["odd"] = as_tensor(np.float32(0))
    first, value = next(iter(trained.variables.items()))
    trained.variables["beta1_power"] = as_tensor(np.float32(0))
    for slot in ("Adam", "Adam_1", "ExponentialMovingAverage", "LAMB", "Yogi", "Shampoo"):
        trained.variables[f"{first}/{slot}"] = value
    others, slots = found(trained)
    assert (others.severity, others.rule) == (slots.severity, slots.rule) == (WARNING, "extra-value")
    assert others.message == "1 value in the checkpoint that no variable of the graph takes: 'odd'"
    assert slots.message.startswith("7 values in the checkpoint that an optimizer keeps")


def test_what_is_only_called_like_a_slot_is_nobody_s(trained: Model):
    first, value = next(iter(trained.variables.items()))
    trained.variables[f"{first}/Adam"] = as_tensor(np.zeros((2, *value.shape), np.float32))
    [finding] = found(trained)
    assert finding.message == f"1 value in the checkpoint that no variable of the graph takes: '{first}/Adam'"


def test_an_object_graph_that_cannot_be_read_names_no_slots(trained: Model):
    first, value = next(iter(trained.variables.items()))
    trained.variables[f"{first}/Adam"] = value
    trained.variables[OBJECT_GRAPH_KEY] = StringTensor((), [b"\xff\xff"])
    [finding] = found(trained)
    assert (finding.severity, finding.rule) == (WARNING, "extra-value")


def test_without_a_checkpoint_there_is_nothing_to_compare(trained: Model):
    trained.variables.clear()
    assert found(trained) == []


def test_without_a_saver_def_names_are_keys(trained: Model):
    """TensorFlow makes a saver of the listed variables then."""
    assert trained.meta is not None
    trained.meta.ClearField("saver_def")
    assert found(trained) == []
    first, second = list(trained.variables)[:2]
    del trained.variables[first]
    trained.variables[second] = as_tensor(np.zeros(77, np.float64))
    assert sorted(rows(trained)) == [
        (ERROR, "missing-value", first),
        (ERROR, "value-dtype", second),
        (ERROR, "value-shape", second),
    ]


def test_a_variable_that_the_saver_leaves_out(trained: Model):
    """TensorFlow restores the rest; this one is as its initializer leaves it, if somebody runs that."""
    first = next(iter(trained.variables))
    trained.graph.set_nodes(node for node in trained.graph if node.name not in ("save/Assign", "save/AssignVariableOp"))
    assert found(trained) == []  # its name is a key
    names = trained.graph["save/RestoreV2/tensor_names"]
    keys = [b"kept" if key == first.encode() else key for key in names.tensor.strings()]
    names.attrs["value"] = StringTensor((len(keys),), keys)
    trained.variables["kept"] = trained.variables.pop(first)
    assert rows(trained) == [(WARNING, "missing-value", first)]


def test_objects_of_tensorflow_2():
    model = load(shared(KERAS))
    assert found(model) == []
    key = "layer_with_weights-0/bias/.ATTRIBUTES/VARIABLE_VALUE"
    model.variables[key] = as_tensor(np.zeros(3, np.float64))
    assert {(f.severity, f.rule) for f in found(model)} == {(ERROR, "value-dtype"), (ERROR, "value-shape")}
    del model.variables[key]
    assert [(f.severity, f.rule) for f in found(model)] == [(ERROR, "missing-value")]


def test_a_saved_model_that_lost_its_values():
    model = load(shared(KERAS))
    model.variables.clear()
    assert rows(model) == [(WARNING, "missing-value", None)]
