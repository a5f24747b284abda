"""NoOps over several ops; `tests/tf/test_saver_layout.py` compares them with TensorFlow's."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.variables.group_op import install_init_op, new_group
from graphsurgeon.variables.layout import existing_variables
from proto_utils import schema
from tests import notation

VARIABLES = """
    w = VariableV2 {dtype: f32, shape: shape[3]}
    w/zeros = Const {f32 [3]}
    w/Assign = Assign(w, w/zeros)
    b = VarHandleOp {dtype: f32, shape: shape[3]}
    b/Assign = AssignVariableOp(b, w/zeros)
    bare = VariableV2 {dtype: f32, shape: shape[]}
"""


def test_one_device():
    (group,) = new_group("init", [("b", "/cpu:0"), ("a", "/cpu:0")])
    assert (group.name, group.op, group.inputs, group.device) == ("init", "NoOp", ("^a", "^b"), "/cpu:0")


def test_several_devices_have_a_group_each():
    nodes = new_group("init", [("b", "/gpu:0"), ("a", ""), ("c", "/gpu:0")])
    assert [(node.name, node.inputs, node.device) for node in nodes] == [
        ("init/NoOp", ("^a",), ""),
        ("init/NoOp_1", ("^b", "^c"), "/gpu:0"),
        ("init", ("^init/NoOp", "^init/NoOp_1"), ""),
    ]


@pytest.mark.parametrize(("more", "name"), [("", "init"), ("init = NoOp", "init_1"), ("init/x = NoOp", "init_1")])
def test_init_runs_the_initializers_there_are(more, name):
    of = notation.model(VARIABLES + more)
    install_init_op(of, existing_variables(of.graph, Index(of.graph)))
    assert of.graph[name].inputs == ("^b/Assign", "^w/Assign")


def test_local_variables_have_a_group_of_their_own():
    of = notation.model(VARIABLES)
    of.meta = schema.MetaGraphDef()
    definition = schema.VariableDef(variable_name="b:0", initializer_name="b/Assign", snapshot_name="b:0")
    of.meta.collection_def["local_variables"].bytes_list.value.append(schema.serialize(definition))
    install_init_op(of, existing_variables(of.graph, Index(of.graph)))
    assert of.graph["init"].inputs == ("^w/Assign",)
    assert of.graph["init_1"].inputs == ("^b/Assign",)


def test_without_initializers_there_is_none():
    of = notation.model("v = VariableV2 {dtype: f32, shape: shape[]}")
    install_init_op(of, existing_variables(of.graph, Index(of.graph)))
    assert [node.name for node in of.graph] == ["v"]
