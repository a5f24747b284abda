"""Constants that were left although they may be weights, and what would take them.

Two kinds go unnoticed beside weights that are found: those whose use an op hides that TensorFlow does not have, and
kernels without a mark of freezing, where a few others have kept theirs.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.index import Index
from graphsurgeon.names import matches_any, some_of
from graphsurgeon.weights.plan import Kept, WeightPlan
from graphsurgeon.weights.roles import KERNELS, NARROW, PASS

_MAX_STEPS: Final = 24
_MAX_NAMED: Final = 3


def hidden_notes(plan: WeightPlan, index: Index, functions: Container[str], asked: Sequence[str]) -> list[str]:
    """Return notes of constants that may be weights, the largest named; of those that patterns `asked` for, none.

    `functions` are the names of those that the graph may call.
    """
    left = [each for each in plan.kept if each.function is None and not matches_any(asked, each.node.name)]
    hiding = {each.node.name: _hiding_op(each, index, functions) for each in left if _is_number(each)}
    hidden = [each for each in left if hiding.get(each.node.name)]
    notes = []
    if hidden:
        found = some_of(sorted({hiding[each.node.name] or "" for each in hidden}), _MAX_NAMED)
        notes.append(f"{_rows(hidden)} may be weights: TensorFlow does not have {found}, which hides what they are for")
    unmarked = [each for each in left if each.role in KERNELS and not hiding.get(each.node.name) and plan.fingerprinted]
    if _nbytes(unmarked) > sum(each.nbytes for each in plan.weights):
        notes.append(f"{_rows(unmarked)} may be weights: more bytes than all that bear a mark of freezing")
    both = [*hidden, *unmarked] if len(notes) == 2 else hidden or unmarked
    return [*notes[:-1], f"{notes[-1]}; {_advice(both)}"] if notes else []


def _hiding_op(kept: Kept, index: Index, functions: Container[str]) -> str | None:
    """Return the op of which nothing is known that reads a constant, through what only passes it on."""
    stack, seen = [kept.node.name], {kept.node.name}
    while stack and len(seen) < _MAX_STEPS:
        for node, position in index.consumers(stack.pop()):
            if node.op not in functions and ops.facts(node.op) is None:
                return node.op
            if node.op in PASS and position == 0 and node.name not in seen:
                seen.add(node.name)
                stack.append(node.name)
    return None


def _is_number(kept: Kept) -> bool:
    return kept.dtype.is_floating or kept.dtype.is_complex or kept.dtype.is_quantized or kept.dtype in NARROW


def _largest(kept: Iterable[Kept]) -> list[Kept]:
    return sorted(kept, key=lambda each: -each.nbytes)


def _rows(kept: Sequence[Kept]) -> str:
    rows = some_of([f"{each.path} {each.dtype.name} {list(each.shape)}" for each in _largest(kept)], _MAX_NAMED)
    return f"{len(kept):,} constants left as they are ({rows})" if len(kept) > 1 else f"constant {rows}, left as it is,"


def _advice(kept: Sequence[Kept]) -> str:
    named = ", ".join(f"'{each.node.name}'" for each in _largest(kept)[:_MAX_NAMED])
    which = "them" if len(kept) > 1 else "it"
    return f"to take {which if len(kept) <= _MAX_NAMED else 'the largest'}: `select=({named})`"


def _nbytes(kept: Iterable[Kept]) -> int:
    return sum(each.nbytes for each in kept)
