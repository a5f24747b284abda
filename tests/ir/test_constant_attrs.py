"""Constants are of the dtype that is said, or that of what they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.tensors.values import as_tensor


@pytest.mark.parametrize(
    ("attrs", "dtype", "value"),
    [
        ({"value": 1.5}, "float32", 1.5),
        ({"value": [1, 2]}, "int32", [1, 2]),
        ({"value": 1 << 40}, "int64", 1 << 40),
        ({"value": True}, "bool", True),
        ({"value": "text"}, "string", b"text"),
        ({"value": 3, "dtype": "float64"}, "float64", 3.0),
        ({"value": [1, 2], "dtype": np.int8}, "int8", [1, 2]),
        ({"value": np.array([1.0])}, "float64", [1.0]),
        ({"value": as_tensor(np.arange(2))}, "int64", [0, 1]),
        ({"value": 0.5, "dtype": "bfloat16"}, "bfloat16", 0.5),
    ],
)
def test_what_a_constant_is(attrs: dict[str, Any], dtype: str, value: Any):
    node = Graph().add("Const", **attrs)
    assert (node.attrs["dtype"].name, node.tensor.dtype.name) == (dtype, dtype)
    assert node.tensor.numpy().tolist() == value


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [
        ({"value": 300, "dtype": "int8"}, "'value' is 300, which int8 does not hold"),
        ({"value": 1.5, "dtype": "int32"}, "'value' is 1.5, which int32 does not hold"),
        ({"value": np.zeros(1), "dtype": "float32"}, "'value' is float64, and attr 'dtype' says float32"),
        ({"value": "a", "dtype": "float32"}, "'value' is string, and attr 'dtype' says float32"),
    ],
)
def test_what_it_cannot_be(attrs: dict[str, Any], reason: str):
    graph = Graph()
    with pytest.raises(GraphError, match=reason):
        graph.add("Const", **attrs)
    assert len(graph) == 0
