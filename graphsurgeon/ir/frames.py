"""Which while-loop frame a node runs in (control flow v1)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, text_of
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

ENTER_OPS = frozenset({"Enter", "RefEnter"})
EXIT_OPS = frozenset({"Exit", "RefExit"})
MERGE_OPS = frozenset({"Merge", "RefMerge"})
NEXT_ITERATION_OPS = frozenset({"NextIteration", "RefNextIteration"})
SWITCH_OPS = frozenset({"Switch", "RefSwitch"})

#: What gives its value on one of its outputs. TensorFlow 2 makes a _SwitchN where it lowers a Case.
SPLITTING_OPS = SWITCH_OPS | {"_SwitchN"}

#: TensorFlow's, where an Enter does not say.
_PARALLEL_ITERATIONS = 10


class Frame(NamedTuple):
    """A while loop's frame, as its Enter nodes name it."""

    name: str
    parallel_iterations: int


def live_output(node: Node, value: int) -> int:
    """Return which output a Switch gives its value on, by what it is told; what is out of range means the last."""
    if node.op in SWITCH_OPS:
        return int(bool(value))
    count = int(node.attrs["num_outs"])
    return value if 0 <= value < count else count - 1


class FrameTree(NamedTuple):
    """The frames of a graph as a tree: `frames` with their `parents`, and in which of them each node runs.

    A parent is a number, -1 of a frame that is in none; a node that runs in no frame is not in `of_node`.
    """

    frames: list[Frame]
    parents: list[int]
    of_node: dict[str, int]


def frame_tree(graph: Graph, index: Index) -> FrameTree:
    """Return the frames of a graph, and the one that every node runs in.

    Enter goes one frame down, Exit one up; every other node runs where its inputs
    do, control inputs included. Back edges (NextIteration) carry nothing new. Costs
    O(nodes + edges).
    """
    tree = FrameTree([], [], {})
    numbers: dict[tuple[int, Frame], int] = {}
    # Of -1, which stands for no frame, the last.
    depths = [0]
    missing = {node.name: _num_forward_inputs(node, index) for node in graph}
    ready = deque(node for node in graph if missing[node.name] == 0)
    while ready:
        node = ready.popleft()
        around = (tree.of_node.get(node_of_input(text), -1) for text in node.inputs)
        inside = max(around, key=lambda number: depths[number], default=-1)
        if node.op in ENTER_OPS:
            key = (inside, entered(node))
            if key not in numbers:
                numbers[key] = len(tree.frames)
                tree.frames.append(key[1])
                tree.parents.append(inside)
                depths.insert(-1, depths[inside] + 1)
            inside = numbers[key]
        elif node.op in EXIT_OPS and inside >= 0:
            inside = tree.parents[inside]
        if inside >= 0:
            tree.of_node[node.name] = inside
        if node.op in NEXT_ITERATION_OPS:
            continue
        for consumer, _ in index.edges(node.name):
            missing[consumer.name] -= 1
            if missing[consumer.name] == 0:
                ready.append(consumer)
    return tree


def frames_of(graph: Graph, index: Index) -> dict[str, tuple[Frame, ...]]:
    """Return the stack of frames of every node that runs inside one, outermost first; see `frame_tree`."""
    tree = frame_tree(graph, index)
    stacks: list[tuple[Frame, ...]] = []
    for frame, parent in zip(tree.frames, tree.parents, strict=True):
        stacks.append((*(stacks[parent] if parent >= 0 else ()), frame))
    return {name: stacks[number] for name, number in tree.of_node.items()}


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
