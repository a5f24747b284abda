"""Facts about ops: references, state, functions."""

from __future__ import annotations

import os

import pytest

from graphsurgeon.ir import ops
from graphsurgeon.tensors.dtypes import DType


def test_references_are_marked():
    assign = ops.facts("Assign")
    assert assign is not None
    assert assign.ref_inputs == ("ref",)
    assert [(arg.name, arg.is_ref) for arg in assign.outputs] == [("output_ref", True)]


@pytest.mark.parametrize(
    ("op", "stateful", "functions"),
    [
        ("If", True, ("then_branch", "else_branch")),
        ("StatelessWhile", False, ("cond", "body")),
        ("Case", True, ("branches",)),
        ("VarHandleOp", True, ()),
        ("MatMul", False, ()),
    ],
)
def test_state_and_functions(op, stateful, functions):
    known = ops.facts(op)
    assert known is not None
    assert (known.is_stateful, known.functions) == (stateful, functions)


def test_ops_of_both_registries_are_known():
    # The first two are gone from TensorFlow 2, the third from tf.contrib, the last two are new in it.
    for op in ("AdjustContrast", "BatchFFT", "LSTMBlockCell", "StatelessCase", "UniformQuantizedDot"):
        assert ops.facts(op) is not None, op


def test_ops_that_came_later_say_since_when():
    found = [ops.facts(op) for op in ("MatMul", "If", "StatelessCase")]
    assert [known and known.since for known in found] == ["", "1.8", "2.4"]


def test_every_line_parses():
    for op in ops.known_ops():
        known = ops.facts(op)
        assert known is not None
        for arg in known.inputs + known.outputs:
            assert arg.name.isidentifier()
            assert DType.named(arg.type) or known.attrs[arg.type].element_kind == "type", known
            assert not arg.number or known.attrs[arg.number].kind == "int", known


def test_every_op_is_found_and_nothing_else():
    names = list(ops.known_ops())
    assert names == sorted(names)
    for name in names:
        known = ops.facts(name)
        assert known is not None
        assert known.name == name
    for name in ("", "#", "~", "_", "Conv2D ", "Conv2D\n", "conv2d", "é", "\ud800", *(f"{name}~" for name in names)):
        assert ops.facts(name) is None


def test_the_file_stays_small():
    assert os.path.getsize(ops._PATH) < 500_000
