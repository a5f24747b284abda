"""A graph whose functional control flow is being lowered: new nodes, their names, and what is still to do.

Names are those that TensorFlow's own lowering gives, a number behind each: ``while/enter/_2``. What is lowered may
bring more of it along, in functions, so nodes wait in a queue: each that was found earlier goes first, as there.

Source: ``lower_functional_ops.cc`` of TensorFlow's ``core/common_runtime``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from graphsurgeon.errors import LimitError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, SPLITTING_OPS
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.inlining.body_nodes import without_repeats
from graphsurgeon.rewrites.lowering.functional_ops import frame_names
from graphsurgeon.tensors.dtypes import DType

#: Functions that call others twice each grow beyond all bounds.
_MAX_NODES = 1 << 24

#: What is made for all arguments and inputs, and goes where none reads it.
_ONLY_READ = frozenset({"Identity", "Switch", "Merge", "Enter"})
#: Attrs of a node that are still true of the one that has its name afterwards.
_KEPT_ATTRS = ("_class", "_output_shapes")
#: Of these, not all outputs may be there when a node runs.
_DEAD_OR_ALIVE = SPLITTING_OPS | ENTER_OPS


class LoweredGraph:
    """The graph of a model, edited when `apply` is called.

    Attributes
    ----------
    edit : GraphEdit
    functions : mapping of str to Function
    signatures : OpSignatures
    queue : deque of (str, tuple of str)
        The nodes to look at, and the functions that each stands in, outermost first.
    has_branches : bool
        Whether it had control flow of TensorFlow 1 before, where a node may run with inputs that others lack.
    """

    def __init__(self, model: Model) -> None:
        self.edit = GraphEdit(model.graph)
        self.functions = model.library.functions
        self.signatures = OpSignatures(self.functions)
        self.queue: deque[tuple[str, tuple[str, ...]]] = deque()
        self.has_branches = not _DEAD_OR_ALIVE.isdisjoint(model.graph.ops)
        self.taken = {node.name for node in model.graph}
        # Others may ask for these by name.
        self._own = frozenset(self.taken)
        self._frames = frame_names(model)
        self._count = 0
        self._behind = ""
        self._made: list[str] = []

    def is_own(self, name: str) -> bool:
        """Whether the graph had a node of that name before."""
        return name in self._own

    def begin(self, name: str) -> Node:
        """Return the node that is to be lowered now; new ones are put behind it."""
        self._behind = name
        return self.edit.index.producers[name]

    def new_name(self, wanted: str) -> str:
        """Return the next name that begins so."""
        name = f"{wanted}/_{self._count}"
        self._count += 1
        while name in self.taken:
            name = f"{wanted}/_{self._count}"
            self._count += 1
        self.take(name)
        return name

    def take(self, *names: str) -> None:
        """Let names be taken.

        Raises
        ------
        LimitError
            There are more nodes than a GraphDef can hold.
        """
        self.taken.update(names)
        if len(self.taken) > _MAX_NODES:
            raise LimitError("nodes of the lowered graph", len(self.taken), _MAX_NODES)

    def new_frame(self, wanted: str) -> bytes:
        """Return the name of a frame that no other loop has."""
        name, number = wanted, 0
        while name in self._frames:
            number += 1
            name = f"{wanted}_{number}"
        self._frames.add(name)
        return name.encode("utf-8", "surrogateescape")

    def add(self, name: str, op: str, inputs: Sequence[str], device: str = "", **attrs: Any) -> str:
        """Add a node of a name that is taken for it; return the name."""
        self.put(Node.new(name, op, without_repeats(inputs), device=device, attrs=attrs))
        if op in _ONLY_READ:
            self._made.append(name)
        return name

    def put(self, node: Node) -> None:
        """Add a node behind the one that is lowered."""
        self.edit.add(node, behind=self._behind)

    def hand_on(self, name: str, text: str, type_number: int, waits: Iterable[str] = (), device: str = "") -> str:
        """Add an Identity of a tensor; return its name."""
        return self.add(name, "Identity", [text, *waits], device, T=DType.from_number(type_number))

    def call(self, name: str, func: Func, types: Sequence[int], results: Sequence[int], inputs: Sequence[str]) -> Node:
        """Return a call of a function, which is to be put into the graph, and inlined when its turn comes."""
        attrs = {"f": func, "Tin": _types(types), "Tout": _types(results)}
        return Node.new(name, "StatefulPartitionedCall", without_repeats(inputs), attrs=attrs)

    def put_calls(self, calls: Iterable[Node], device: str) -> None:
        """Add calls on a device behind the node that is lowered."""
        for call in calls:
            call.device = device
            self.put(call)

    def device_of(self, text: str) -> str:
        """Return the device of the node that makes a tensor."""
        producer = self.edit.index.producer(text)
        return "" if producer is None else producer.device

    def when_all_are_there(self, node: Node) -> list[str]:
        """Return what to wait for, so that nothing of a node runs where not all of its inputs are there.

        A node runs only then; of those that it becomes, each has inputs of its own. It matters where a Switch or Enter
        that was there before may give no value.
        """
        if not self.has_branches or node.name not in self._own:
            return []
        types = self.signatures.of(node).inputs or ()
        pairs = list(zip(node.data_inputs, types, strict=True))
        wanted = f"{node.name}/input_control"
        return [f"^{self.hand_on(self.new_name(wanted), text, number)}" for text, number in pairs]

    def replace(self, node: Node, results: Sequence[str], done: str | None) -> None:
        """Let those who read a node read the results, and those who wait for it wait for `done`.

        A node of the graph as it was keeps its name, as an IdentityN of the results or a NoOp.
        """
        name = node.name
        for number, text in enumerate(results):
            self.edit.redirect(f"{name}:{number}" if number else name, text)
        if done is not None:
            self.edit.redirect(f"^{name}", f"^{done}")
        if name not in self._own:
            self.edit.remove(name)
            self.taken.discard(name)
            return
        attrs: dict[str, Any] = {key: node.attrs[key] for key in _KEPT_ATTRS if key in node.attrs}
        waits = [] if done is None else [f"^{done}"]
        if results:
            attrs["T"] = _types(self.signatures.of(node).outputs or ())
        op = "IdentityN" if results else "NoOp"
        self.edit.replace(name, [Node.new(name, op, [*results, *waits], device=node.device, attrs=attrs)])

    def apply(self) -> None:
        """Put all edits into the graph, without what was made and nothing reads."""
        pending, made = self._made, set(self._made)
        while pending:
            node = self.edit.get(pending.pop())
            if node is not None and not self.edit.index.edges(node.name):
                self.edit.remove(node.name)
                pending += [name for name in map(node_of_input, node.inputs) if name in made]
        self.edit.apply()


def _types(numbers: Sequence[int]) -> list[DType]:
    return [DType.from_number(number) for number in numbers]
