"""The shape functions of ops: static shapes of outputs, from those of inputs and from small values.

A rule takes an `OpCall`; it raises a ShapeMismatchError for what TensorFlow refuses. Of other ops nothing is known, but
what is the same for all of a kind. Source: TensorFlow's ``common_shape_fns.cc`` and the ops' documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.ir.signatures import fixed_num_outputs
from graphsurgeon.rewrites.shaping import (
    array_rules,
    filling_rules,
    math_rules,
    pattern_rules,
    state_rules,
    window_rules,
)
from graphsurgeon.rewrites.shaping.dims import Dims
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule

RULES: Mapping[str, Rule] = {
    **pattern_rules.RULES,
    **array_rules.RULES,
    **filling_rules.RULES,
    **math_rules.RULES,
    **window_rules.RULES,
    **state_rules.RULES,
}
_VERSION = "V0123456789"


def rule_for(op: str) -> Rule | None:
    """Return the rule of an op, None when its shapes are not known."""
    found = RULES.get(op)
    if found is None and op.rstrip(_VERSION).endswith("Dataset") and fixed_num_outputs(op) == 1:
        return _dataset
    return found


def _dataset(_: OpCall) -> Sequence[Dims]:
    """Return a scalar, which a dataset is, whatever is in it."""
    return ((),)
