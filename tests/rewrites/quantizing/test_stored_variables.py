"""Which variables may be stored in another type, here in half precision, and what keeps others from it."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.half_weights import half_weights
from graphsurgeon.rewrites.quantizing.half_nodes import HalfNodes
from graphsurgeon.rewrites.quantizing.half_variables import HalfVariables
from graphsurgeon.rewrites.quantizing.stored_variables import StoredVariables
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests import notation
from tests.object_graphs import message
from tests.rewrites.quantizing.test_handle_flow import CALL, HANDLES, READ, function

REF = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2,3]}
    zeros = Const {f32 [2,3] 0}
    w/Assign = Assign(w, zeros)
    w/read = Identity(w)
    h = MatMul(x, w/read)
    y = Softmax(h)
"""
RESOURCE = """
    x = Placeholder {dtype: f32}
    w = VarHandleOp {dtype: f32, shape: shape[2,3]}
    zeros = Const {f32 [2,3] 0}
    w/Assign = AssignVariableOp(w, zeros) {dtype: f32}
    w/read = ReadVariableOp(w) {dtype: f32}
    h = MatMul(x, w/read)
    y = Softmax(h)
"""


def _half(text: str, needed: set[str] | None = None) -> tuple[Model, HalfVariables, StoredVariables]:
    model = notation.model(text)
    model.variables = {"w": np.ones((2, 3), np.float32)}
    return model, *_halved(model, needed)


def _halved(model: Model, needed: set[str] | None = None) -> tuple[HalfVariables, StoredVariables]:
    edit = GraphEdit(model.graph)
    variables = StoredVariables(model, Index(model.graph))
    half = HalfNodes(edit, dtypes.HALF, {"y"}, needed)
    chosen = HalfVariables(variables, {None: half})
    changed = variables.retype({None: edit}, dtypes.HALF)
    half.apply(saturate=False, changed=changed[None])
    edit.apply()
    variables.finish(dtypes.HALF, lambda key, value: CastTensor(value, dtypes.HALF, name=key))
    return chosen, variables


@pytest.mark.parametrize("text", [REF, RESOURCE, RESOURCE + "idle = DisableCopyOnRead(w)\n"])
def test_variables_of_both_kinds(text: str):
    model, _, variables = _half(text)
    assert [*variables.chosen] == ["w"]
    assert model.graph["w"].attrs["dtype"] is dtypes.HALF
    assert model.graph["w/Assign"].inputs == ("w", "zeros/float16")
    assert model.graph["h"].inputs == ("x/float16", "w/read")
    assert model.variables["w"].dtype is dtypes.HALF


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("s = Switch(w, p); p = Placeholder {dtype: bool}", "'s' (Switch) takes it as it is"),
        ("loss = L2Loss(w/read)", "'loss' (L2Loss) reads it in float32"),
        ("less = Neg(w/read); decay = Assign(w, less)", "'less' (Neg) reads it in float32"),
        ("bias = Const {f32 [3]}; less = BiasAdd(h, bias); decay = Assign(w, less)", "'decay' (Assign) changes it"),
        ("keep = Assign(w, x)", "'keep' (Assign) changes it"),
        ("step = AssignAdd(w, zeros)", "'step' (AssignAdd) changes it"),
    ],
)
def test_what_keeps_a_variable_in_float32(more: str, reason: str):
    model, half, _ = _half(REF + more.replace("; ", "\n") + "\n")
    assert half.kept["w"] == reason
    assert model.graph["w"].attrs["dtype"] is dtypes.FLOAT
    assert model.variables["w"].dtype is dtypes.FLOAT


def test_what_no_output_needs_does_not_count():
    model, _, variables = _half(REF + "loss = L2Loss(w/read)\n", {"y", "h", "w/read", "w", "x"})
    assert [*variables.chosen] == ["w"]
    assert model.graph["loss"].inputs == ("w/read/float32",)


SAVER = """
    f = Const {str []}
    names = Const {str [2]}
    slices = Const {str [2]}
    save = SaveV2(f, names, slices, w, w) {dtypes: [f32, f32]}
    restore = RestoreV2(f, names, slices) {dtypes: [f32, f32]}
    to = Assign(w, restore)
    average = Assign(w, restore:1)
"""


def test_savers():
    """A key of which the checkpoint has another tensor is saved and restored in float32, through Casts."""
    model = notation.model(REF + SAVER)
    model.graph["names"].attrs["value"] = np.array([b"w", b"w/average"], object)
    model.graph["slices"].attrs["value"] = np.array([b"", b""], object)
    model.variables = {key: np.ones((2, 3), np.float32) for key in ("w", "w/average")}
    _, variables = _halved(model)
    assert [*variables.keys] == ["w/average"]  # the last that restores it
    assert model.graph["save"].attrs["dtypes"] == [dtypes.FLOAT, dtypes.HALF]
    assert model.graph["save"].inputs[3:] == ("w/float32", "w")
    assert model.graph["to"].inputs == ("w", "restore/float16")
    assert model.graph["average"].inputs == ("w", "restore:1")


KEY = "net/v/.ATTRIBUTES/VARIABLE_VALUE"


def _saved_model(number: int = 1) -> Model:
    """A SavedModel of TensorFlow 2, of which a function has captured an object; object 1 is the variable `v`."""
    model = notation.model(HANDLES, function("f", "a h", "z:y:0", READ + "; z = Exp(y:product:0) {T: f32}"))
    model.meta = schema.MetaGraphDef()
    objects = model.meta.object_graph_def
    objects.nodes.add().children.add(local_name="net", node_id=2)
    objects.nodes.add().variable.dtype = dtypes.FLOAT.number
    objects.nodes.add().user_object.identifier = "model"
    objects.nodes[2].children.add(local_name="v", node_id=1)
    objects.nodes.add().variable.dtype = dtypes.FLOAT.number
    objects.concrete_functions["f"].bound_inputs.append(number)
    saved = message({"children": [("net", 1)]}, {"children": [("v", 2)]}, {"attributes": [("v", KEY)]})
    graph = StringTensor((), [schema.serialize(saved)])
    model.variables = {KEY: np.ones((2, 2), np.float32), OBJECT_GRAPH_KEY: graph}
    return model


def test_objects_and_what_they_captured():
    model = _saved_model()
    assert [row.node for row in half_weights(model, outputs="x").weights] == ["v"]
    assert model.meta is not None
    types = [node.variable.dtype for node in model.meta.object_graph_def.nodes if node.HasField("variable")]
    assert types == [dtypes.HALF.number, dtypes.FLOAT.number]
    assert model.variables[KEY].dtype is dtypes.HALF
    assert model.library.functions["f"].body["r"].attrs["dtype"] is dtypes.HALF


def test_objects_that_nobody_knows():
    model = _saved_model(3)
    model.graph = notation.graph(HANDLES + f"c = StatefulPartitionedCall(x, v) {CALL}")
    reasons = {row.node: row.reason for row in half_weights(model, outputs="c").kept}
    assert reasons["v"] == "'f/r' (ReadVariableOp) takes others as well, in float32"
    assert model.meta is not None
    model.meta.object_graph_def.nodes[2].children[0].local_name = "other"
    reasons = {row.node: row.reason for row in half_weights(model, outputs="c").kept}
    assert reasons["v"] == "nothing tells which object of the SavedModel it is"
