"""What optimizers keep, by the object graph, by the graph and by name."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, ObjectGraph, read_object_graph
from graphsurgeon.variables.optimizer_state import averages_of_objects, optimizer_state, slots_of_objects
from proto_utils import schema
from tests.models import SHARED, shared
from tests.object_graphs import BIAS, KERNEL, SLOT, message, trained

PARTS = ("_iterations", "_learning_rate")


def tensors(**shapes):
    return {name: as_tensor(np.zeros(shape, np.float32)) for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (["w/Adam", "w/Adam_1"], [2, 3]),
        (["w/RMSProp", "w/RMSProp_1"], [2, 3]),
        (["w/Momentum"], [2, 3]),
        (["w/Ftrl", "w/Ftrl_1"], [2, 3]),
        (["w/Adagrad"], [2, 3]),
        (["w/Adadelta", "w/Adadelta_1"], [2, 3]),
        (["w/adam_m", "w/adam_v"], [2, 3]),
        (["train/w/Adam", "a/b/w/Momentum"], [2, 3]),
        (["training/Adam/w/m", "training/Adam/w/v", "RMSprop/w/rms", "SGD/w/momentum"], [2, 3]),
        (["training_1/Adam_2/w/m_1"], [2, 3]),
        (["training/RMSprop/Variable", "training/Adam/Variable_12"], [5]),
        (["w_slot_v"], [2, 3]),
        (["w_slot_vr", "w/Adafactor"], [2]),
        (["w_slot_vc", "w/Adafactor_1"], [3]),
        (["w/Adafactor"], [1]),
        (["beta1_power", "train/beta2_power_1"], []),
        (["training/Adam/iter", "Adam/beta_1", "SGD/learning_rate"], []),
        (["w/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE"], [2, 3]),
    ],
    ids=str,
)
def test_names_and_shapes(names, shape):
    given = tensors(w=[2, 3], **dict.fromkeys(names, shape))
    found = optimizer_state(given)
    assert list(found.reasons) == names
    assert found.doubtful == {}


@pytest.mark.parametrize(
    ("name", "shape"), [("w/Adam", [3, 2]), ("v/Adam", [2, 3]), ("w/Adam", [2]), ("w/Momentum", [3]), ("w_slot_v", [])]
)
def test_a_name_alone_proves_nothing(name, shape):
    found = optimizer_state(tensors(w=[2, 3], **{name: shape}))
    assert found.reasons == {}
    assert list(found.doubtful) == [name]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("w/ExponentialMovingAverage", [2, 3]),
        ("Adam/w", [2, 3]),
        ("w/m", [2, 3]),
        ("beta1_power", [2]),
        ("Momentum", [2, 3]),
        ("global_step", []),
        ("w/Adamant", [2, 3]),
    ],
)
def test_what_is_no_slot(name, shape):
    found = optimizer_state(tensors(w=[2, 3], **{name: shape}))
    assert (found.reasons, found.doubtful) == ({}, {})


ML_NET = "dotnet+machinelearning-testdata/Microsoft.ML.TensorFlow.TestModels"
TFX = "tensorflow+tfx/tfx/components/testdata/trainer"


@pytest.mark.parametrize(
    ("path", "found", "left"),
    [
        (f"{ML_NET}/cifar_model/model.ckpt", 10, ["W1", "Wconv1", "b1", "bconv1"]),
        (f"{ML_NET}/mnist_conv_model/variables/variables", 10, None),
        (f"{ML_NET}/sentiment_model/variables/variables", 13, None),
        (f"{TFX}/current/Format-Serving/model.ckpt-1000", 39, None),
        (f"{TFX}/keras/Format-Serving/variables/variables", 17, None),
    ],
    ids=lambda value: str(value).rsplit("/", 3)[-1],
)
def test_real_checkpoints(path, found, left):
    shared(f"{path}.index")
    given = load_checkpoint(SHARED / path)
    state = optimizer_state(given)
    assert (len(state.reasons), state.doubtful) == (found, {})
    words = ("Adam", "Momentum", "RMS", "Adagrad", "Ftrl", "optimizer", "training/")
    assert [name for name in given if name not in state.reasons and any(word in name for word in words)] == []
    assert left is None or given.keys() - state.reasons.keys() == set(left)


def test_other_names():
    given = tensors(w=[2], **{"w/My.Opt_1": [2], "w/MyxOpt": [2]})
    assert list(optimizer_state(given, slot_names=["My.Opt"]).reasons) == ["w/My.Opt_1"]


def test_objects():
    objects = trained()
    keys = {attribute.checkpoint_key: [2] for node in objects.nodes for attribute in node.attributes}
    given = tensors(**keys)
    given[OBJECT_GRAPH_KEY] = as_tensor(schema.serialize(objects))
    found = optimizer_state(given)
    assert found.reasons[SLOT] == "slot m of model/kernel, by the object graph"
    assert not {KERNEL, BIAS} & found.reasons.keys()
    below = {key for key in keys if key.startswith("optimizer/")}
    assert below <= found.reasons.keys()
    assert {found.reasons[key] for key in below} <= {"a variable of the optimizer optimizer, by the object graph"}


def value(way):
    return {"attributes": [(way, f"{way}/.ATTRIBUTES/VARIABLE_VALUE")]}


@pytest.mark.parametrize("name", ["optimizer", "o"])
@pytest.mark.parametrize("has_model", [True, False])
def test_weights_that_are_saved_as_an_optimizers_stay(name, has_model):
    weight, mean, step, rate, momentum = (
        f"{name}/{way}" for way in ("_trainable_variables/0", "mean", "_iterations", "_learning_rate", "_variables/2")
    )
    objects = message(
        {"children": [("model", 1)] * has_model + [(name, 2)]},
        {"children": [("layers", 9)]},
        {"children": [("_variables", 3), ("_trainable_variables", 4), ("mean", 10), *zip(PARTS, [5, 6], strict=True)]},
        {"children": [("0", 5), ("1", 6), ("2", 7)]},
        {"children": [("0", 8)]},
        value(step),
        value(rate),
        value(momentum),
        value(weight),
        {"children": [("kernel", 8), ("mean", 10)]},
        value(mean),
    )
    given = tensors(**{f"{way}/.ATTRIBUTES/VARIABLE_VALUE": [2] for way in (weight, mean, step, rate, momentum)})
    given[OBJECT_GRAPH_KEY] = as_tensor(schema.serialize(objects))
    dropped = [step, rate, momentum] if has_model else [mean, step, rate, momentum]
    assert optimizer_state(given).reasons.keys() == {f"{way}/.ATTRIBUTES/VARIABLE_VALUE" for way in dropped}


def graph(op, *, resource=False):
    kind = "VarHandleOp" if resource else "VariableV2"
    names = ["w", "slot", "rate", "other"]
    nodes = [Node.new(name, kind, attrs={"dtype": dtypes.FLOAT}) for name in names]
    nodes.append(Node.new("read", "ReadVariableOp" if resource else "Identity", ["rate"]))
    nodes.append(Node.new("grad", "Const", attrs={"dtype": dtypes.FLOAT, "value": as_tensor(np.float32(1))}))
    nodes.append(Node.new("train", op, ["w", "slot", "read", "grad"]))
    return Model(graph=Graph(nodes))


@pytest.mark.parametrize(
    ("op", "resource"), [("ApplyMomentum", False), ("ResourceApplyMomentum", True), ("SparseApplyAdagrad", False)]
)
def test_ops_of_a_graph(op, resource):
    given = tensors(w=[2], slot=[2], rate=[], other=[2])
    found = optimizer_state(given, model=graph(op, resource=resource))
    assert found.reasons == {"slot": f"slot of w, by {op} in the graph"}


def test_a_graph_that_trains_nothing():
    assert optimizer_state(tensors(w=[2], slot=[2]), model=graph("AssignAdd")).reasons == {}


def keras(*, with_model: bool, name: str = "optimizer"):
    """A model of one variable, whose key is by way of the optimizer; and its momentum and average."""
    ways = ["_trainable_variables/0", "_variables/0", "_variables/1"]
    keys = [f"{name}/{way}/.ATTRIBUTES/VARIABLE_VALUE" for way in ways]
    lists = [("_variables", 2), ("_trainable_variables", 3), ("_model_variables_moving_average", 7)]
    lists += [("_iterations", 10), ("_learning_rate", 10)]
    nodes = message(
        {"children": [(name, 1), *([("model", 8)] if with_model else [])]},
        {"children": lists},
        {"children": [("0", 4), ("1", 5)]},
        {"children": [("0", 6)]},
        {"attributes": [("adam/momentum", keys[1])]},
        {"attributes": [("adam/average", keys[2])]},
        {"attributes": [("kernel", keys[0])]},
        {"children": [("0", 5)]},
        {"children": [("layer", 9)]},
        {"children": [("kernel", 6), (name, 1)]},
        {},
    )
    given = tensors(**{key: [2] for key in keys})
    given[OBJECT_GRAPH_KEY] = as_tensor(schema.serialize(nodes))
    return keys, given


@pytest.mark.parametrize("name", ["optimizer", "opt"])
@pytest.mark.parametrize("with_model", [True, False])
def test_what_an_optimizer_trains_is_not_its_own(with_model, name):
    (_, *own), given = keras(with_model=with_model, name=name)
    assert list(optimizer_state(given).reasons) == own


def test_averages_of_objects():
    (trained_key, _, average), given = keras(with_model=True)
    objects = read_object_graph(given)
    assert objects is not None
    assert averages_of_objects(objects) == {trained_key: average}
    assert averages_of_objects(ObjectGraph(trained())) == {}


def test_a_slot_whose_variable_is_gone():
    """``select`` may have dropped it; nothing leads to it but the slot."""
    made = message({"children": [("optimizer", 1)]}, {"slots": [(2, "m", 3)]}, {}, {"attributes": [("", SLOT)]})
    tensors = {SLOT: as_tensor(1), OBJECT_GRAPH_KEY: as_tensor(schema.serialize(made))}
    assert optimizer_state(tensors).reasons == {SLOT: "slot m of a variable that is not there, by the object graph"}
    assert slots_of_objects(ObjectGraph(made)) == {}


def adafactor(*names: str):
    """Two variables that are trained, and what Adafactor has for them in turn, in the list of all its own."""
    own = [{"attributes": [(f"adafactor/{name}", f"own{number}")]} for number, name in enumerate(names)]
    return message(
        {"children": [("_iterations", 1), ("_learning_rate", 2), ("_trainable_variables", 3), ("_variables", 4)]},
        {"attributes": [("adafactor/iteration", "iteration")]},
        {"attributes": [("adafactor/learning_rate", "learning_rate")]},
        {"children": [("0", 5), ("1", 6)]},
        {"children": [("0", 1), ("1", 2), *((str(2 + number), 7 + number) for number in range(len(names)))]},
        {"attributes": [("net/d1/kernel", "d1")]},
        {"attributes": [("net/d2/kernel", "d2")]},
        *own,
    )


def test_what_adafactor_keeps_belongs_to_variables_in_turn():
    made = adafactor("kernel", "kernel", "net_d1_kernel_velocity", "kernel", "kernel", "net_d2_kernel_velocity")
    assert slots_of_objects(ObjectGraph(made)) == {
        "own0": ("d1", "#0"), "own1": ("d1", "#1"), "own2": ("d1", "velocity"),
        "own3": ("d2", "#0"), "own4": ("d2", "#1"), "own5": ("d2", "velocity"),
    }  # fmt: skip


@pytest.mark.parametrize("names", [("kernel", "kernel", "kernel"), ("kernel", "bias"), ("other", "kernel")])
def test_without_names_that_agree_an_order_proves_nothing(names):
    assert slots_of_objects(ObjectGraph(adafactor(*names))) == {}
