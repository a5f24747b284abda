"""Values for attrs, from Python and from text."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.given_attrs import given_attr
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema


@pytest.mark.parametrize(
    ("op", "name", "given", "held"),
    [
        ("Conv2D", "padding", "SAME", b"SAME"),
        ("Conv2D", "strides", "1,2,2,1", [1, 2, 2, 1]),
        ("Conv2D", "strides", "[1, 2, 2, 1]", [1, 2, 2, 1]),
        ("Conv2D", "strides", (1, np.int64(2), 2, 1), [1, 2, 2, 1]),
        ("Conv2D", "explicit_paddings", "", []),
        ("Conv2D", "use_cudnn_on_gpu", "false", False),
        ("Conv2D", "use_cudnn_on_gpu", np.bool_(True), True),
        ("Relu", "T", "float32", dtypes.FLOAT),
        ("Relu", "T", "DT_HALF", dtypes.HALF),
        ("Relu", "T", np.float64, dtypes.DOUBLE),
        ("Relu", "T", "float32_ref", dtypes.FLOAT),
        ("LeakyRelu", "alpha", 1, 1.0),
        ("LeakyRelu", "alpha", "0.5", 0.5),
        ("TopK", "k", "5", 5),
        ("Placeholder", "shape", [None, 3], Shape([None, 3])),
        ("Placeholder", "shape", "[-1,3]", Shape([None, 3])),
        ("Placeholder", "shape", "?", Shape(None)),
        ("Placeholder", "shape", None, Shape(None)),
        ("IteratorGetNext", "output_shapes", "[2],?", [Shape([2]), Shape(None)]),
        ("IteratorGetNext", "output_shapes", "[[2],[-1,3]]", [Shape([2]), Shape([None, 3])]),
        ("IteratorGetNext", "output_types", "int32, float32", [dtypes.INT32, dtypes.FLOAT]),
        ("IdentityN", "T", [np.int32], [dtypes.INT32]),
        ("StatelessIf", "then_branch", "f", Func("f", {})),
        ("Case", "branches", "f,g", [Func("f", {}), Func("g", {})]),
        ("Relu", "T", Placeholder("T"), Placeholder("T")),
        ("Relu", "_mine", 3, 3),
        ("NoSuchOp", "anything", [1.5], [1.5]),
    ],
)
def test_values(op: str, name: str, given: Any, held: Any):
    found = given_attr(op, name, given)
    assert isinstance(found, schema.AttrValue)
    assert attr_value.decode(found) == held


@pytest.mark.parametrize("given", [[1, 2], "[1, 2]", np.array([1, 2], np.int32)])
def test_tensors(given: Any):
    found = given_attr("Const", "value", given)
    assert isinstance(found, Tensor)
    assert found.numpy().tolist() == [1, 2]


@pytest.mark.parametrize(
    ("op", "name", "given", "reason"),
    [
        ("Conv2D", "paddin", "SAME", "op Conv2D has no attr 'paddin'"),
        ("Conv2D", "padding", "same", "must be 'SAME'"),
        ("Conv2D", "padding", 3, r"holds string, not 3"),
        ("Conv2D", "strides", 3, r"holds list\(int\), not 3"),
        ("Conv2D", "strides", "1,x", r"holds list\(int\), not '1,x'"),
        ("Conv2D", "strides", attr_value.encode(1), r"holds list\(int\), not int"),
        ("Conv2D", "use_cudnn_on_gpu", "maybe", "holds bool"),
        ("Relu", "T", "flaot32", "holds type, not 'flaot32'"),
        ("Relu", "T", "string", "is string, but must be"),
        ("TopK", "k", True, "holds int, not True"),
        ("TopK", "k", 1.5, "holds int, not 1.5"),
        ("TopK", "k", -1, "must be at least 0"),
        ("TopK", "k", 1 << 70, "64 bits"),
        ("LeakyRelu", "alpha", True, "holds float, not True"),
        ("Placeholder", "shape", "2,x", "holds shape"),
        ("StatelessIf", "then_branch", 3, "holds func"),
        ("Relu", "_mine", object(), "no attr holds a object"),
    ],
)
def test_refusals(op: str, name: str, given: Any, reason: str):
    with pytest.raises(GraphError, match=reason):
        given_attr(op, name, given, node="n")


def test_near_names_are_told():
    with pytest.raises(GraphError) as caught:
        given_attr("Conv2D", "paddin", "SAME")
    assert "padding" in str(caught.value.hint)


class TensorShape:
    """TensorFlow's, as far as it is looked at; TensorFlow 1 has dimensions in it."""

    rank = 2

    def as_list(self) -> list[Any]:
        return [None, 3]

    as_proto = None


class Dimension:
    value = None


class TensorFlowType:
    as_datatype_enum = 14


class EagerTensor:
    dtype = TensorFlowType()

    def numpy(self) -> np.ndarray[Any, Any]:
        return np.array([1, 2, 2, 1], np.int32)


KEPT: list[tuple[str, str, Any, Any]] = [
    ("Conv2D", "strides", np.array([1, 2, 2, 1]), [1, 2, 2, 1]),
    ("Conv2D", "strides", [1, np.array(2), np.int32(2), 1], [1, 2, 2, 1]),
    ("Conv2D", "strides", EagerTensor(), [1, 2, 2, 1]),
    ("Conv2D", "strides", range(1, 5), [1, 2, 3, 4]),
    ("Conv2D", "padding", np.str_("SAME"), b"SAME"),
    ("Conv2D", "use_cudnn_on_gpu", np.array(True), True),
    ("Placeholder", "shape", np.array([2, 3]), Shape([2, 3])),
    ("Placeholder", "shape", (None, 3), Shape([None, 3])),
    ("Placeholder", "shape", (Dimension(), np.int64(3)), Shape([None, 3])),
    ("Placeholder", "shape", TensorShape(), Shape([None, 3])),
    ("Placeholder", "shape", Shape([None, 3]).to_proto(), Shape([None, 3])),
    ("IteratorGetNext", "output_shapes", [(None, 2), None, np.array([3])], [Shape([None, 2]), Shape(None), Shape([3])]),
    (
        "IteratorGetNext",
        "output_types",
        ["half", np.int32, TensorFlowType()],
        [dtypes.HALF, dtypes.INT32, dtypes.BFLOAT16],
    ),
    ("Placeholder", "dtype", np.float32, dtypes.FLOAT),
    ("Placeholder", "dtype", np.dtype(">f4"), dtypes.FLOAT),
    ("Placeholder", "dtype", ml_dtypes.bfloat16, dtypes.BFLOAT16),
    ("Placeholder", "dtype", TensorFlowType(), dtypes.BFLOAT16),
    ("Placeholder", "dtype", dtypes.QINT8, dtypes.QINT8),
    ("Placeholder", "dtype", float, dtypes.FLOAT),
    ("Placeholder", "dtype", bool, dtypes.BOOL),
    ("Placeholder", "dtype", str, dtypes.STRING),
    ("TopK", "k", np.array(3), 3),
    ("TopK", "k", np.uint8(3), 3),
    ("LeakyRelu", "alpha", np.array(0.5), 0.5),
    ("LeakyRelu", "alpha", np.float16(0.5), 0.5),
    ("LeakyRelu", "alpha", ml_dtypes.bfloat16(0.5), 0.5),
    ("LeakyRelu", "alpha", 1, 1.0),
    ("StatelessIf", "then_branch", "f", Func("f", {})),
    ("StatelessIf", "then_branch", b"f", Func("f", {})),
    ("StatelessIf", "then_branch", schema.NameAttrList(name="f"), Func("f", {})),
]


@pytest.mark.parametrize(("op", "name", "given", "held"), KEPT)
def test_what_people_have_is_kept_as_the_op_says(op: str, name: str, given: Any, held: Any):
    """When a node is made, and when an attr of one is set by hand."""
    found = given_attr(op, name, given)
    assert isinstance(found, schema.AttrValue)
    assert attr_value.decode(found) == held
    node = Node.new("n", op)
    node.attrs[name] = given
    assert node.attrs[name] == held
    assert node.proto.attr[name] == found


@pytest.mark.parametrize(
    ("op", "name", "given"),
    [
        ("Relu", "T", 1), ("Relu", "T", np.int32(1)), ("Relu", "T", int), ("Relu", "T", complex),
        ("TopK", "k", 3.0), ("TopK", "k", np.float32(3)), ("TopK", "k", True), ("TopK", "k", np.array([3])),
        ("LeakyRelu", "alpha", True), ("LeakyRelu", "alpha", np.array([0.5])), ("LeakyRelu", "alpha", 1j),
        ("Conv2D", "use_cudnn_on_gpu", 1), ("Conv2D", "padding", 3), ("Conv2D", "strides", [1.0, 2, 2, 1]),
        ("Conv2D", "strides", np.array([1.5])), ("Conv2D", "strides", 3), ("Placeholder", "shape", 3),
        ("Placeholder", "shape", [1.5, 2]), ("Placeholder", "shape", np.array(3)), ("StatelessIf", "then_branch", 3),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(op: str, name: str, given: Any):
    with pytest.raises(GraphError, match=f"attr {name!r} of op {op} holds"):
        given_attr(op, name, given)
    node = Node.new("n", op)
    with pytest.raises(GraphError, match=f"node 'n': attr {name!r} of op {op} holds"):
        node.attrs[name] = given
    assert name not in node.attrs


def test_values_of_a_constant_are_of_its_dtype():
    node = Node.new("c", "Const", attrs={"dtype": dtypes.FLOAT, "value": np.zeros(2, np.float32)})
    node.attrs["value"] = [1, 2.5]
    assert node.tensor.dtype is dtypes.FLOAT
    assert node.tensor.numpy().tolist() == [1, 2.5]
    with pytest.raises(GraphError, match="attr 'value' is float64, and attr 'dtype' says float32"):
        node.attrs["value"] = np.zeros(2)


def test_attrs_of_nobody_hold_what_is_given():
    node = Node.new("c", "NoSuchOp")
    node.attrs["mine"] = np.float32(0.5)
    node.attrs["_class"] = ["loc:@a"]
    assert (node.attrs["mine"], node.attrs["_class"]) == (0.5, [b"loc:@a"])
