"""The verdict as data."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.weights.plan import Kept
from tests.weights.verdicts import plan


def test_kept_tells_the_bytes_of_its_values():
    kept = {
        each.node.name: each.nbytes for each in plan("a = Const {f16 [3,4]}\nb = Const {str [3]}\nc = Pack(a, b)").kept
    }
    assert kept == {"a": 24, "b": 3}  # "a" three times


def test_kept_strings_count_by_their_contents():
    node = Node.new("s", "Const", attrs={"dtype": dtypes.STRING, "value": as_tensor(["cat", "mouse"])})
    assert Kept(node, dtypes.STRING, (2,), "strings").nbytes == 8


def test_a_plan_cannot_be_changed():
    found = plan("x = Placeholder\nw = Const {f32 [4,4]}\ny = MatMul(x, w)")
    with pytest.raises(AttributeError):
        setattr(found.weights[0], "role", "bias")  # noqa: B010 - the type checker knows that it cannot be
