"""The object graph of a TensorFlow 2 checkpoint: ways to objects, names of variables, slots."""

from __future__ import annotations

import pytest

from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables import object_graph
from graphsurgeon.variables.object_graph import (
    OBJECT_GRAPH_KEY,
    ObjectGraph,
    RegisteredSaver,
    SavedAttribute,
    SlotVariable,
    read_object_graph,
)
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError
from tests.object_graphs import BIAS, KERNEL, SLOT, message, trained


@pytest.fixture
def objects() -> ObjectGraph:
    return ObjectGraph(trained())


def test_the_shortest_way_is_the_keys(objects):
    assert [objects.path(number) for number in range(10)] == [
        "",
        "model",
        "model/layers",
        "model/kernel",
        "model/layers/0",
        "optimizer",
        "model/kernel/.OPTIMIZER_SLOT/optimizer/m",
        "table",
        "model/layers/0/b..s",
        None,
    ]
    for key in (KERNEL, BIAS, SLOT):
        assert key.startswith(f"{objects.path(objects.attributes[key].node)}/.ATTRIBUTES/")


def test_children(objects):
    assert list(objects.children(1)) == [("layers", 2), ("kernel", 3), ("me", 1)]
    assert list(objects.children(3)) == []


def test_every_way_by_one_reference_the_shortest_first(objects):
    assert objects.paths(3) == ["model/kernel", "model/layers/0/k.Sl"]
    assert objects.paths(1) == ["model", "model/me", "model/layers/again"]
    assert objects.paths(9) == []
    assert objects.paths(6) == [objects.path(6)]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("net/kernel", [KERNEL]),
        ("model/kernel", [KERNEL]),
        ("model/layers/0/k.Sl", [KERNEL]),
        ("model/me/layers/again/me/kernel", [KERNEL]),
        ("optimizer/hyper/model/kernel", [KERNEL]),
        ("model/layers/0/b..s", [BIAS]),
        ("net/kernel/Adam", [SLOT]),
        ("model/kernel/.OPTIMIZER_SLOT/optimizer/m", [SLOT]),
        ("model/layers/0/k.Sl/.OPTIMIZER_SLOT/optimizer/m", [SLOT]),
        ("model/kernel/.OPTIMIZER_SLOT/optimizer/v", []),
        ("model/nothing", []),
        ("model", []),
        ("", []),
    ],
)
def test_variables_are_found_by_full_name_or_any_way(objects, name, keys):
    assert objects.find(name) == keys


def test_slots(objects):
    assert objects.slot(SLOT) == objects.slots[6] == SlotVariable(5, 3, "m", 6)
    assert objects.slot(KERNEL) is None
    assert objects.optimizers() == [5]
    assert objects.trained() == {3}


def test_optimizers_of_keras_3():
    parts = {"children": [("_iterations", 3), ("_learning_rate", 3), ("_trainable_variables", 4)]}
    made = ObjectGraph(message({"children": [("model", 1), ("o", 2)]}, {"children": [("w", 5)]}, parts, {}, parts, {}))
    assert made.optimizers() == [2, 4]
    assert made.trained() == {3, 4}
    named = ObjectGraph(message({"children": [("me", 1)]}, {"children": [("mine", 2), ("optimizer", 2)]}, {}))
    assert named.optimizers() == [2]


def test_registered_savers(objects):
    assert list(objects.registered_savers()) == [RegisteredSaver(7, "Custom.saver", "table")]


def test_an_object_may_have_several_tensors(objects):
    """A table's attribute is the beginning of the keys of its tensors."""
    owner = SavedAttribute(7, "VARIABLE_VALUE", "", "table/.ATTRIBUTES/table")
    assert objects.attribute("table/.ATTRIBUTES/table-keys") == owner
    assert objects.attribute("other/.ATTRIBUTES/x") is None
    assert objects.attribute("plain") is None


def test_a_full_name_of_several_variables_is_no_name():
    one, two, three = (f"{name}/.ATTRIBUTES/V" for name in "abc")
    made = message({"attributes": [("same", one)]}, {"attributes": [("same", two)]}, {"attributes": [("own", three)]})
    assert ObjectGraph(made).full_names() == {"own": three}
    assert ObjectGraph(made).find("same") == [one, two]


@pytest.mark.parametrize(
    "node",
    [{"children": [("x", 2)]}, {"children": [("x", -1)]}, {"slots": [(0, "m", 2)]}, {"slots": [(7, "m", 0)]}],
    ids=str,
)
def test_numbers_of_no_object(node):
    with pytest.raises(CorruptionError, match=r"object 1 refers to object -?\d of 2"):
        ObjectGraph(message({}, node))


def test_slots_of_slots_go_in_circles():
    """Neither is reached from the root, so neither has a path."""
    made = ObjectGraph(message({"slots": [(1, "m", 2), (2, "m", 1)]}, {}, {}))
    assert [made.path(number) for number in range(3)] == ["", None, None]


def test_no_objects_at_all():
    made = ObjectGraph(message())
    assert (len(made), made.find("x"), made.find(""), made.optimizers()) == (0, [], [], [])


def test_a_long_chain_is_no_recursion():
    depth = 50_000
    made = ObjectGraph(message(*({"children": [("x", number + 1)]} for number in range(depth)), {}))
    assert len(made.path(5000) or "") == 2 * 5000 - 1
    with pytest.raises(LimitError, match="path of an object"):
        made.path(depth)


def test_every_reference_is_looked_at_twice():
    """Of objects that all know each other."""
    everyone = [(str(number), number) for number in range(300)]
    made = message(*({"children": everyone} for _ in everyone))
    seen = []

    class Counting(ObjectGraph):
        def _checked(self, number, by):
            seen.append(number)
            return super()._checked(number, by)

    Counting(made)
    assert len(seen) == 2 * 300 * 300


def test_read_from_a_checkpoint():
    text = schema.serialize(trained())
    found = read_object_graph({OBJECT_GRAPH_KEY: StringTensor((), [text])})
    assert found is not None
    assert len(found) == 10


@pytest.mark.parametrize("tensors", [{}, {OBJECT_GRAPH_KEY: as_tensor(1)}, {OBJECT_GRAPH_KEY: StringTensor((2,), [])}])
def test_checkpoints_by_name_have_none(tensors):
    assert read_object_graph(tensors) is None


@pytest.mark.parametrize("text", [b"\xff", b"\x0a\x05\x0a\x03\x12\x01\xff", b"\x0a\x7f"], ids=["tag", "UTF-8", "end"])
def test_damage(text):
    with pytest.raises(CorruptionError, match="not a TrackableObjectGraph"):
        read_object_graph({OBJECT_GRAPH_KEY: StringTensor((), [text])})


def test_too_large(monkeypatch):
    monkeypatch.setattr(object_graph, "MAX_NBYTES", 10)
    with pytest.raises(LimitError, match="object graph"):
        read_object_graph({OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(trained())])})
