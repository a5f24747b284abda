"""Where Keras looks for weights, by an object graph."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays.keras_objects import layout_of_objects
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.formats.arrays.keras_models import Shape, checkpoint, dense
from tests.object_graphs import message
from tests.object_layers import key


@pytest.mark.parametrize(
    ("name", "weights", "wanted"),
    [
        ("a", {"_kernel": (3, 2), "bias": (2,)}, "dense"),
        ("a", {"kernel": (3, 3, 2)}, "conv1d"),
        ("a", {"_kernel": (3, 3, 2, 2), "bias": (2,)}, "conv2d"),
        ("conv2d_transpose_4", {"_kernel": (3, 3, 2, 2), "bias": (2,)}, "conv2d_transpose"),
        ("a", {"gamma": (2,), "beta": (2,), "moving_mean": (2,), "moving_variance": (2,)}, "batch_normalization"),
        ("group_normalization", {"gamma": (2,), "beta": (2,)}, "group_normalization"),
        ("a", {"gamma": (2,), "beta": (2,)}, "layer_normalization"),
        ("a", {"_embeddings": (9, 2)}, "embedding"),
        ("a", {"depthwise_kernel": (3, 3, 2, 1), "pointwise_kernel": (1, 1, 2, 4)}, "separable_conv2d"),
    ],
)
def test_classes_of_layers(name, weights, wanted):
    layer: tuple[str, dict[str, Shape]] = (name, weights)
    layout = layout_of_objects(checkpoint(layer))
    assert list(layout.keys) == [f"layers/{wanted}/vars/{number}" for number in range(len(weights))]
    assert layout.names == {f"layers/{wanted}": name}
    assert layout.guessed == ({} if name != "a" else {"a": wanted})


@pytest.mark.parametrize(("root", "way"), [("model", "_operations"), ("net", "_layers")])
def test_layers_are_counted_by_class_in_their_order(root, way):
    norm: tuple[str, dict[str, Shape]] = ("n", {"gamma": (2,), "beta": (2,)})
    tensors = checkpoint(dense("a"), norm, dense("b"), *map(dense, "cdefghijkl"), root=root, way=way)
    keys = layout_of_objects(tensors).keys
    assert keys["layers/dense_1/vars/1"] == key(f"{root}/{way}/2/bias")
    assert keys["layers/dense_11/vars/0"] == key(f"{root}/{way}/12/_kernel")
    assert keys["layers/layer_normalization/vars/0"] == key(f"{root}/{way}/1/gamma")


def test_a_model_of_the_programs_own_class_has_its_attributes():
    made = message(
        {"children": [("net", 1)]},
        {"children": [("blocks", 2), ("scale", 3), ("head", 4), ("_tracked", 7)]},
        {"children": [("0", 5)]},
        {"attributes": [("net/scale", key("net/scale"))]},
        {"children": [("kernel", 6)]},
        {"children": [("kernel", 8)]},
        {"attributes": [("net/head/kernel", key("net/head/kernel"))]},
        {},
        {"attributes": [("net/b0/kernel", key("net/blocks/0/kernel"))]},
    )
    keys = {key("net/scale"): (2,), key("net/head/kernel"): (3, 2), key("net/blocks/0/kernel"): (3, 2)}
    tensors: dict[str, Tensor] = {each: as_tensor(np.zeros(shape)) for each, shape in keys.items()}
    tensors[OBJECT_GRAPH_KEY] = StringTensor((), [schema.serialize(made)])
    assert layout_of_objects(tensors).keys == {
        "vars/0": key("net/scale"),
        "blocks/dense/vars/0": key("net/blocks/0/kernel"),
        "head/vars/0": key("net/head/kernel"),
    }


def test_layers_whose_weights_are_further_down_have_the_name_of_those():
    below = {"layer": "time_distributed/dense_2/kernel", "_query_dense": "mine/query/kernel"}
    keys = {name: key(f"_layers/{number}/{name}/_kernel") for number, name in enumerate(below)}
    made = message(
        {"children": [("_layers", 1)]}, {"children": [("0", 2), ("1", 3)]},
        {"children": [("layer", 4)]}, {"children": [("_query_dense", 5), ("_key_dense", 8)]},
        {"children": [("_kernel", 6)]}, {"children": [("_kernel", 7)]},
        *({"attributes": [(full_name, keys[name])]} for name, full_name in below.items()), {},
    )  # fmt: skip
    tensors: dict[str, Tensor] = {each: as_tensor(np.zeros((2, 2))) for each in keys.values()}
    tensors[OBJECT_GRAPH_KEY] = StringTensor((), [schema.serialize(made)])
    layout = layout_of_objects(tensors)
    assert list(layout.keys) == [
        "layers/time_distributed/layer/vars/0", "layers/multi_head_attention/query_dense/vars/0",
    ]  # fmt: skip
    assert layout.guessed == {"mine": "multi_head_attention"}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        ({"w": as_tensor(1.0)}, "the checkpoint has no object graph"),
        (checkpoint(("mine", {"table": (2, 2)})), "of which class is the layer 'mine'. Its weights are table"),
        (checkpoint(), "no model of Keras 3"),
    ],
)
def test_what_is_not_known(tensors, reason):
    with pytest.raises(PassError, match=reason) as caught:
        layout_of_objects(tensors)
    assert "`like`" in str(caught.value.hint)
