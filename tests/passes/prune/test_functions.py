"""Prune: functions stay that something calls."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.passes.prune import prune
from proto_utils import schema
from tests import notation
from tests.passes.harness import reloaded

GRAPH = """
    x = Const {f32 [2]}
    call_f = PartitionedCall {f: fn:f, Tin: [], Tout: []}
    call_other = PartitionedCall {f: fn:other, Tin: [], Tout: []}
"""
BODIES = {"f": "call_g = g", "g": "", "grad": "call_h = h", "h": "", "other": ""}


def with_functions() -> Model:
    made = notation.model(GRAPH, *(notation.function(name, "", "", body) for name, body in BODIES.items()))
    made.library.rest.gradient.add(function_name="f", gradient_func="grad")
    made.library.rest.gradient.add(function_name="other", gradient_func="grad")
    return reloaded(made)


def test_functions_that_are_not_called_go():
    pruned = with_functions()
    report = prune(pruned, outputs=("call_f",))
    library = pruned.to_graph_def().library
    assert [f.signature.name for f in library.function] == ["f", "g", "grad", "h"]
    assert [g.function_name for g in library.gradient] == ["f"]
    assert report.functions == ["other"]


def test_without_calls_no_function_stays():
    pruned = with_functions()
    report = prune(pruned, outputs=("x",))
    assert len(pruned.to_graph_def().library.function) == 0
    assert report.functions == ["f", "g", "grad", "h", "other"]


def test_an_object_graph_goes_when_a_function_of_it_goes():
    meta = schema.MetaGraphDef(graph_def=with_functions().to_graph_def())
    meta.object_graph_def.concrete_functions["f"].SetInParent()
    meta.meta_info_def.function_aliases["other"] = "alias"
    kept = Model.from_meta_graph_def(meta)
    prune(kept, outputs=("call_f",))
    assert kept.meta is not None
    assert kept.meta.HasField("object_graph_def")
    assert not kept.meta.meta_info_def.function_aliases
    gone = Model.from_meta_graph_def(meta)
    report = prune(gone, outputs=("call_other",))
    assert gone.meta is not None
    assert not gone.meta.HasField("object_graph_def")
    assert ("object graph", "") in [(row.where, row.name) for row in report.references]
