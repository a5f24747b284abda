"""`tf.contrib.graph_editor.reroute`: readers of tensors that read others, and control inputs.

Of two tensors that are swapped, an op that reads both reads each where the other was; with TensorFlow's, it reads one
of them twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphsurgeon.compat.graph_editor.subgraph import SubGraphView, make_view
from graphsurgeon.compat.graph_editor.util import (
    check_graphs,
    control_inputs_of,
    get_consuming_ops,
    make_list_of_op,
    make_list_of_t,
)
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output import Output


def swap_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Let who reads a tensor of one list read that of the other, and the other way round.

    Parameters
    ----------
    ts0, ts1 : tensors
        As many, of the same types, with shapes that fit: a ValueError else.
    can_modify, cannot_modify : ops, optional
        Whose inputs may change, and whose may not.

    Returns
    -------
    int
        How many inputs are others now.
    """
    return _reroute(ts0, ts1, True, True, can_modify, cannot_modify)


def reroute_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Let who reads a tensor of `ts1` read that of `ts0`; parameters and result as those of `swap_ts`."""
    return _reroute(ts0, ts1, True, False, can_modify, cannot_modify)


def swap_inputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Swap what the ops of two views read from outside; both views change with it."""
    return _reroute_inputs(sgv0, sgv1, is_swap=True)


def reroute_inputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Let the ops of `sgv1` read what those of `sgv0` read; both views change with it."""
    return _reroute_inputs(sgv0, sgv1, is_swap=False)


def swap_outputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Swap who reads the outputs of two views from outside of both."""
    return _reroute_outputs(sgv0, sgv1, is_swap=True)


def reroute_outputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Let who reads the outputs of `sgv1`, from outside of both, read those of `sgv0`."""
    return _reroute_outputs(sgv0, sgv1, is_swap=False)


def swap_ios(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Swap outputs and inputs of two views."""
    return swap_inputs(*swap_outputs(sgv0, sgv1))


def reroute_ios(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Put `sgv0` in the place of `sgv1`: reroute outputs and inputs."""
    return reroute_inputs(*reroute_outputs(sgv0, sgv1))


def add_control_inputs(op: Node, cops: Any) -> None:
    """Let an op wait for others; a ValueError when it does already."""
    waits = _require_op(op)
    new = make_list_of_op(cops, allow_graph=False)
    for cop in new:
        if cop in waits:
            raise ValueError(f"{cop.name} is a control input of {op.name} already")
    _set_waits(op, [*waits, *new])


def remove_control_inputs(op: Node, cops: Any) -> None:
    """Let an op wait for others no more; a ValueError when it does not."""
    waits = _require_op(op)
    gone = make_list_of_op(cops, allow_graph=False)
    for cop in gone:
        if cop not in waits:
            raise ValueError(f"{cop.name} is no control input of {op.name}")
    _set_waits(op, [cop for cop in waits if cop not in gone])


def _require_op(op: Any) -> list[Node]:
    if not isinstance(op, Node):
        raise TypeError(f"a Node is wanted, not a {type(op).__name__}")
    return control_inputs_of(op)


def _set_waits(op: Node, waits: Iterable[Node]) -> None:
    """Set control inputs, sorted by name as TensorFlow writes them."""
    op.inputs = (*op.data_inputs, *sorted({f"^{each.name}" for each in waits}))


def _reroute(ts0: Any, ts1: Any, a2b: bool, b2a: bool, can_modify: Any, cannot_modify: Any) -> int:
    first, second = make_list_of_t(ts0), make_list_of_t(ts1)
    _require_compatible(first, second)
    may = None if can_modify is None else frozenset(make_list_of_op(can_modify))
    must_not = frozenset(() if cannot_modify is None else make_list_of_op(cannot_modify))
    changes: dict[tuple[Node, int], Output] = {}
    for t0, t1 in zip(first, second, strict=True):
        if t0 == t1:
            continue
        uses = [(use, t0) for use in t1.uses()] if a2b else []
        uses += [(use, t1) for use in t0.uses()] if b2a else []
        changes |= {use: t for use, t in uses if (may is None or use[0] in may) and use[0] not in must_not}
    for (op, position), t in changes.items():
        op.set_input(position, t.text)
    return len(changes)


def _require_compatible(ts0: list[Output], ts1: list[Output]) -> None:
    if len(ts0) != len(ts1):
        raise ValueError(f"of the tensors there are {len(ts0)} and {len(ts1)}")
    for t0, t1 in zip(ts0, ts1, strict=True):
        a, b = t0.dtype, t1.dtype
        if a is not None and b is not None and a.base is not b.base:
            raise ValueError(f"{t0.name} is {a.base.name}, and {t1.name} is {b.base.name}")
        if t0.shape is not None and t1.shape is not None and not t0.shape.is_compatible_with(t1.shape):
            raise ValueError(f"{t0.name} has the shape {t0.shape}, and {t1.name} has {t1.shape}")


def _views(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    first, second = make_view(sgv0), make_view(sgv1)
    check_graphs(first, second)
    return first, second


def _reroute_outputs(sgv0: Any, sgv1: Any, is_swap: bool) -> tuple[SubGraphView, SubGraphView]:
    first, second = _views(sgv0, sgv1)
    _reroute(first.outputs, second.outputs, True, is_swap, None, [*first.ops, *second.ops])
    return first, second


def _reroute_inputs(sgv0: Any, sgv1: Any, is_swap: bool) -> tuple[SubGraphView, SubGraphView]:
    first, second = _views(sgv0, sgv1)
    readers = get_consuming_ops([*first.passthroughs, *second.passthroughs])
    _reroute(first.inputs, second.inputs, True, is_swap, [*first.ops, *second.ops, *readers], None)
    old0, old1 = first.copy(), second.copy()
    second._take_inputs(old0, old1)
    if is_swap:
        first._take_inputs(old1, old0)
    return first, second
