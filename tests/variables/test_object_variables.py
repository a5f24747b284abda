"""Variables of a SavedModel's objects by the keys of its checkpoint, whatever either numbers them."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_variables import has_object_variables, object_variables_by_key
from proto_utils import schema
from tests import notation
from tests.object_graphs import message


def _model() -> Model:
    made = notation.model("x = Placeholder {dtype: f32}")
    made.meta = schema.MetaGraphDef()
    nodes = made.meta.object_graph_def.nodes
    root, net, function, kernel, slot, optimizer = (nodes.add() for _ in range(6))
    for node, children in ((root, {"net": 1, "serve": 2, "optimizer": 5}), (net, {"kernel": 3, "same": 3, "root": 0})):
        for name, number in children.items():
            node.children.add(local_name=name, node_id=number)
    function.function.concrete_functions.append("f")
    kernel.variable.name, slot.variable.name = "net/kernel", "net/kernel/m"
    optimizer.slot_variables.add(original_variable_node_id=3, slot_name="m", slot_variable_node_id=4)
    objects = message(
        {"children": [("optimizer", 3), ("net", 1)]},
        {"children": [("kernel", 2), ("root", 0), ("same", 2)]},
        {"attributes": [("net/kernel", "net/kernel/V")]},
        {"slots": [(2, "m", 4)]},
        {"attributes": [("net/kernel/m", "slot/V")]},
    )
    made.variables = {OBJECT_GRAPH_KEY: StringTensor((), [schema.serialize(objects)])}
    return made


def test_variables_and_slots():
    assert object_variables_by_key(_model()) == {"net/kernel/V": [3], "slot/V": [4]}


def test_nothing_without_objects_or_a_checkpoint_of_them():
    model = _model()
    assert has_object_variables(model)
    model.variables = {}
    assert object_variables_by_key(model) == {}
    model = _model()
    model.meta = schema.MetaGraphDef()
    assert not has_object_variables(model)
    assert object_variables_by_key(model) == {}


def test_numbers_of_no_object():
    model = _model()
    assert model.meta is not None
    model.meta.object_graph_def.nodes[1].children.add(local_name="lost", node_id=99)
    assert object_variables_by_key(model)["net/kernel/V"] == [3]
