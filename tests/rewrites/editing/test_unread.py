"""Who still needs nodes that are to go."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.editing.unread import StillNeeded, still_needed, unread_inputs
from proto_utils import schema
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import variable_def

TEXT = "x = Placeholder {dtype: f32}; w = Relu(x); out = Neg(w); save = Abs(w)"


def test_nodes_but_those_of_a_saver():
    index = Index(notation.graph(TEXT))
    assert list(still_needed(index, None, {"w"}, {"save"})) == [StillNeeded("w", "node 'out'")]
    assert list(still_needed(index, None, {"w", "out", "save"}, ())) == []


def test_signatures_and_variables():
    index, meta = Index(notation.graph(TEXT)), meta_graph()
    meta.collection_def["variables"].bytes_list.value.append(variable_def("w"))
    assert list(still_needed(index, meta, {"out"}, ())) == [
        StillNeeded("out", "output 'fetch' of signature 'serving_default'")
    ]
    assert list(still_needed(index, meta, {"w/read"}, ())) == [StillNeeded("w/read", "the 'variables' entry of 'w'")]


def test_inputs_go_with_what_was_fed():
    meta = meta_graph()
    assert unread_inputs(meta, {"w"}) == []
    assert unread_inputs(meta, {"x"}) == [("serving_default", "feed")]
    assert not meta.signature_def["serving_default"].inputs
    assert isinstance(meta, schema.MetaGraphDef)
