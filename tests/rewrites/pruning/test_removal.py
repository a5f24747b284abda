"""What surrounds a graph is told what has to stay, and taken to what is left."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.meta_graph.dangling import Gone
from graphsurgeon.rewrites.pruning.removal import Removal, update_meta_graph
from graphsurgeon.variables.saver import Saver
from graphsurgeon.variables.unfreeze_note import COLLECTION, ConstantNote, UnfreezeNote
from proto_utils import schema
from tests.passes.harness import model

GRAPH = """
    k = Const {i64 [2]}
    t = HashTableV2
    t/init = LookupTableImportV2(t, k, k)
    main = NoOp(^t/init)
"""
SAVER = schema.SaverDef(filename_tensor_name="k:0", save_tensor_name="t:0", restore_op_name="main")
OTHER = schema.SaverDef(filename_tensor_name="t:0", save_tensor_name="k:0", restore_op_name="main")


def made(**meta: Any) -> Model:
    return model(GRAPH, meta=schema.MetaGraphDef(**meta))


def step(edited: Model, *there: str, **how: Any) -> list[Gone]:
    return update_meta_graph(edited, Removal(there or {node.name for node in edited.graph}, **how))


def test_a_bare_graph_has_no_surroundings():
    bare = model(GRAPH)
    assert step(bare, "k") == []


def test_a_saver_that_stays_stays_listed():
    edited = made(saver_def=SAVER)
    assert edited.meta is not None
    edited.meta.collection_def["savers"].bytes_list.value.append(schema.serialize(SAVER))
    before = schema.serialize(edited.meta)
    assert step(edited, saver="kept") == []
    assert schema.serialize(edited.meta) == before


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_new_saver_takes_the_place_of_the_old(is_listed: bool):
    edited = made(saver_def=SAVER)
    assert edited.meta is not None
    if is_listed:
        edited.meta.collection_def["savers"].bytes_list.value.append(schema.serialize(SAVER))
    step(edited, saver=Saver([], OTHER))
    assert edited.meta.saver_def == OTHER
    listed = list(edited.meta.collection_def["savers"].bytes_list.value) if is_listed else []
    assert listed == [schema.serialize(OTHER)] * is_listed


def test_a_saver_goes():
    edited = made(saver_def=SAVER)
    assert edited.meta is not None
    edited.meta.collection_def["savers"].bytes_list.value.append(schema.serialize(SAVER))
    step(edited, saver="removed")
    assert not edited.meta.HasField("saver_def")
    assert not edited.meta.collection_def


@pytest.mark.parametrize(
    ("functions", "has_lost", "stays"), [("f", False, True), ("f", True, False), ("g", False, False)]
)
def test_an_object_graph_stays_with_its_functions_and_variables(functions: str, has_lost: bool, stays: bool):
    edited = made()
    assert edited.meta is not None
    edited.meta.object_graph_def.concrete_functions["f"].SetInParent()
    proto = schema.FunctionDef()
    proto.signature.name = functions
    edited.library.functions = {functions: Function(proto, Graph())}
    gone = step(edited, has_lost=has_lost)
    assert edited.meta.HasField("object_graph_def") is stays
    assert gone == ([] if stays else [Gone("object graph", "")])


@pytest.mark.parametrize("num_others", [0, 1])
def test_files_go_with_what_names_them(num_others: int):
    edited = made()
    assert edited.meta is not None
    edited.meta.object_graph_def.SetInParent()
    for name, node in (("words", "k:0"), ("more", "gone:0")):
        edited.meta.asset_file_def.add(filename=name).tensor_info.name = node
    files = dict.fromkeys(["assets/words", "assets/more", "assets/unknown", "keras_metadata.pb"], "somewhere")
    edited.saved_model = SavedModelParts((), 0, num_others, files)
    step(edited, has_lost=True)
    left = list(files) if num_others else ["assets/words", "assets/unknown"]
    assert list(edited.saved_model.files) == left


def test_the_note_speaks_of_what_is_left():
    whole, cut = ConstantNote(controls=["^k"], anchors=["t"]), ConstantNote(controls=["^k"], anchors=["t", "gone"])
    edited = made()
    assert edited.meta is not None
    UnfreezeNote({"k": whole, "main": cut, "t/init": whole, "gone": whole}).write(edited.meta)
    step(edited, "k", "t", "main", "t/init", replaced={"t/init"})
    assert UnfreezeNote.read(edited.meta).to_json()["constants"] == {"k": whole.to_json(), "main": {}}


def test_an_empty_note_goes():
    edited = made()
    assert edited.meta is not None
    UnfreezeNote({"gone": ConstantNote()}).write(edited.meta)
    step(edited, "k")
    assert COLLECTION not in edited.meta.collection_def
