"""Tensors for the places of a file."""

from __future__ import annotations

import numpy as np

from graphsurgeon.formats.arrays.keras_like import WeightPlace, keys_of_places
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from tests.formats.arrays.keras_models import checkpoint, dense
from tests.object_layers import key

PLACES = [
    WeightPlace(f"layers/{group}/vars/{number}", f"{name}/{number}", name, shape)
    for group, name in (("dense", "a"), ("dense_1", "b"))
    for number, shape in enumerate([(3, 2), (2,)])
]


def named(**shapes: tuple[int, ...]) -> dict[str, Tensor]:
    return {name.replace("__", "/"): as_tensor(np.zeros(shape, np.float32)) for name, shape in shapes.items()}


def found(tensors: dict[str, Tensor], *places: WeightPlace) -> list[str | None]:
    keys = keys_of_places(places or PLACES, tensors)
    return [keys.get(place.path) for place in places or PLACES]


def test_by_the_names_of_an_import_or_by_path():
    tensors = named(a__0=(3, 2), a__1=(2,), layers__dense_1__vars__0=(3, 2), layers__dense_1__vars__1=(2,))
    assert found(tensors) == ["a/0", "a/1", "layers/dense_1/vars/0", "layers/dense_1/vars/1"]


def test_by_the_names_of_layers_in_the_order_of_variables():
    tensors = named(net__a__bias=(2,), net__a__kernel=(3, 2), b__bias=(2,), b__kernel=(3, 2), a__kernel__Adam=(3, 2))
    assert found(tensors) == ["net/a/kernel", "net/a/bias", "b/kernel", "b/bias"]


def test_four_of_one_shape_are_in_the_order_of_keras():
    places = [WeightPlace(f"layers/batch_normalization/vars/{n}", f"n/{n}", "n", (2,)) for n in range(4)]
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    assert found(named(**{f"n__{name}": (2,) for name in sorted(names)}), *places) == [f"n/{name}" for name in names]


def test_by_an_object_graph():
    tensors = checkpoint(dense("b"), dense("a"))
    ways = [key(f"model/_operations/{n}/{name}") for n in (1, 0) for name in ("_kernel", "bias")]
    assert found(tensors) == ways


def test_a_model_that_was_built_before_it_came_into_another():
    places = [
        WeightPlace("layers/functional/layers/dense/vars/0", "inner/a/0", "inner/a", (3, 2)),
        WeightPlace("layers/functional/layers/dense_1/vars/0", "inner/b/0", "inner/b", (3, 2)),
        WeightPlace("layers/dense/vars/0", "b/0", "b", (3, 2)),
    ]
    assert found(named(a__kernel=(3, 2), b__kernel=(3, 2)), *places) == ["a/kernel", None, "b/kernel"]


def test_another_shape_or_number_is_none():
    assert found(named(a__0=(2, 3), a__1=(2,), b__kernel=(3, 2))) == [None, "a/1", None, None]
    assert found(named(a__kernel=(3, 2), a__bias=(3,), b__kernel=(3, 2), b__bias=(2,), b__more=(1,)))[:2] == [
        None,
        None,
    ]


def test_what_came_to_a_layer_later_has_not_the_name_of_the_model():
    places = [
        WeightPlace(f"layers/dense/vars/{n}", f"d/{n}", "d", shape) for n, shape in enumerate([(3, 2), (2,), (1,)])
    ]
    tensors = named(net__d__bias=(2,), d__kernel=(3, 2), d__kernel_scale=(1,))
    assert found(tensors, *places) == ["d/kernel", "net/d/bias", "d/kernel_scale"]


def test_a_weight_of_an_older_file_may_lack_the_name_of_the_inner_layer():
    """What a TimeDistributed calls has no scope of its own in a graph."""
    places = [
        WeightPlace(f"t/t/dense/{leaf}:0", f"t/dense/{leaf}", "", shape) for leaf, shape in (("k", (3, 2)), ("b", (2,)))
    ]
    assert found(named(t__k=(3, 2), t__b=(2,)), *places) == ["t/k", "t/b"]
    assert found(named(t__k=(3, 3), t__dense__b=(2,)), *places) == [None, "t/dense/b"]
    assert found(named(dense__k=(3, 2)), WeightPlace("x", "dense", "", (3, 2))) == [None]
