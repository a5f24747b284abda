"""Lists of objects that say what is trained, as Keras writes them."""

from __future__ import annotations

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.training.trained_lists import list_as_trained, listed_as_trained
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, object_graph_text
from proto_utils import schema
from tests import notation

#: Objects 4 to 6 are variables; 7 is a layer with lists of its own, of the first two.
LISTS = {0: {"variables": 1, "trainable_variables": 2, "non_trainable_variables": 3, "layer": 7},
    1: [4, 5, 6], 2: [5], 3: [4, 6], 7: {"variables": 8, "trainable_variables": 9}, 8: [4, 5], 9: [5],
}  # fmt: skip


def fill(graph, lists, first: int = 0) -> None:
    """Make the objects; those of the checkpoint have other numbers, so `first` of them lead nowhere."""
    for _ in range(10 + first):
        graph.nodes.add()
    for number, children in lists.items():
        pairs = children.items() if isinstance(children, dict) else ((str(i), each) for i, each in enumerate(children))
        for name, child in pairs:
            where = number + first if number else 0
            graph.nodes[where].children.add(local_name=name, node_id=child + first)


def saved_model(lists=LISTS, saved=LISTS) -> Model:
    model = notation.model("x = Placeholder {dtype: f32}")
    model.meta = schema.MetaGraphDef()
    graph = model.meta.object_graph_def
    fill(graph, lists)
    for number, name in ((4, "a/kernel"), (5, "a/bias"), (6, "b/kernel")):
        graph.nodes[number].variable.CopyFrom(schema.SavedVariable(name=name, dtype=1, trainable=True))
    message = schema.TrackableObjectGraph()
    fill(message, saved, first=2)
    model.variables = {OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(message)])}
    return model


def elements(graph, number: int) -> list[int]:
    assert [child.local_name for child in graph.nodes[number].children] == [
        str(i) for i in range(len(graph.nodes[number].children))
    ]
    return [child.node_id for child in graph.nodes[number].children]


def test_what_lists_say():
    meta = saved_model().meta
    assert meta is not None
    assert listed_as_trained(meta) == {4: False, 5: True, 6: False}


def test_lists_follow_in_both_graphs():
    model = saved_model()
    list_as_trained(model, {4: True, 5: False}, "p")
    assert model.meta is not None
    graph = model.meta.object_graph_def
    assert [elements(graph, number) for number in (1, 2, 3, 8, 9)] == [[4, 5, 6], [4], [5, 6], [4, 5], [4]]
    saved = schema.parse(schema.TrackableObjectGraph, object_graph_text(model.variables) or b"")
    assert [elements(saved, number + 2) for number in (1, 2, 3, 8, 9)] == [[6, 7, 8], [6], [7, 8], [6, 7], [6]]


def test_what_is_so_already_stays_to_the_byte():
    model = saved_model()
    before = model.meta, model.variables[OBJECT_GRAPH_KEY]
    list_as_trained(model, {4: False, 5: True}, "p")
    assert (model.meta, model.variables[OBJECT_GRAPH_KEY]) == before


def test_set_trainable_and_what_it_says_was():
    model = saved_model()
    report = gs.set_trainable(model, trainable=["a/kernel"])
    assert [(row.variable, row.was, row.trainable) for row in report.variables] == [("a/kernel", False, True)]
    assert report.num_trainable == 2


@pytest.mark.parametrize(
    ("lists", "saved", "reason"),
    [
        ({**LISTS, 2: [5, 9]}, LISTS, "object 0 of the SavedModel lists trained variables that are not among all"),
        (LISTS, {**LISTS, 0: {"layer": 7}}, "the checkpoint has no object like object 0"),
    ],
)
def test_what_is_declined(lists, saved, reason: str):
    model = saved_model(lists, saved)
    with pytest.raises(PassError, match=reason):
        list_as_trained(model, {4: True}, "p")


@pytest.mark.parametrize("lists", [{0: {"variables": 1, "trainable_variables": 99}}, {0: {"variables": 1}}, {}])
def test_objects_without_such_lists(lists):
    model = saved_model(lists)
    list_as_trained(model, {4: False}, "p")
    assert model.meta is not None
    assert listed_as_trained(model.meta) == {}
