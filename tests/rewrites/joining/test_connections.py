"""Connections: tensors in the place of inputs, and what names those."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.joining.connections import connect_tensors
from proto_utils import schema
from tests import notation
from tests.passes.prune.models import listing

TEXT = """
    a = Placeholder {dtype: f32}
    d = Const {i32 []}
    s = Split(d, a) {num_split: 2}
    b = Placeholder {dtype: f32}
    y = Relu(b)
"""


def model(*entries: str | bytes) -> Model:
    made = notation.model(TEXT)
    made.meta = listing("names", *entries)
    return made


def test_readers_read_the_tensor_and_collections_name_it():
    made = model("b:0", "b", "a:0")
    assert made.meta is not None
    (row,) = connect_tensors(made, [("b", "s:1")], "join")
    assert (row.input, row.tensor, row.dtype, row.shape) == ("b", "s:1", "float32", None)
    assert made.graph["y"].inputs == ("s:1",)
    assert "b" not in made.graph
    assert list(made.meta.collection_def["names"].node_list.value) == ["s:1", "s", "a:0"]


def test_contexts_follow():
    made = model()
    assert made.meta is not None
    context = schema.CondContextDef(context_name="c")
    context.values_def.external_values["b:0"] = "y:0"
    made.meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(context))
    connect_tensors(made, [("b", "a")], "join")
    (data,) = made.meta.collection_def["cond_context"].bytes_list.value
    assert dict(schema.parse(schema.CondContextDef, data).values_def.external_values) == {"a:0": "y:0"}


def test_signatures_take_what_the_tensor_is_computed_from():
    made = model()
    assert made.meta is not None
    signatures = made.meta.signature_def
    signatures["one"].inputs["x"].name, signatures["one"].outputs["s"].name = "a:0", "s:0"
    signatures["two"].inputs["x"].name, signatures["two"].outputs["y"].name = "b:0", "y:0"
    connect_tensors(made, [("b:0", "s")], "join")
    assert {name: info.name for name, info in signatures["two"].inputs.items()} == {"x": "a:0"}
    assert signatures["one"].inputs["x"].name == "a:0"


def test_signatures_take_inputs_that_no_signature_knows():
    text = "g/x = Placeholder {dtype: f32, shape: shape[?,3]}; a = Relu(g/x)"
    made = notation.model(text + "; b = Placeholder {dtype: f32}; y = Elu(b)")
    made.meta = schema.MetaGraphDef()
    signature = made.meta.signature_def["two"]
    signature.inputs["x"].name, signature.outputs["y"].name = "b:0", "y:0"
    connect_tensors(made, [("b", "a")], "join")
    (name,) = signature.inputs
    assert (name, signature.inputs[name].name, signature.inputs[name].dtype) == ("g_x", "g/x:0", 1)
    assert [dim.size for dim in signature.inputs[name].tensor_shape.dim] == [-1, 3]


def test_a_scalar_of_old_graphs_may_be_anything():
    made = notation.model("a = Const {f32 [2]}; b = Placeholder {dtype: f32, shape: shape[]}; y = Relu(b)")
    made.rest.versions.producer = 22
    with pytest.raises(PassError, match=r"it is fed the shape \[\], and 'a' has \[2\]"):
        connect_tensors(made, [("b", "a")], "join")
    made.rest.versions.producer = 21  # nothing else tells the two apart
    assert connect_tensors(made, [("b", "a")], "join")


def test_shapes_are_followed():
    text = """
        x = Placeholder {dtype: f32, shape: shape[?,4]}
        w = Const {f32 [4,3]}
        y = MatMul(x, w)
        b = Placeholder {dtype: f32}
        v = Const {f32 [3,2]}
        z = MatMul(b, v)
    """
    models = [notation.model(text) for _ in range(2)]
    for made in models:
        made.rest.versions.producer = 134
    (row,) = connect_tensors(models[0], [("b", "y")], "join")
    assert row.shape == [None, 3]
    with pytest.raises(PassError, match="node 'z': what it would read does not fit"):
        connect_tensors(models[1], [("b", "x")], "join")


def test_a_tensor_that_is_there_at_times_is_refused():
    text = "p = Placeholder {dtype: bool}; s = Switch(a, p); t = Relu(s:1); a = Const {f32 [2]}; m = Merge(t, s)"
    made = notation.model(text + "; b = Placeholder {dtype: f32}; y = Relu(b)")
    with pytest.raises(PassError, match="inside of a branch of the cond at 's'"):
        connect_tensors(made, [("b", "t")], "join")
    assert connect_tensors(made, [("b", "m")], "join")


def test_nothing_to_connect():
    made = model()
    assert connect_tensors(made, [], "join") == []
    assert "b" in made.graph
