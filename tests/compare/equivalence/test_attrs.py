"""Attrs that say the same, and those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.compare.equivalence.attrs import EXCHANGES, attr_problems, exchange_problems
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, as_tensor
from tests import notation


def problems(frozen: str, thawed: str) -> list[str]:
    a, b = (next(iter(notation.graph(text))) for text in (frozen, thawed))
    return list(attr_problems(a, b))


def test_equal():
    text = 'n = X {t: f32, i: 3, s: "a", l: [1, 2], f: 0.5, shape: shape[2,?]}'
    assert problems(text, text) == []


@pytest.mark.parametrize(
    ("a", "b"), [("1", "2"), ("true", "1"), ("f32", "f64"), ('"a"', '"b"'), ("[1]", "[1, 2]"), ("shape[2]", "shape[?]")]
)
def test_unequal(a: str, b: str):
    (problem,) = problems(f"n = X {{k: {a}}}", f"n = X {{k: {b}}}")
    assert problem.startswith("attr 'k' is ")


def test_annotations_and_hints_do_not_count():
    assert problems("n = X {_class: loc:@a, output_shapes: [1]}", "n = X {_output_shapes: [2]}") == []


def test_a_handle_is_another_type_on_one_side_only():
    assert problems("n = Identity {T: f32}", "n = Identity {T: resource}") == []
    assert problems("n = Identity {T: resource}", "n = Identity {T: f32}") == ["attr 'T' is resource, there float32"]
    assert problems("n = X {T: [i32, f32]}", "n = X {T: [i32, resource]}") == []
    assert problems("n = X {T: [i32, f32]}", "n = X {T: [i64, resource]}") != []


def test_defaults_may_be_left_out():
    assert problems("n = MatMul {T: f32, transpose_a: false}", "n = MatMul {T: f32}") == []
    assert problems("n = MatMul {T: f32, transpose_a: true}", "n = MatMul {T: f32}") == [
        "attr 'transpose_a' is True, there False"
    ]
    assert problems('n = Conv3D {data_format: "NDHWC"}', "n = Conv3D") == []
    assert problems('n = Conv2D {data_format: "NDHWC"}', "n = Conv2D") != []
    assert problems("n = Sum {Tidx: i32}", "n = Sum") == []
    assert problems("n = Sum {Tidx: i64}", "n = Sum") == ["attr 'Tidx' is int64, there int32"]
    assert problems("n = X {whatever: 1}", "n = X") == ["attr 'whatever' is 1, there not there"]


def const(value: object, dtype: str = "f4") -> Node:
    tensor = value if isinstance(value, FillTensor) else as_tensor(np.array(value, dtype))
    return Node.new("c", "Const", attrs={"value": tensor})


def test_values_however_they_are_encoded():
    ones = FillTensor(dtypes.FLOAT, [400], np.float32(1).tobytes())
    assert list(attr_problems(const(np.ones(400)), const(ones))) == []
    other = np.ones(400)
    other[399] = 2
    (problem,) = attr_problems(const(other), const(ones))
    assert problem == "attr 'value' is float32 [400] with other values, there float32 [400] with other values"
    assert list(attr_problems(const([1], "f4"), const([1], "f8"))) != []


def test_nan_equals_itself():
    a, b = (Node.new("n", "X", attrs={"f": float("nan")}) for _ in range(2))
    assert list(attr_problems(a, b)) == []


def test_attrs_of_functions():
    def call(**attrs: object) -> Node:
        return Node.new("n", "PartitionedCall", attrs={"f": Func("g", dict(attrs))})

    assert list(attr_problems(call(n=1, _note=2), call(n=1))) == []
    assert list(attr_problems(call(n=1), call(n=2))) != []


def test_exchanged_readers():
    thawed = Node.new("g", "ResourceGather", attrs={"dtype": dtypes.FLOAT, "Tindices": dtypes.INT32, "batch_dims": 1})
    frozen = Node.new("g", "GatherV2", attrs={"Tparams": dtypes.FLOAT, "Tindices": dtypes.INT32, "Taxis": dtypes.INT32})
    assert list(exchange_problems(frozen, thawed)) == ["attr 'batch_dims' is 0, that of the ResourceGather there 1"]
    frozen.attrs["batch_dims"] = 1
    assert list(exchange_problems(frozen, thawed)) == []
    frozen.attrs["Tparams"] = dtypes.HALF
    assert len(list(exchange_problems(frozen, thawed))) == 1
    assert set(EXCHANGES) == {
        "ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape", "VarIsInitializedOp",
    }  # fmt: skip
