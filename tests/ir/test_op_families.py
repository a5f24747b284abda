"""Ops of one kind."""

from __future__ import annotations

from graphsurgeon.ir import ops
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS


def test_variables_take_nothing_and_make_one_thing():
    for op in REF_OPS | RESOURCE_OPS:
        facts = ops.facts(op)
        if facts is not None:  # AutoReloadVariable is not a public op
            assert facts.is_stateful
            assert (len(facts.inputs), len(facts.outputs), len(facts.ref_outputs)) == (0, 1, op in REF_OPS)


def test_no_op_is_both():
    assert not REF_OPS & RESOURCE_OPS
