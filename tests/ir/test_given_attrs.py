"""Values for attrs, from Python and from text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.given_attrs import given_attr
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
