"""While loops in a part of a graph that is copied: all of a loop or nothing, in frames of the copy's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphsurgeon.compat.graph_editor.select import get_walks_intersection_ops
from graphsurgeon.compat.graph_editor.util import ControlOutputs, concatenate_unique
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.live_state import state_of
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of

_FRAME = "frame_name"


def whole_loops(graph: Graph, ops: Sequence[Node]) -> list[Node]:
    """Return ops, with what is between the entries and the exits of the loops that any of them is in."""
    frames = state_of(graph).frames
    stacks = dict.fromkeys([frames.of(op.name) for op in ops])
    inside = dict.fromkeys([stack[: depth + 1] for stack in stacks for depth in range(len(stack))])
    found = list(ops)
    for stack in inside:
        enters = [op for op in graph.nodes_of(ENTER_OPS) if frames.of(op.name) == stack]
        exits = [op for op in graph.nodes_of(EXIT_OPS) if _left(graph, op) == stack]
        control = ControlOutputs(graph)
        concatenate_unique(found, get_walks_intersection_ops(enters, exits, control_ios=control))
    return found


def rename_frames(copies: Mapping[Node, Node], graph: Graph) -> None:
    """Give the frames of loops that were copied names of their own, where all entries of a loop were copied.

    `copies` are by their originals, and are in `graph`; two loops of one frame name would run as one.
    """
    copied = [op_ for op_ in copies.values() if op_.op in ENTER_OPS]
    if not copied:
        return
    own = frozenset(copied)
    others = {attr_of(op, _FRAME) for op in graph.nodes_of(ENTER_OPS) if op not in own}
    all_of = {attr_of(op, _FRAME) for op in graph.nodes_of(ENTER_OPS)}
    originals = frozenset(copies)
    left = {attr_of(op, _FRAME) for op in graph.nodes_of(ENTER_OPS) if op not in own and op not in originals}
    names: dict[bytes, bytes] = {}
    for op_ in copied:
        name = attr_of(op_, _FRAME)
        if not isinstance(name, bytes) or name not in others or name in left:
            continue
        if name not in names:
            number = 1
            while b"%s_%d" % (name, number) in all_of:
                number += 1
            names[name] = b"%s_%d" % (name, number)
            all_of.add(names[name])
        op_.attrs[_FRAME] = names[name]
    if names:
        state_of(graph).forget_frames()


def _left(graph: Graph, op: Node) -> object:
    """Return the frames that an Exit leaves."""
    producer = graph.index.producer(op.inputs[0]) if op.inputs else None
    return None if producer is None else state_of(graph).frames.of(producer.name)
