"""Which while-loop frame a node runs in (control flow v1)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, text_of

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

ENTER_OPS = frozenset({"Enter", "RefEnter"})
EXIT_OPS = frozenset({"Exit", "RefExit"})
MERGE_OPS = frozenset({"Merge", "RefMerge"})
NEXT_ITERATION_OPS = frozenset({"NextIteration", "RefNextIteration"})

#: TensorFlow's, where an Enter does not say.
_PARALLEL_ITERATIONS = 10


class Frame(NamedTuple):
    """A while loop's frame, as its Enter nodes name it."""

    name: str
    parallel_iterations: int


def frames_of(graph: Graph, index: Index) -> dict[str, tuple[Frame, ...]]:
    """Return the stack of frames of every node that runs inside one, outermost first.

    Enter goes one frame down, Exit one up; every other node runs where its inputs
    do, control inputs included. Back edges (NextIteration) carry nothing new. Costs
    O(nodes + edges).
    """
    frames: dict[str, tuple[Frame, ...]] = {}
    missing = {node.name: _num_forward_inputs(node, index) for node in graph}
    ready = deque(node for node in graph if missing[node.name] == 0)
    while ready:
        node = ready.popleft()
        inside = max((frames.get(node_of_input(text), ()) for text in node.inputs), key=len, default=())
        if node.op in ENTER_OPS:
            inside = (*inside, entered(node))
        elif node.op in EXIT_OPS:
            inside = inside[:-1]
        if inside:
            frames[node.name] = inside
        if node.op in NEXT_ITERATION_OPS:
            continue
        for consumer, _ in index.edges(node.name):
            missing[consumer.name] -= 1
            if missing[consumer.name] == 0:
                ready.append(consumer)
    return frames


def entered(node: Node) -> Frame:
    """Return the frame that an Enter leads into."""
    name, parallel_iterations = node.attrs.get("frame_name"), node.attrs.get("parallel_iterations")
    return Frame(
        text_of(name) if isinstance(name, bytes) else "",
        parallel_iterations if isinstance(parallel_iterations, int) else _PARALLEL_ITERATIONS,
    )


def _num_forward_inputs(node: Node, index: Index) -> int:
    """Count the inputs that do not come around a loop."""
    producers = [index.producer(text) for text in node.inputs]
    return sum(p is not None and p.op not in NEXT_ITERATION_OPS for p in producers)
