"""Twins of Keras exports in another order; with TensorFlow in tests/tf/test_keras_tf.py."""

from __future__ import annotations

from typing import Any

from graphsurgeon.compare import diff
from graphsurgeon.compare.twins import Twins
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests.object_graphs import message
from tests.object_layers import key


def export(*twins: str, values: dict[str, float]) -> dict[str, Tensor]:
    """A checkpoint as Keras exports it: variables, and twins in that order."""
    names, count = [*values], len(values)
    lists = [[(str(n), first + n) for n in range(count)] for first in (3, 3 + count)]
    nodes = [{"attributes": [(name, key(f"variables/{n}"))]} for n, name in enumerate(names)]
    nodes += [{"attributes": [(name, key(f"_all_variables/{n}"))]} for n, name in enumerate(twins)]
    made = message(
        {"children": [("variables", 1), ("_all_variables", 2)]}, *({"children": each} for each in lists), *nodes
    )
    tensors: dict[str, Tensor] = {key(f"variables/{n}"): as_tensor(values[name]) for n, name in enumerate(names)}
    tensors |= {key(f"_all_variables/{n}"): as_tensor(values[name]) for n, name in enumerate(twins)}
    return {**tensors, OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(made)])}


VALUES = {"a": 1.0, "b": 2.0, "c": 3.0}


def test_another_order_is_no_difference():
    report = diff(export("a", "b", "c", values=VALUES), export("c", "a", "b", values=VALUES))
    assert (report.is_equal, report.tensors.num_equal, report.notes) == (True, 7, [])


def test_another_value_is_one():
    report = diff(export("a", "b", "c", values=VALUES), export("c", "a", "b", values={**VALUES, "a": 5.0}))
    assert [row.name for row in report.tensors.changed] == [key("_all_variables/0"), key("variables/0")]


def test_other_twins_are_compared_as_they_are():
    a, b = export("a", "b", values={"a": 1.0, "b": 2.0}), export("a", "c", values={"a": 1.0, "c": 2.0})
    assert Twins.between(a, b) is None
    assert Twins.between(a, a) is None
    assert Twins.between(a, {}) is None
    assert not diff(a, b).is_equal


def test_what_else_differs_in_the_object_graph_is_told():
    b = export("b", "a", values={"a": 1.0, "b": 2.0})
    (text,) = b[OBJECT_GRAPH_KEY].strings()
    graph: Any = schema.parse(schema.TrackableObjectGraph, text)
    graph.nodes[0].children.add(node_id=1, local_name="more")
    b[OBJECT_GRAPH_KEY] = StringTensor((), [schema.serialize(graph)])
    report = diff(export("a", "b", values={"a": 1.0, "b": 2.0}), b)
    assert [row.name for row in report.tensors.changed] == [OBJECT_GRAPH_KEY]
