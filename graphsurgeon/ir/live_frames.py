"""Frames of while loops that follow the edits of a graph, and refuse an edge that TensorFlow would not run.

A tensor goes into a loop by an Enter and out of it by an Exit; all that a node reads and waits for is of one frame.
A node moves to another frame with what depends on it, when all of that can.

Source: ``BuildControlFlowInfo`` of TensorFlow's ``core/graph/control_flow.cc``, which refuses a node that "has inputs
from different frames".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, Frame, entered, frames_of
from graphsurgeon.ir.node import OP, Node
from graphsurgeon.names import is_control, node_of_input

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

#: The frames that a node is in, outermost first.
Stack: TypeAlias = tuple[Frame, ...]

# No loops are nested deeper; what seems to be goes in circles.
_MAX_DEPTH = 100


class LiveFrames:
    """The frames of the nodes that are in any."""

    __slots__ = ("_stacks",)

    def __init__(self, graph: Graph) -> None:
        has_loops = not ENTER_OPS.isdisjoint(map(OP, graph))
        self._stacks: dict[str, Stack] = frames_of(graph, graph.index) if has_loops else {}

    def of(self, name: str) -> Stack:
        """Return the frames that a node is in, outermost first; () outside of loops."""
        return self._stacks.get(name, ())

    def change(self, graph: Graph, inputs: Mapping[Node, Sequence[str]]) -> None:
        """Take in that nodes get other inputs, before they do.

        Raises
        ------
        GraphError
            An input would come from another frame than the node is in; nothing was taken in.
        """
        if not self._stacks:
            return
        moved: dict[str, Stack] = {}
        pending = list(inputs)
        around: list[Node] = []
        for node in pending:  # which grows on the way
            stack = self._derived(node, _telling(node, inputs), moved)
            if stack == moved.get(node.name, self.of(node.name)):
                continue
            moved[node.name] = stack
            if len(stack) > _MAX_DEPTH:
                raise GraphError("its loop would go in circles without a NextIteration", node=node.name)
            readers = around if node.op in NEXT_ITERATION_OPS else pending
            readers += [reader for reader, _ in graph.index.edges(node.name)]
        for node in dict.fromkeys([*pending, *around]):
            self._require_one_frame(node, inputs.get(node), moved)
        for node, texts in inputs.items():
            _require_way_back(graph, node, texts)
        self._take(moved)

    def added(self, node: Node) -> None:
        """Take in a node that is new, and was found to be in one frame."""
        self._take({node.name: self._derived(node, node.inputs, {})})

    def require_new(self, graph: Graph, node: Node) -> None:
        """Require that all inputs of a node that is to be added are of one frame."""
        if self._stacks:
            self._require_one_frame(node, None, {node.name: self._derived(node, node.inputs, {})})
            _require_way_back(graph, node, node.inputs)

    def removed(self, node: Node) -> None:
        """Take in that a node is gone."""
        self._stacks.pop(node.name, None)

    def renamed(self, node: Node, before: str) -> None:
        """Take in that a node has another name than before."""
        if before in self._stacks:
            self._stacks[node.name] = self._stacks.pop(before)

    def is_true(self, node: Node) -> bool:
        """Whether a node with other inputs than before is still in the frames that it was in."""
        return not self._stacks or self._derived(node, node.inputs, {}) == self.of(node.name)

    def _take(self, moved: Mapping[str, Stack]) -> None:
        for name, stack in moved.items():
            if stack:
                self._stacks[name] = stack
            else:
                self._stacks.pop(name, None)

    def _derived(self, node: Node, inputs: Sequence[str], moved: Mapping[str, Stack]) -> Stack:
        """Return the frames that a node with these inputs is in: those of the input that is deepest in loops."""
        stacks = (moved.get(name, self.of(name)) for name in map(node_of_input, inputs))
        inside = max(stacks, key=len, default=())
        if node.op in ENTER_OPS:
            return (*inside, entered(node))
        return inside[:-1] if node.op in EXIT_OPS else inside

    def _require_one_frame(self, node: Node, changed: Sequence[str] | None, moved: Mapping[str, Stack]) -> None:
        """Require that the inputs that change, or that move, are of the frame that a node reads from."""
        own = moved.get(node.name, self.of(node.name))
        for position, text in enumerate(node.inputs if changed is None else changed):
            name = node_of_input(text)
            if not {node.name, name} & moved.keys() and node.inputs[position : position + 1] == (text,):
                continue
            stack = moved.get(name, self.of(name))
            wanted = own[:-1] if node.op in ENTER_OPS else own
            found = stack[:-1] if node.op in EXIT_OPS else stack
            if found == wanted and (stack or node.op not in EXIT_OPS):
                continue
            if node.op in EXIT_OPS and not stack:
                raise GraphError(f"it leaves a loop, and its input {text!r} is in none", node=node.name)
            raise GraphError(
                f"its input {text!r} is {_place(stack)}, and the node is {_place(own)}",
                node=node.name,
                hint="a tensor goes into a loop by an Enter, and out of it by an Exit",
            )


def _telling(node: Node, inputs: Mapping[Node, Sequence[str]]) -> Sequence[str]:
    """Return the inputs that tell where a node is: those that it keeps, if there are any."""
    now = inputs.get(node, node.inputs)
    return [text for position, text in enumerate(now) if node.inputs[position : position + 1] == (text,)] or now


def _require_way_back(graph: Graph, node: Node, texts: Sequence[str]) -> None:
    """Require that the way back of a loop, a NextIteration, is one from a Merge that is entered otherwise."""

    def is_back(text: str) -> bool:
        producer = graph.index.producer(text)
        return producer is not None and producer.op in NEXT_ITERATION_OPS and not is_control(text)

    back = [is_back(text) for text in texts]
    if node.op not in MERGE_OPS:
        if any(back):
            reason = f"its input {texts[back.index(True)]!r} is the way back of a loop, which only a Merge reads"
            raise GraphError(reason, node=node.name)
    elif any(map(is_back, node.inputs)) and not any(back):
        raise GraphError("it would have no way back, and its loop would run once", node=node.name)
    elif back and all(back):
        raise GraphError("its loop would have no entry", node=node.name)


def _place(stack: Stack) -> str:
    return f"in the loop with frame {stack[-1].name!r}" if stack else "in no loop"
