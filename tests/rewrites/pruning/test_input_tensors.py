"""A node for every tensor that is to be fed."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.pruning.input_tensors import give_nodes
from proto_utils import schema
from tests import notation


def split() -> Model:
    return notation.model(
        "i = Const {i32 []}; x = Const {f32 [2]}; s = Split(i, x) {num_split: 3}; s_1 = Mul(s:1, s:2); out = Relu(s_1)"
    )


def test_names_that_are_free():
    model = split()
    found = give_nodes(model, ["s:1", "out"], "prune")
    assert (found.names, found.more, found.sources) == (["s_1_1", "out"], [], ["s"])
    assert model.graph["s_1"].inputs == ("s_1_1", "s:2")


def test_a_node_stands_for_all_its_outputs():
    found = give_nodes(split(), ["s"], "prune")
    assert (found.names, found.more) == (["s"], ["s_1_1", "s_2"])


def test_an_output_that_only_a_signature_names_gets_a_node_too():
    model = notation.model("i = Const {i32 []}; x = Const {f32 [2]}; s = Split(i, x) {num_split: 2}; y = Relu(s)")
    model.meta = schema.MetaGraphDef()
    model.meta.signature_def["serve"].outputs["second"].name = "s:1"
    found = give_nodes(model, ["s"], "prune")
    assert (found.names, found.more) == (["s"], ["s_1"])
    assert model.meta.signature_def["serve"].outputs["second"].name == "s_1:0"
    assert model.graph["s_1"].op == "Placeholder"


def test_nothing_is_edited_without_need():
    model = split()
    before = list(model.graph)
    give_nodes(model, ["x:0", "out"], "prune")
    assert list(model.graph) == before


def test_names_around_the_graph_follow():
    model = split()
    model.meta = schema.MetaGraphDef()
    model.meta.signature_def["serve"].inputs["in"].name = "s:1"
    give_nodes(model, ["s:1"], "prune")
    assert model.meta.signature_def["serve"].inputs["in"].name == "s_1_1:0"


def test_an_iterator_is_a_handle():
    model = notation.model(
        "it = IteratorV2 {output_types: [f32], output_shapes: [shape[2]]};"
        "n = IteratorGetNext(it) {output_types: [f32], output_shapes: [shape[2]]}"
    )
    with pytest.raises(PassError, match="'it': is a handle"):
        give_nodes(model, ["it"], "prune")


def test_a_loose_end_of_which_other_outputs_are_read():
    for text in ("gone", "gone:1"):
        model = notation.model("y = Relu(gone:1) {T: f32}")
        found = give_nodes(model, [text], "prune")
        assert (found.names, found.more) == (["gone_1"], [])
        assert notation.show(model.graph).splitlines() == ["y = Relu(gone_1)", "gone_1 = Placeholder"]
