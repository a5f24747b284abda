"""What stands for the same variable in two checkpoints of objects."""

from __future__ import annotations

from typing import Any

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, ObjectGraph
from graphsurgeon.variables.object_names import (
    ObjectNames,
    disagreements,
    is_alike,
    object_names,
    twins_as_in,
    with_keys_of,
)
from proto_utils import schema
from tests.object_graphs import BIAS, KERNEL, SLOT, message, trained
from tests.object_layers import checkpoint, key, layers


def keras3() -> Any:
    """An optimizer that lists what it trains and, beside that, momentums; all of its own is in another list too."""
    return message(
        {"children": [("optimizer", 1), ("_all_variables", 9)]},
        {"children": [("_iterations", 2), ("_learning_rate", 3), ("_trainable_variables", 4), ("_momentums", 5)]},
        {"attributes": [("sgd_1/iteration", key("optimizer/_iterations"))]},
        {"attributes": [("sgd_1/learning_rate", key("optimizer/_learning_rate"))]},
        {"children": [("0", 6)]},
        {"children": [("0", 7)]},
        {"attributes": [("d1/kernel", "optimizer/_trainable_variables/0/.ATTRIBUTES/VARIABLE_VALUE")]},
        {"attributes": [("sgd_1/d1_kernel_momentum", "optimizer/_momentums/0/.ATTRIBUTES/VARIABLE_VALUE")]},
        {"attributes": [("d1/kernel", "_all_variables/0/.ATTRIBUTES/VARIABLE_VALUE")]},
        {"children": [("0", 8)]},
    )


def test_variables_and_slots():
    names = ObjectNames(ObjectGraph(trained()))
    assert names.names[KERNEL] == "net/kernel"
    assert names.names[SLOT] == "m of net/kernel"
    assert names.slots == {SLOT: (KERNEL, "m")}
    assert names.keys["m of net/kernel"] == SLOT
    assert names.paths[KERNEL] == ["model/kernel", "model/layers/0/k.Sl"]
    assert names.paths[BIAS] == ["model/layers/0/b..s"]


def test_an_optimizer_of_keras_3_and_a_twin():
    names = ObjectNames(ObjectGraph(keras3()))
    assert sorted(names.keys) == [
        "copy of d1/kernel", "d1/kernel", "momentums of d1/kernel",
        "optimizer's iteration", "optimizer's learning_rate",
    ]  # fmt: skip


def test_slots_of_keras_2_by_their_names():
    made = message(
        {"children": [("optimizer", 1), ("w", 4)]},
        {"children": [("_iterations", 2), ("_learning_rate", 2), ("_variables", 3)]},
        {},
        {"children": [("0", 5)]},
        {"attributes": [("d1/kernel", key("w"))]},
        {"attributes": [("Adam/m/d1/kernel", key("optimizer/_variables/0"))]},
    )
    assert ObjectNames(ObjectGraph(made)).slots == {key("optimizer/_variables/0"): (key("w"), "m")}


def test_a_name_of_several_says_nothing():
    assert ObjectNames(ObjectGraph(layers("w", "w", "v"))).names == {key("2"): "v"}


def test_checkpoints_without_objects():
    assert object_names({"a": as_tensor(1)}) is None
    assert with_keys_of({"a": as_tensor(1)}, other := {"a": as_tensor(2)}) == (other, [])


def test_names_that_count():
    assert is_alike("dense/kernel", "dense_12/kernel")
    assert not is_alike("dense/kernel", "d2/kernel")


def disagreeing(first: list[str], second: list[str]) -> dict[str, tuple[str, str]]:
    return disagreements(*(ObjectNames(ObjectGraph(layers(*names))) for names in (first, second)))


def test_disagreements():
    assert disagreeing(["a", "b"], ["a", "b", "c"]) == {}
    assert disagreeing(["a", "b"], ["a", "x"]) == {key("1"): ("b", "x")}
    assert disagreeing(["dense", "dense_1"], ["dense_2", "dense_3"]) == {}
    assert len(disagreeing(["dense", "dense_1"], ["dense_1", "dense_2"])) == 2


def numbers(tensors: Any) -> dict[str, float]:
    return {name: float(tensor.numpy()) for name, tensor in tensors.items() if name != OBJECT_GRAPH_KEY}


def test_the_second_gets_the_keys_of_the_first():
    first, second = checkpoint(a=1, b=2), checkpoint(a=1, new=7, b=2)
    found, moved = with_keys_of(first, second)
    assert numbers(found) == {key("0"): 1, f"{key('1')} (new)": 7, key("1"): 2}
    assert len(moved) == 2
    found, _ = with_keys_of(second, first)
    assert numbers(found) == {key("0"): 1, key("2"): 2}


def test_where_all_agree_it_is_the_same():
    second: dict[str, Tensor] = checkpoint(a=1, b=2, c=3)
    assert with_keys_of(checkpoint(a=4, b=5), second)[0] is second


def test_another_key_alone_is_no_other_variable():
    def saved(way: str, value: float) -> dict[str, Tensor]:
        made = message({"children": [("x", 1)]}, {"attributes": [("bn/mean", key(way))]})
        return {key(way): as_tensor(value), OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}

    found, moved = with_keys_of(saved("_layers/0/mean", 1.0), saved("model/mean", 2.0))
    assert float(found[key("_layers/0/mean")].numpy()) == 2.0
    assert moved == [f"{key('model/mean')} is bn/mean, as {key('_layers/0/mean')} is"]


def test_a_variable_without_a_name_of_its_own_keeps_its_key():
    def saved(**names: str) -> dict[str, Tensor]:
        places = enumerate(names, 1)
        attributes = [{"attributes": [(name, key(way))]} for way, name in names.items()]
        made = message({"children": [(way, number) for number, way in places]}, *attributes)
        values = {key(way): as_tensor(float(number)) for number, way in enumerate(names)}
        return {**values, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}

    second = saved(a="", b="w")
    found, _ = with_keys_of(saved(a="w"), second)
    assert found.keys() == second.keys()


def twins(values: list[float], order: list[int]) -> dict[str, Tensor]:
    """Variables of one name, and twins of them in another order."""
    count = len(values)
    lists = [{"children": [(str(n), first + n) for n in range(count)]} for first in (3, 3 + count)]
    keys = [key(f"variables/{n}") for n in range(count)] + [key(f"_all_variables/{n}") for n in range(count)]
    made = message(
        {"children": [("variables", 1), ("_all_variables", 2)]},
        *lists,
        *({"attributes": [("kernel", k)]} for k in keys),
    )
    tensors = dict(zip(keys, map(as_tensor, values + [values[n] for n in order]), strict=True))
    return {**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}


def test_twins_go_by_their_variables_without_a_word():
    first, second = twins([1.0, 2.0, 2.5], [2, 0, 1]), twins([3.0, 4.0, 4.5], [1, 2, 0])
    paired, moved = with_keys_of(first, second)
    assert moved == []
    pairs = {float(first[k].numpy()): float(paired[k].numpy()) for k in first if k.startswith("_all_variables")}
    assert pairs == {1.0: 3.0, 2.0: 4.0, 2.5: 4.5}


def test_twins_that_no_variable_has_the_values_of_stay_under_their_keys():
    second = twins([3.0, 4.0], [1, 0])
    second[key("_all_variables/0")] = as_tensor(9.0)
    assert with_keys_of(twins([1.0, 2.0], [0, 1]), second)[0].keys() == second.keys()


def test_the_order_of_twins_in_another_checkpoint():
    def export(*order: str) -> dict[str, Tensor]:
        children = [(str(number), 2 + number) for number in range(len(order))]
        nodes = ({"attributes": [(name, key(f"_all_variables/{number}"))]} for number, name in enumerate(order))
        made = message({"children": [("_all_variables", 1)]}, {"children": children}, *nodes)
        return {OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}

    paths = [key(f"_all_variables/{number}") for number in range(3)]
    assert twins_as_in(export("a", "b", "c"), export("b", "a", "c")) == dict(
        zip(paths, [paths[1], paths[0], paths[2]], strict=True)
    )
    assert twins_as_in(export("a", "b"), export("a", "b")) == twins_as_in(export("a"), export("b")) == {}
    assert twins_as_in(export("a"), {}) == {}
