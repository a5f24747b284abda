"""The error for a graph in which nothing qualifies as a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from graphsurgeon import names
from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.op_families import ASSIGN_OPS, REF_OPS, RESOURCE_OPS, RESTORE_OPS, SAVE_OPS
from graphsurgeon.tensors import dtypes
from graphsurgeon.weights.plan import Kept, WeightPlan

#: Ops whose constants serve variables: initial values, and what a saver is told.
_SERVED: Final = ASSIGN_OPS | SAVE_OPS | RESTORE_OPS


def nothing_qualifies(plan: WeightPlan, index: Index, exclude: Sequence[str] = ()) -> PassError:
    """Return the refusal: the largest constants, why each was kept, and what would take them.

    What `exclude` matches is not offered.
    """
    num_variables = sum(node.op in REF_OPS or node.op in RESOURCE_OPS for node in index.producers.values())
    variables = "1 variable" if num_variables == 1 else f"{num_variables} variables"
    kept = sorted((each for each in plan.kept if not _serves_variables(each, index)), key=lambda each: -each.nbytes)
    if not kept:
        held = f"; it has {variables} already" if num_variables else ""
        return PassError("unfreeze", f"the graph has no constant of more than one element{held}")
    held = f"; the graph has {variables} already" if num_variables else ""
    rows = "; ".join(f"{each.path} {each.dtype.name} {list(each.shape)}: {each.reason}" for each in kept[:3])
    takeable = [f"'{each.node.name}'" for each in kept if _is_takeable(each, exclude)][:3]
    hint = f"to take them: `select=({', '.join(takeable)})`" if takeable else None
    if num_variables:
        already = "its weights may be those variables, which ls `variables` lists; nothing is left to do then"
        hint = f"{already}. Or, {hint}" if hint else already
    return PassError("unfreeze", f"no constant qualifies as a weight{held}. The largest: {rows}", hint=hint)


def _serves_variables(kept: Kept, index: Index) -> bool:
    readers = index.consumers(kept.node.name) if kept.function is None else []
    return bool(readers) and all(node.op in _SERVED for node, _ in readers)


def _is_takeable(kept: Kept, exclude: Sequence[str]) -> bool:
    """Whether to select it would help, and make sense."""
    if kept.function is not None or kept.dtype is dtypes.STRING:
        return False
    return not any(names.matches(pattern, kept.node.name) for pattern in exclude)
