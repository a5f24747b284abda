"""Reaching definitions in one of two graphs: the node or variable from which a tensor comes.

The value of a variable reaches its readers on many ways. All of these are one tensor::

    w = Const                                  frozen
    w/read = Identity(w)
    w = VariableV2                             the same as a reference variable
    w/read = Identity(w)
    w = VarHandleOp                            and as a resource variable
    read = ReadVariableOp(w)
    w/Enter = Enter(w/read)                    brought into a loop, where freezing or unfreezing put it
    w/Identity = Identity(w/Enter, ^inside)

So a tensor is followed back through such nodes; when a variable is at the end of it, that
is where it comes from, and what was waited for on the way is remembered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from graphsurgeon.ir import ops
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import READ_OPS, REF_OPS, RESOURCE_OPS
from graphsurgeon.ir.signatures import output_number
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import is_control, node_of_input
from proto_utils.named_tuple import NamedTuple

_ENTER = "Enter"
#: What passes a reference or handle on, or reads the value: all of it works the same on a constant.
PASSED_BY_VALUE = frozenset(
    {"ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VariableShape", "VarIsInitializedOp", "_SwitchN"}
    | {f"{ref}{op}" for ref in ("", "Ref") for op in ("Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration")}
)

#: A tensor: its node, argument or variable, and which output of it. Control inputs have output -1.
Source = tuple[str, str, int | str]


class ValueOrigin(NamedTuple):
    """Where a tensor comes from, and which nodes its value waits for on the way."""

    source: Source
    waits: frozenset[Source]


class Side:
    """The nodes of a graph or function body, and the positions of its arguments.

    `handles` are those arguments that are handles on one side and values on the other; `variables` are the nodes and
    arguments that stand for a variable on one side and for its value on the other.
    """

    def __init__(self, graph: Graph, arguments: Sequence[str] = (), handles: Sequence[str] = ()) -> None:
        self.graph = graph
        self.nodes: dict[str, Node] = {}
        for node in graph:
            self.nodes.setdefault(node.name, node)
        self.variables = set(handles)
        self.arguments = {name: position for position, name in enumerate(arguments)}
        self._others: Collection[str] = ()
        self._called: Mapping[str, str] = {}
        self._roots: dict[str, str | None] = {}

    def exchange(
        self, variables: Collection[str], others: Collection[str], called: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Set which nodes stand for variables too, which nodes the other side has, and what it calls them."""
        self.variables.update(variables)
        self._others, self._called = others, called

    def read_variable(self, name: str) -> str | None:
        """Return the variable that a node reads, through others that pass its value on; None when it reads none."""
        seen = set()
        node = self.nodes.get(name)
        while node is not None and node.op in READ_OPS and node.inputs and node.name not in seen:
            seen.add(node.name)
            node = self.nodes.get(node_of_input(node.inputs[0]))
        return None if node is None or node.op not in REF_OPS | RESOURCE_OPS else node.name

    def origin(self, text: str) -> ValueOrigin:
        """Return where the tensor, or control signal, of an input comes from."""
        if is_control(text):
            return ValueOrigin(self._signal(text[1:]), frozenset())
        name = node_of_input(text)
        variable = self._variable(name)
        if variable is None:
            return ValueOrigin(self._tensor(text), frozenset())
        waits: set[Source] = set()
        while name in self.nodes:
            node = self.nodes[name]
            waits.update(self._signal(each[1:]) for each in node.control_inputs)
            if name == variable:
                break
            name = node_of_input(node.inputs[0])
        kind = "variable" if variable in self.nodes else "argument"
        called = self._called.get(variable, variable) if kind == "variable" else str(self.arguments[variable])
        return ValueOrigin((kind, called, 0), frozenset(waits))

    def is_read(self, name: str) -> bool:
        """Whether a node does nothing but pass on the value of a variable."""
        return name not in self.variables and self._variable(name) is not None

    def _variable(self, name: str) -> str | None:
        """Return the variable whose value a node passes on; each node is looked at once."""
        passed = []
        while name not in self._roots and name not in self.variables:
            node = self.nodes.get(name)
            # Provisional, and what stands for nodes that read each other.
            self._roots[name] = None
            passed.append(name)
            if node is None or not self._passes_on(node):
                break
            name = node_of_input(node.inputs[0])
        root = name if name in self.variables else self._roots[name]
        self._roots.update(dict.fromkeys(passed, root))
        return root

    def _passes_on(self, node: Node) -> bool:
        if node.op in READ_OPS:
            return bool(node.inputs) and not is_control(node.inputs[0])
        # A constant entering a loop; where both sides have the node it is compared like any other.
        return node.op == _ENTER and node.name not in self._others and bool(node.attrs.get("is_constant", False))

    def _signal(self, name: str) -> Source:
        """Return what a control input waits for: with a read that is the variable."""
        variable = self._variable(name) if name in self.nodes else None
        return ("node", name, -1) if variable is None else ("variable", self._called.get(variable, variable), -1)

    def _tensor(self, text: str) -> Source:
        name, _, output = text.partition(":")
        if name in self.arguments and name not in self.nodes:
            return "argument", str(self.arguments[name]), int(output) if output.isdecimal() else 0
        node = self.nodes.get(name)
        number = None if node is None else output_number(node, output)
        return "node", name, output if number is None else number


def after_updates(graph: Graph) -> set[str]:
    """Return the nodes that change variables, and everything that reads those or waits for them."""
    index = Index(graph)
    updates = [node.name for node in graph if _needs_variable(node, index)]
    return {*updates, *successors(index, updates)}


def _needs_variable(node: Node, index: Index) -> bool:
    """Whether a node takes a variable itself, by reference or handle, and not its value."""
    known = ops.facts(node.op)
    if known is None or node.op in PASSED_BY_VALUE:
        return False
    if known.ref_inputs:
        return True
    producers = (index.producer(text) for text in node.data_inputs)
    return any(producer is not None and producer.op in RESOURCE_OPS for producer in producers)
