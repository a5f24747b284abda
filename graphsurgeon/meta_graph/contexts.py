"""Control-flow contexts: what TensorFlow 1 notes of each `tf.cond` branch and `tf.while_loop`.

A context lists the tensors inside of it, and which tensor inside stands for one outside (``external_values``). Its
pivots are the nodes that those inside wait for, directly or not: the predicate of a branch, the LoopCond of a loop.
Without contexts TensorFlow runs a graph, but does not differentiate it. A context inside of another stands within that
one's message, in ``nested_contexts``, and its tensors are listed in both::

    cond_context     CondContextDef    pred_name pivot_name
    while_context    WhileContextDef   pivot_name pivot_for_pred_name pivot_for_body_name maximum_iterations_name
                                       loop_enter_names loop_exit_names
    both             context_name (for a loop, the frame_name of its Enters), values_def, nested_contexts

Source: control_flow_ops.py of TensorFlow 1.15 and 2.21, ``CondContext`` and ``WhileContext``.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.meta_graph.collections import messages
from graphsurgeon.names import node_of
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

#: The collections of contexts.
CONTEXTS = ("cond_context", "while_context")


class Moved(NamedTuple):
    """A node of a loop or branch whose value now comes from outside."""

    source: str  # the node outside that has the value
    enters: Sequence[str]  # the Enter nodes that lead it in, outermost frame first
    inside: str  # the node that stands in its place inside


def contexts(meta: schema.MetaGraphDef) -> Iterator[Any]:
    """Yield every CondContextDef and WhileContextDef of a meta graph, those inside of others too, in any order."""
    pending = [context for key in CONTEXTS for context in messages(meta, key)]
    while pending:
        context = pending.pop()
        yield context
        pending += nested(context)


def nested(context: Any) -> list[Any]:
    """Return the contexts right inside of a context."""
    kinds = [(wrapped, wrapped.WhichOneof("ctxt")) for wrapped in context.nested_contexts]
    return [getattr(wrapped, kind) for wrapped, kind in kinds if kind is not None]


def needed_by_contexts(meta: schema.MetaGraphDef | None) -> set[str]:
    """Return the Exits, pivots and predicates of contexts, which are there whether somebody reads them or not."""
    found: list[str] = []
    for each in contexts(meta) if meta is not None else ():
        if isinstance(each, schema.WhileContextDef):
            found += [*each.loop_exit_names, each.pivot_name, each.pivot_for_pred_name, each.pivot_for_body_name]
        else:
            found += [each.pivot_name, each.pred_name]
    return {node_of(name) for name in found if name}


def nodes_in_contexts(meta: schema.MetaGraphDef) -> set[str]:
    """Return the names of the nodes that stand in some context."""
    found: set[str] = set()
    for context in contexts(meta):
        outside = context.values_def.external_values
        found.update(node_of(name) for name in context.values_def.values if name not in outside)
    return found


def retarget_contexts(meta: schema.MetaGraphDef, moved: Mapping[str, Moved]) -> None:
    """Let the contexts of loops and branches follow nodes of theirs that now stand outside."""
    for key in CONTEXTS if moved else ():
        values = meta.collection_def[key].bytes_list.value if key in meta.collection_def else []
        for position, context in enumerate(list(messages(meta, key))):
            if _retarget(context, moved):
                values[position] = schema.serialize(context)


def dissolve_contexts(meta: schema.MetaGraphDef, pivots: Collection[str], moved: Mapping[str, str]) -> int:
    """Take out the contexts of branches whose condition is decided, those with a pivot among nodes; return how many.

    What stands inside of one stands in the context around it, or in none. Tensors that are others now, as `moved`
    tells, are so in the contexts that are left.
    """
    if not pivots and not moved:
        return 0
    found: dict[str, list[Any]] = {key: [] for key in CONTEXTS}
    before = [context for key in CONTEXTS for context in messages(meta, key)]
    count = 0
    for context in before:
        left, gone = _dissolved(context, pivots, moved)
        count += gone
        for each in left:
            found[CONTEXTS[isinstance(each, schema.WhileContextDef)]].append(each)
    for key, left in found.items():
        values = [schema.serialize(context) for context in left]
        if values:
            meta.collection_def[key].bytes_list.value[:] = values
        elif key in meta.collection_def:
            del meta.collection_def[key]
    return count


def _dissolved(context: Any, pivots: Container[str], moved: Mapping[str, str]) -> tuple[list[Any], int]:
    """Return what is left of a context: itself, or those inside of it; and how many are gone."""
    inside, count = [], 0
    for each in nested(context):
        left, gone = _dissolved(each, pivots, moved)
        inside += left
        count += gone
    if isinstance(context, schema.CondContextDef) and node_of(context.pivot_name) in pivots:
        return inside, count + 1
    copies = [(("while_ctxt" if isinstance(each, schema.WhileContextDef) else "cond_ctxt"), each) for each in inside]
    wrapped = [schema.ControlFlowContextDef(**{kind: each}) for kind, each in copies]
    del context.nested_contexts[:]
    context.nested_contexts.extend(wrapped)
    values = context.values_def
    now = list(dict.fromkeys(moved.get(name, name) for name in values.values))
    values.values[:] = now
    outside: dict[str, str] = {}
    for name, value in values.external_values.items():
        new, held = moved.get(name, name), moved.get(value, value)
        # What stands for itself is there because a context around it had another name for it.
        if new not in outside or outside[new] == new:
            outside[new] = held
    values.external_values.clear()
    values.external_values.update(outside)
    if isinstance(context, schema.CondContextDef):
        context.pred_name = moved.get(context.pred_name, context.pred_name)
    return [context], count


def _retarget(context: Any, moved: Mapping[str, Moved]) -> dict[str, int]:
    """Rename in a context and those inside of it; return how many Enters of each moved node lie further out."""
    left: dict[str, int] = {}
    for inner in nested(context):
        left |= _retarget(inner, moved)
    values = context.values_def.values
    for position, tensor in enumerate(values):
        name = tensor.removesuffix(":0")
        if name in moved:
            values[position] = f"{moved[name].inside}:0"
            left[name] = len(moved[name].enters)
    if isinstance(context, schema.WhileContextDef):
        for name, count in left.items():
            if count:
                _enter(context, moved[name], count - 1)
                left[name] = count - 1
    return left


def _enter(context: schema.WhileContextDef, moved: Moved, level: int) -> None:
    source = moved.enters[level - 1] if level else moved.source
    context.values_def.values.append(f"{moved.enters[level]}:0")
    context.values_def.external_values[f"{source}:0"] = f"{moved.enters[level]}:0"
