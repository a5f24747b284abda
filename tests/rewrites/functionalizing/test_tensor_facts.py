"""What arguments of functions are told of tensors."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFacts
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors import dtypes
from tests.notation import model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[?,3]}
    v = VarHandleOp {dtype: f32, shape: shape[3]}
    again = Identity(v)
    ref = VariableV2 {dtype: f32, shape: shape[2]}
    y = Neg(x)
    odd = SomebodysOp(x)
    n = Const {i32 [] 3}
    list = TensorListReserve(n, n) {element_dtype: f32}
"""


def test_facts():
    of = model(TEXT)
    facts = TensorFacts(of, NodeShapes(of))
    assert facts.of("y")[:2] == (dtypes.FLOAT, Shape([None, 3]))
    assert facts.of("ref").dtype is dtypes.FLOAT
    assert facts.of("list")[:2] == (dtypes.VARIANT, Shape(()))
    assert facts.of("again") == (dtypes.RESOURCE, Shape(()), of.graph["v"])
    assert facts.knows("x")
    assert not facts.knows("z")


def test_a_type_that_is_not_known_is_declined():
    of = model(TEXT)
    with pytest.raises(PassError, match="node 'odd': the type of 'odd' is not known"):
        TensorFacts(of, NodeShapes(of)).of("odd")
