"""Facts about ops: references, state, functions."""

from __future__ import annotations

import pytest

from graphsurgeon.ir import ops


def test_references_are_marked():
    assign = ops.facts("Assign")
    assert assign is not None
    assert assign.ref_inputs == ("ref",)
    assert assign.ref_outputs == ("output_ref",)


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


def test_every_line_parses():
    for op in ops.known_ops():
        known = ops.facts(op)
        assert known is not None
        assert all(arg.name.isidentifier() and arg.type for arg in known.inputs + known.outputs), known
