"""Object graphs that a model cannot do without."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.serving.object_functions import drop_objects, functions_in_use, kept_exports, unrestored
from graphsurgeon.tensors.values import StringTensor
from proto_utils import schema
from tests import notation
from tests.passes.harness import model

GRAPH = """
    x = Placeholder {dtype: f32}; w = VarHandleOp {dtype: f32, shape: shape[]}; r = ReadVariableOp(w) {dtype: f32}
    y = Mul(x, r); name = Const {str []}; keys = Const {str [1]}; slices = Const {str [1]}
    restored = RestoreV2(name, keys, slices) {dtypes: [f32]}; assign = AssignVariableOp(v, restored) {dtype: f32}
    restore = NoOp(^assign)
"""


def of(variable: str) -> Model:
    meta = schema.MetaGraphDef()
    meta.object_graph_def.concrete_functions["f"].output_signature.SetInParent()
    meta.signature_def["serve"].outputs["y"].name = "y:0"
    meta.saver_def.restore_op_name, meta.saver_def.filename_tensor_name = "restore", "name:0"
    other = "" if variable == "w" else "v = VarHandleOp {dtype: f32, shape: shape[]};"
    made = model(other + GRAPH.replace("AssignVariableOp(v", f"AssignVariableOp({variable}"), meta=meta)
    made.graph["slices"].attrs["value"] = StringTensor([1], [b""])
    return made


def test_it_may_go_when_the_saver_restores_what_signatures_need():
    assert kept_exports(of("w")) == []
    assert kept_exports(of("v")) == ["f"]
    assert kept_exports(Model()) == []


def test_what_signatures_need_and_no_saver_restores():
    made = of("v")
    assert made.meta is not None
    assert unrestored(made, made.meta, Index(made.graph)) == {"w"}
    del made.meta.signature_def["serve"]
    assert unrestored(made, made.meta, Index(made.graph)) == set()


def test_functions_of_objects_are_in_use_with_what_they_call():
    calls = notation.function("f", "a", "y:out0:0", "y = g(a)")
    others = [notation.function(name, "a", "y:y:0", "y = Neg(a) {T: f32}") for name in ("g", "h", "unused")]
    meta = schema.MetaGraphDef()
    meta.object_graph_def.concrete_functions["f"].SetInParent()
    made = model("x = Placeholder {dtype: f32}; y = h(x)", calls, *others, meta=meta)
    assert functions_in_use(made) == {"f", "g", "h"}
    assert functions_in_use(made, has_objects=False) == {"h"}
    made.meta = None
    assert functions_in_use(made) == {"h"}


def test_it_goes_once():
    made = of("w")
    assert drop_objects(made)
    assert not drop_objects(made)
    assert not drop_objects(Model())
