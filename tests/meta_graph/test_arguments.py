"""Names of inputs and outputs: nodes first, then what signatures call so."""

from __future__ import annotations

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.arguments import find_outputs, named_tensors
from graphsurgeon.rewrites.serving.signature import make_signature
from proto_utils import schema
from proto_utils.errors import NotFoundError
from tests import notation


def signed(**outputs: dict[str, str]) -> Model:
    """A model with signatures: tensors by argument, by key."""
    of = notation.model("""
        x = Placeholder {dtype: f32}
        y = Unpack(x) {num: 2}
        prob = Neg(y:1)
    """)
    of.meta = schema.MetaGraphDef()
    for key, arguments in outputs.items():
        of.meta.signature_def[key].inputs["image"].name = "x:0"
        for argument, tensor in arguments.items():
            of.meta.signature_def[key].outputs[argument].name = tensor
    return of


def meant(of: Model, text: str, **options: str) -> list[str]:
    return named_tensors(of, [text], "outputs", "prune", **options)


def test_a_node_of_the_name_goes_first():
    of = signed(serving_default={"prob": "y:1", "Predictions": "y:1"})
    assert [meant(of, text) for text in ("prob", "prob:0", "Predictions", "gone")] == [
        ["prob"], ["prob:0"], ["y:1"], ["gone"],
    ]  # fmt: skip


def test_signatures_that_agree_and_the_one_that_clients_use():
    of = signed(a={"out": "y:0", "same": "prob:0"}, b={"out": "y:1", "same": "prob:0"})
    assert meant(of, "same") == ["prob:0"]
    assert meant(of, "out", signature="b") == ["y:1"]
    with pytest.raises(PassError, match="'out' is another tensor in each of the signatures 'a' and 'b': y:0 or y:1"):
        meant(of, "out")
    assert meant(signed(a={"out": "y:0"}, serving_default={"out": "y:1"}), "out") == ["y:1"]


def test_the_op_that_initializes_is_no_output():
    of = signed(__saved_model_init_op={"__saved_model_init_op": "prob"})
    assert meant(of, "__saved_model_init_op") == ["__saved_model_init_op"]


def test_parts_of_a_composite_tensor():
    of = signed(serving_default={})
    assert of.meta is not None
    parts = of.meta.signature_def["serving_default"].outputs["sparse"].coo_sparse
    parts.values_tensor_name, parts.indices_tensor_name, parts.dense_shape_tensor_name = "prob:0", "y:0", "y:1"
    assert sorted(meant(of, "sparse")) == ["prob:0", "y:0", "y:1"]


def test_near_names_are_nodes_and_arguments():
    of = signed(serving_default={"Predictions": "y:1"})
    with pytest.raises(NotFoundError) as caught:
        find_outputs(of, Index(of.graph).producers, ["Prediction"], "prune")
    assert caught.value.near == ("Predictions",)


def test_passes_and_signatures_take_them():
    frozen = signed(serving_default={"Predictions": "prob:0", "first": "y:0"})
    report = gs.freeze(frozen, outputs=("Predictions",))
    assert report.outputs == ["prob"]
    pruned = signed(serving_default={"Predictions": "y:1"})
    pruning = gs.prune(pruned, outputs=("Predictions",), inputs=("image",))
    assert (pruning.outputs, [row.node for row in pruning.inputs]) == (["y"], ["x"])
    of = signed(serving_default={"Predictions": "y:1"})
    signature = make_signature(of, Index(of.graph), inputs=["image"], outputs=["Predictions"])
    assert signature is not None
    assert [(row.name, row.tensor) for row in (*signature.inputs, *signature.outputs)] == [
        ("image", "x:0"),
        ("Predictions", "y:1"),
    ]
