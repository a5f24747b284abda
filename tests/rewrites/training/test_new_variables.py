"""Variables that a pass adds: nodes, collections, saver and values."""

from __future__ import annotations

import numpy as np

from graphsurgeon.checks import check
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.tensors.values import as_tensor
from tests.notation import node
from tests.passes.harness import keys_saved, listed, model


def test_a_variable_is_listed_saved_and_has_its_value():
    of = model("x = Placeholder {dtype: f32}")
    new = NewVariables(of, "test")
    made = new.make("w", as_tensor(np.ones(2, np.float32)), "ref", trainable=True)
    slot = new.make("w/slot", as_tensor(np.zeros(2, np.float32)), "ref", beside="w")
    of.graph.extend([*made.nodes, *slot.nodes])
    new.finish({"kept": ["w:0"]}.items())
    check(of)
    assert listed(of, "variables") == ["w", "w/slot"]
    assert listed(of, "trainable_variables") == ["w"]
    assert keys_saved(of) == [b"w", b"w/slot"]
    assert of.variables["w"].numpy().tolist() == [1, 1]
    assert of.graph["w/slot"].attrs["_class"] == [b"loc:@w"]
    assert of.meta is not None
    assert of.meta.collection_def["kept"].node_list.value == ["w:0"]


def test_given_nodes_make_the_initial_value():
    of = model("x = Placeholder {dtype: f32}")
    new = NewVariables(of, "test")
    made = new.make("w", as_tensor(np.ones(2, np.float32)), "resource", initial=[node("w/two = Const {f32 [2] 2}")])
    of.graph.extend(made.nodes)
    assert of.graph["w/Assign"].inputs == ("w", "w/two")
    assert made.variable.initial_value == "w/two:0"
    assert {"w", "w/two", "w/Read/ReadVariableOp"} <= new.taken
