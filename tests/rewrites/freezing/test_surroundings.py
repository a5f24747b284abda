"""Init ops are cut down to what is left, and what surrounds a graph stays as far as its nodes do."""

from __future__ import annotations

import numpy as np

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.rewrites.freezing.surroundings import Surroundings
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation

TABLES = """
    words = Placeholder {dtype: str}
    keys = Const {str [3]}
    ids = Const {i64 [3]}
    t = HashTableV2 {key_dtype: str, value_dtype: i64}
    t/fill = LookupTableImportV2(t, keys, ids)
    other = HashTableV2 {key_dtype: str, value_dtype: i64}
    other/fill = LookupTableImportV2(other, keys, ids)
    none = Const {i64 []}
    found = LookupTableFindV2(t, words, none)
    also = LookupTableFindV2(other, words, none)
    w = VariableV2 {dtype: f32, shape: shape[3]}
    w/zeros = Const {f32 [3]}
    w/Assign = Assign(w, w/zeros)
    w/read = Identity(w)
    axis = Const {i32 []}
    y = GatherV2(w/read, found, axis)
    tables = NoOp(^t/fill, ^other/fill)
    init = NoOp(^w/Assign, ^tables)
"""


def tables() -> Model:
    """A model with two tables, a variable and a main op."""
    made = notation.model(TABLES)
    made.variables = {"w": as_tensor(np.array([1, 2, 3], np.float32))}
    made.meta = schema.MetaGraphDef()
    made.meta.collection_def["saved_model_main_op"].node_list.value.append("init")
    for key, output in (("serving_default", "y:0"), ("other", "also:0")):
        made.meta.signature_def[key].inputs["text"].name = "words:0"
        made.meta.signature_def[key].outputs["result"].name = output
    return made


def test_roots():
    made = tables()
    plan = Surroundings(made, Index(made.graph), ["y", "init"], ["w"])
    assert (plan.roots, plan.init.wanted) == (["y", "t/fill", "other/fill"], {"init"})


def test_init_ops_are_cut_down_to_what_is_left():
    made = tables()
    report = freeze(made, signature="serving_default")
    assert made.graph["init"].inputs == ("^tables",)
    assert made.graph["tables"].inputs == ("^t/fill",)
    assert "other" not in made.graph
    assert report.notes == [
        "gone with the nodes that are not kept: signature other",
        "run 'init_all_tables' once, before anything else: it sets up t",
    ]
    assert made.meta is not None
    assert list(made.meta.signature_def) == ["serving_default"]
    assert list(made.meta.collection_def["saved_model_main_op"].node_list.value) == ["init"]


def test_an_init_op_among_the_outputs_stays_whole_but_for_variables():
    made = tables()
    freeze(made, outputs=("y", "init"))
    assert made.graph["tables"].inputs == ("^t/fill", "^other/fill")
    assert "w/Assign" not in made.graph


def test_an_init_op_that_is_wanted_stays_without_anything_to_do():
    made = notation.model("x = Placeholder {dtype: f32}; y = Neg(x); init = NoOp")
    made.meta = schema.MetaGraphDef()
    made.meta.collection_def["saved_model_main_op"].node_list.value.append("init")
    freeze(made, outputs=("y", "init"))
    assert made.graph["init"].inputs == ()
    freeze(made, outputs=("y",))
    assert "init" not in made.graph


def test_of_a_saved_model_all_signatures_are_frozen():
    made = tables()
    made.saved_model = SavedModelParts((), 0)
    assert freeze(made).outputs == ["also", "y"]
    assert made.is_frozen


def test_without_collections_fillers_are_found_by_what_they_do():
    made = tables()
    made.meta = None
    report = freeze(made, outputs=("y",))
    assert report.initializer == "init_all_tables"
    assert made.meta is None


def test_inputs_that_a_signature_has_in_vain_stay():
    made = tables()
    made.saved_model = SavedModelParts((), 0)
    made.graph.append(notation.node("idle = Placeholder {dtype: f32}"))
    assert made.meta is not None
    made.meta.signature_def["serving_default"].inputs["more"].name = "idle:0"
    report = freeze(made, signature="serving_default")
    assert report.outputs == ["y"]
    assert "idle" in made.graph
    assert list(made.meta.signature_def) == ["serving_default"]


def test_what_a_signature_does_not_say_is_no_scalar():
    made = tables()
    freeze(made, outputs=("y",))
    assert made.meta is not None
    info = made.meta.signature_def["serving_default"].outputs["result"]
    assert (info.dtype, info.tensor_shape.unknown_rank) == (0, True)
