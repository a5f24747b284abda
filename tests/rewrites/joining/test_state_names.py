"""Loops and shared state of one name get names of their own."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.contexts import contexts
from graphsurgeon.rewrites.joining.state_names import (
    frame_names,
    rename_contexts,
    rename_frames,
    separate_frames,
    separate_state,
    shared_names,
)
from proto_utils import schema
from tests import notation

LOOP = 'x = Placeholder {dtype: f32}; e = Enter(x) {frame_name: "loop"}'
TABLE = 't = HashTableV2 {key_dtype: str, value_dtype: f32, shared_name: "words"}'


def with_context() -> Model:
    model = notation.model(LOOP)
    model.meta = schema.MetaGraphDef()
    outer = schema.WhileContextDef(context_name="loop")
    outer.nested_contexts.add().while_ctxt.context_name = "inner"
    model.meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(outer))
    return model


def test_frames_are_those_of_nodes_and_contexts():
    assert frame_names(with_context().graph, with_context().meta) == {"loop", "inner"}


def test_loops_of_one_name_run_in_frames_of_their_own():
    model = with_context()
    separate_frames(model, {"loop", "inner", "loop_1"})
    assert model.meta is not None
    assert model.graph["e"].attrs["frame_name"] == b"loop_2"
    assert sorted(each.context_name for each in contexts(model.meta)) == ["inner_1", "loop_2"]


def test_other_frames_stay():
    model = with_context()
    rename_frames(model.graph, {"other": "new"}, lambda node: node)
    rename_contexts(model.meta, {"other": "new"})
    assert frame_names(model.graph, model.meta) == {"loop", "inner"}


def test_tables_of_one_name_are_told_apart():
    model = notation.model(TABLE)
    separate_state(model, shared_names([notation.graph(TABLE)]), "b")
    assert model.graph["t"].attrs["shared_name"] == b"b/words"


def test_a_node_without_a_shared_name_has_its_own():
    model = notation.model('words = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "", container: ""}')
    assert shared_names([model.graph]) == {(b"", "words")}
    separate_state(model, shared_names([notation.graph(TABLE)]), "")
    assert model.graph["words"].attrs["shared_name"] == b"words_1"


def test_other_containers_are_other_state():
    model = notation.model(TABLE)
    model.graph["t"].attrs["container"] = b"c"
    separate_state(model, shared_names([notation.graph(TABLE)]), "b")
    assert model.graph["t"].attrs["shared_name"] == b"words"


def test_variables_without_a_name_are_never_shared():
    text = 'v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "cd2c89b7-88b7-44c8-ad83-06c2a9158347"}'
    assert shared_names([notation.graph(text)]) == set()
