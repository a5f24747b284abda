"""The tables of patterns are of ops that there are, each once."""

from __future__ import annotations

from graphsurgeon.ir.ops import facts
from graphsurgeon.rewrites.shaping.op_patterns import PATTERNS, SAME_SHAPE, SCALAR_RESULTS
from graphsurgeon.rewrites.shaping.shape_rules import RULES


def test_ops_are_there_and_stand_once():
    by_pattern = [op for line in PATTERNS.strip().splitlines() for op in line.partition(":")[0].split()]
    every = [*by_pattern, *SAME_SHAPE, *SCALAR_RESULTS]
    assert [op for op in every if facts(op) is None] == []
    assert len(every) == len(set(every))


def test_rules_are_of_ops_that_there_are():
    assert [op for op in RULES if facts(op) is None and not op.startswith("_")] == []
    assert len(RULES) > 400
