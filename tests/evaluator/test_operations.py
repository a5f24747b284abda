"""Every op that is computed ahead has one kernel."""

from __future__ import annotations

from graphsurgeon.evaluator.operations import ELEMENTWISE, LAYOUTS, WHOLE, WITH_ATTRS
from graphsurgeon.ir import exact_ops, ops

#: What `evaluator.values` does itself.
PLAIN = {
    "Identity", "IdentityN", "Snapshot", "StopGradient", "PreventGradient", "EnsureShape", "Reshape", "ExpandDims",
    "Squeeze", "Shape", "ShapeN", "Size", "Rank", "Fill", "ZerosLike", "OnesLike", "Select",
}  # fmt: skip


def test_no_op_has_two():
    tables = [set(table) for table in (ELEMENTWISE, LAYOUTS, WHOLE, WITH_ATTRS)]
    assert sum(map(len, tables)) == len(set().union(*tables))


def test_all_that_is_told_to_be_computed_is():
    known = {*ELEMENTWISE, *LAYOUTS, *WHOLE, *WITH_ATTRS, *PLAIN}
    assert {op for op in ops.known_ops() if exact_ops.exactness(op, ()) and op not in known} == set()
