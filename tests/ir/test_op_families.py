"""Ops of one kind."""

from __future__ import annotations

from graphsurgeon.ir import op_families, ops
from graphsurgeon.ir.op_families import REF_OPS, RESOURCE_OPS


def test_variables_take_nothing_and_make_one_thing():
    for op in REF_OPS | RESOURCE_OPS:
        facts = ops.facts(op)
        if facts is not None:  # AutoReloadVariable is not a public op
            assert facts.is_stateful
            assert not facts.inputs
            assert [arg.is_ref for arg in facts.outputs] == [op in REF_OPS]


def test_no_op_is_both():
    assert not REF_OPS & RESOURCE_OPS


def test_all_of_them_are_ops():
    families = [value for name, value in vars(op_families).items() if name.endswith("_OPS")]
    unknown = [op for family in families for op in family if ops.facts(op) is None]
    assert unknown == ["AutoReloadVariable"]
