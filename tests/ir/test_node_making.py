"""Nodes from an op and its inputs; `tests/tf/test_node_making_tf.py` holds every op against TensorFlow."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import GraphError, NotFoundError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node_making import make_node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType

F, I = dtypes.FLOAT, dtypes.INT32  # noqa: E741 -- as in tables of types
REF = DType.from_name("float32_ref")


def test_types_and_defaults():
    node = make_node("m", "MatMul", [("a:0", F), ("b:1", F)], attrs={"transpose_a": True})
    assert node.inputs == ("a", "b:1")
    assert dict(node.attrs) == {
        "T": F, "transpose_a": True, "transpose_b": False, "grad_a": False, "grad_b": False,
    }  # fmt: skip


def test_lengths_of_lists():
    assert make_node("c", "ConcatV2", [("a", F), ("b", F), ("c", F), ("axis", I)]).attrs["N"] == 3
    assert make_node("c", "ConcatV2", [[("a", F), ("b", F)], ("axis", I)]).attrs["N"] == 2
    assert make_node("n", "IdentityN", [("a", F), ("b", I)]).attrs["T"] == [F, I]


def test_several_lists_are_told_apart_by_their_types_or_as_lists():
    inputs: list[Any] = [("s", dtypes.STRING), ("names", dtypes.STRING), ("k", dtypes.STRING), ("d", F)]
    attrs = {"Nsparse": 1, "Ndense": 1, "sparse_types": [F], "dense_shapes": [Shape([])]}
    inputs.insert(3, ("k2", dtypes.STRING))
    flat = make_node("p", "ParseExample", inputs, attrs=attrs)
    inputs[2:] = [[each] for each in inputs[2:]]
    grouped = make_node("p", "ParseExample", inputs, attrs={"sparse_types": [F], "dense_shapes": [Shape([])]})
    assert flat.proto == grouped.proto


def test_control_inputs_and_device():
    node = make_node("r", "Relu", [("a", F)], control_inputs=["^c", "b", "c"], device="/cpu:0")
    assert node.inputs == ("a", "^b", "^c")
    assert node.device == "/cpu:0"


def test_references():
    node = make_node("w", "Assign", [("v", REF), ("x", F)])
    assert (node.attrs["T"], node.attrs["_class"]) == (F, [b"loc:@v"])
    assert make_node("r", "Identity", [("v", REF)]).attrs.get("_class") is None


def test_a_type_that_is_not_known_may_be_given():
    assert make_node("r", "Relu", [("a", None)], attrs={"T": "float32"}).attrs["T"] is F
    assert make_node("n", "IdentityN", [("a", None), ("b", I)], attrs={"T": [F, I]}).attrs["T"] == [F, I]


def test_full_types_are_written():
    node = make_node("l", "EmptyTensorList", [("s", I), ("n", I)], attrs={"element_dtype": F})
    assert node.proto.HasField("experimental_type")


def test_long_values_stay_out_of_the_message():
    import numpy as np

    node = make_node("c", "Const", attrs={"dtype": F, "value": np.zeros(4096, np.float32)})
    assert node.proto.ByteSize() < 200
    assert node.tensor.nbytes == 4096 * 4


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "reason"),
    [
        ("MatMul", [("a", F)], {}, r"has 2 arguments \(a, b\); of inputs there are 1"),
        ("MatMul", [("a", F), ("b", I)], {}, "has attr 'T' once: by input 'a' it is float32, by input 'b' int32"),
        ("MatMul", [[("a", F)], [("b", F), ("c", F)]], {}, "has one 'b', not 2"),
        ("MatMul", [[("a", F)]], {}, "not 1"),
        ("NoOp", [("a", F)], {}, "has no inputs; of inputs there are 1"),
        ("Relu", [("a", dtypes.STRING)], {}, "is string, but must be"),
        ("Relu", [("a", None)], {}, "of the type of 'a', which is not known"),
        ("Relu", [("a", F)], {"T": "int32"}, "by what is given it is int32"),
        ("Relu", [("a", F)], {"t": "int32"}, "has no attr 't'"),
        ("Any", [("a", F), ("axis", I)], {}, "takes bool for 'input', and 'a' is float32"),
        ("Assign", [("v", F), ("x", F)], {}, "'v' is no reference but float32"),
        ("Cast", [("a", F)], {}, r"needs attr 'DstT' \(type\)"),
        ("IdentityN", [("a", F)], {"T": [F, F]}, "of inputs there are 1"),
        ("IdentityN", [("a", F)], {"T": [I]}, "takes int32 by attr 'T', and 'a' is float32"),
        ("IdentityN", [("a", None)], {}, "which is not known"),
        ("ConcatV2", [("a", F), ("axis", I)], {}, "is 1, but must be at least 2"),
        ("ParseExample", [("s", dtypes.STRING)] * 4, {}, "which inputs belong to which"),
    ],
)
def test_refusals(op: str, inputs: Any, attrs: Any, reason: str):
    with pytest.raises(GraphError, match=reason) as caught:
        make_node("n", op, inputs, attrs=attrs)
    assert caught.value.node == "n"


def test_ops_that_are_not_there():
    with pytest.raises(NotFoundError) as caught:
        make_node("n", "MatMull", [("a", F)])
    assert "MatMul" in caught.value.near
