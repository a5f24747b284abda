"""Signatures: guessed where nothing is given, held to what the graph needs where something is."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.serving.signature import PREDICT_METHOD, Signature, make_signature
from proto_utils.errors import NotFoundError
from tests.notation import model

NET = """
    image = Placeholder {dtype: f32, shape: shape[?,4]}
    w = Const {f32 [4,3]}
    logits = MatMul(image, w)
    tower/prob = Softmax(logits)
"""


def make(text: str | Model, **given: Any) -> Signature:
    made = model(text) if isinstance(text, str) else text
    signature = make_signature(made, Index(made.graph), **given)
    assert signature is not None
    return signature


def tensors(rows) -> dict[str, str]:
    return {row.name: row.tensor for row in rows}


def test_guessed_with_reasons():
    signature = make(NET)
    (image,), (prob,) = signature
    assert (image.name, image.tensor, image.dtype, image.shape) == ("image", "image:0", "float32", [None, 4])
    assert image.reason == "must be fed, and an output needs it"
    assert (prob.name, prob.tensor, prob.dtype, prob.shape) == ("prob", "tower/prob:0", "float32", [None, 3])
    assert "nothing reads it" in prob.reason


def test_proto():
    proto = make(NET).to_proto()
    assert proto.method_name == PREDICT_METHOD
    assert [dim.size for dim in proto.inputs["image"].tensor_shape.dim] == [-1, 4]
    assert (proto.outputs["prob"].name, proto.outputs["prob"].dtype) == ("tower/prob:0", 1)
    assert [dim.size for dim in proto.outputs["prob"].tensor_shape.dim] == [-1, 3]


def test_scalar_shape_is_written_as_one():
    graph = model("x = Placeholder {dtype: f32, shape: shape[]}; y = Neg(x)")
    graph.rest.versions.producer = 24
    proto = make(graph).to_proto()
    assert proto.inputs["x"].HasField("tensor_shape")
    assert (list(proto.inputs["x"].tensor_shape.dim), proto.inputs["x"].tensor_shape.unknown_rank) == ([], False)


@pytest.mark.parametrize(("producer", "shape"), [(21, None), (22, [])])
def test_scalar_shape_of_old_placeholders_means_unknown(producer: int, shape: list[int] | None):
    graph = model("x = Placeholder {dtype: f32, shape: shape[]}; y = Neg(x)")
    graph.rest.versions.producer = producer
    assert make(graph).inputs[0].shape == shape


def test_given_under_a_name_or_their_own():
    signature = make(NET, inputs=["pixels=image"], outputs=["scores=logits:0,tower/prob"])
    assert tensors(signature.inputs) == {"pixels": "image:0"}
    assert tensors(signature.outputs) == {"scores": "logits:0", "prob": "tower/prob:0"}
    assert [row.reason for row in signature.outputs] == ["given", "given"]


def test_inputs_are_guessed_for_the_given_outputs():
    text = NET + "label = Placeholder {dtype: f32}; loss = Sub(tower/prob, label)"
    assert sorted(tensors(make(text).inputs)) == ["image", "label"]
    assert tensors(make(text, outputs=["tower/prob"]).inputs) == {"image": "image:0"}


def test_what_has_a_value_of_its_own_is_no_input_unless_there_is_no_other():
    text = "c = Const {f32 [2]}; d = PlaceholderWithDefault(c) {shape: shape[2]}; y = Neg(d)"
    assert tensors(make(text).inputs) == {"d": "d:0"}
    assert tensors(make(text + "; x = Placeholder {dtype: f32}; z = Add(x, y)").inputs) == {"x": "x:0"}


def test_every_read_output_of_a_queue_is_an_input():
    text = """
        q = FIFOQueueV2 {component_types: [f32, i64, str]}
        batch = QueueDequeueV2(q) {component_types: [f32, i64, str]}
        y = Cast(batch:1) {DstT: f32}
        z = Add(batch, y)
    """
    assert tensors(make(text).inputs) == {"batch": "batch:0", "batch_1": "batch:1"}


def test_names_that_clash_are_spelled_out():
    text = "a/x = Placeholder {dtype: f32}; b/x = Placeholder {dtype: f32}; 1/y = Add(a/x, b/x); y.z = Neg(1/y)"
    signature = make(text, outputs=["1/y", "y.z"])
    assert tensors(signature.inputs) == {"a_x": "a/x:0", "b_x": "b/x:0"}
    assert tensors(signature.outputs) == {"y": "1/y:0", "y_z": "y.z:0"}


def test_argument_names_can_be_python_names():
    text = "8bit-x = Placeholder {dtype: f32}; y = Unpack(8bit-x) {num: 2}"
    signature = make(text, outputs=["y:1", "y:0"])
    assert tensors(signature.inputs) == {"_8bit_x": "8bit-x:0"}
    assert tensors(signature.outputs) == {"y_1": "y:1", "y": "y:0"}


def test_names_that_clash_still_are_declined():
    text = "x = Placeholder {dtype: f32}; a_b = Neg(x); a/b = Neg(x); c/a_b = Neg(x)"
    with pytest.raises(PassError, match="called 'a_b'") as caught:
        make(text, outputs=["a_b", "c/a_b", "a_b=a/b"])
    assert "NAME=" in str(caught.value.hint)


def test_inputs_must_feed_what_the_outputs_need():
    text = NET + "keep = Placeholder {dtype: f32}; y = Mul(tower/prob, keep)"
    with pytest.raises(PassError, match="need placeholder 'keep'") as caught:
        make(text, inputs=["image"], outputs=["y"])
    assert (caught.value.node, caught.value.hint) == ("keep", 'name them too: `inputs="keep"`')


def test_inputs_may_cut_the_graph():
    signature = make(NET, inputs=["logits"], outputs=["tower/prob"])
    assert tensors(signature.inputs) == {"logits": "logits:0"}


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ({"outputs": ["probs"]}, "node", "probs"),
        ({"outputs": ["tower/prob:1"]}, "tensor", "tower/prob:1"),
        ({"inputs": ["x=imag"]}, "node", "imag"),
    ],
)
def test_what_is_not_there(given, kind, name):
    with pytest.raises(NotFoundError) as caught:
        make(NET, **given)
    assert (caught.value.kind, caught.value.name) == (kind, name)


def test_the_same_tensor_twice():
    with pytest.raises(PassError, match="'image:0' is given as input 2 times"):
        make(NET, inputs=["a=image", "b=image:0"])


def test_no_outputs():
    graph = model("c = Const {f32 [2]}; n = NoOp(^c)")
    assert make_signature(graph, Index(graph.graph)) is None


def test_unknown_ops_have_outputs_of_unknown_dtype():
    graph = model("x = Placeholder {dtype: f32}; y = SomebodysOp(x)")
    signature = make(graph, outputs=["y:3"])
    assert (signature.outputs[0].tensor, signature.outputs[0].dtype) == ("y:3", None)
    assert signature.to_proto().outputs["y_3"].dtype == 0
