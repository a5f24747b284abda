"""Outputs: the symbolic tensors of a graph, each one output of a node.

========================  =======================  ==================
what it is                its name                 what an input says
========================  =======================  ==================
output 0 of a node        ``a:0``                  ``a``
another one               ``a:1``                  ``a:1``
output in a function      ``a:out:0``              ``a:out:0``
argument of a function    ``argument:0``           ``argument``
========================  =======================  ==================
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias, Union

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.faces import GraphMember
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.ir.signatures import ArgNames, OpSignatures, fixed_num_outputs, signature_of
from graphsurgeon.names import is_control, node_of_input, parse_input
from graphsurgeon.tensors.dtypes import INVALID, DType
from proto_utils.errors import NotFoundError, UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.index import Edge

#: What may stand for a tensor: the output, a node for its output 0, or a name.
TensorLike: TypeAlias = Union["Output", Node, str]


class Output(GraphMember):
    """One output of a node of a graph, or one tensor of a function's argument; a name for a tensor, with no values.

    Outputs of one node and number are equal.

    Attributes
    ----------
    node : Node or None
        Who makes it; None for an argument of a function, and for what nodes read and no node makes.
    index : int
        Which output of the node, or tensor of the argument, it is.
    """

    __slots__ = ("_argument", "_graph", "index", "node")

    def __init__(self, node: Node | None, index: int = 0, *, argument: str = "", graph: Graph | None = None) -> None:
        self.node = node
        self.index = index
        self._argument = argument
        # Of an argument only: a node knows its graph.
        self._graph = graph

    @property
    def producer(self) -> Node | None:
        """The node that makes it, as `node`."""
        return self.node

    @property
    def graph(self) -> Graph | None:
        """The graph or function body that it is in."""
        return self._graph if self.node is None else self.node.graph

    @property
    def name(self) -> str:
        """The tensor's name: ``a:0``, in function bodies ``a:out:0``."""
        if self.node is None:
            return f"{self._argument}:{self.index}"
        graph = self.node.graph
        if graph is not None and graph.is_body:
            return _name_in_body(self.node, self.index, graph.signatures)
        return f"{self.node.name}:{self.index}"

    @property
    def text(self) -> str:
        """What an input of a node says that reads it: ``a``, ``a:1``, ``a:out:0``, ``argument``."""
        name = self.name
        return name[:-2] if self.index == 0 and name.count(":") == 1 else name

    @property
    def dtype(self) -> DType | None:
        """The type, of a variable's reference as ``float32_ref``; None when it cannot be told."""
        if self.node is None:
            held = None if self._graph is None else argument_dtype(self._graph, self._argument)
            return None if held is INVALID else held
        graph = self.node.graph
        types = (signature_of(self.node) if graph is None else graph.signatures.of(self.node)).outputs
        number = types[self.index] if types is not None and self.index < len(types) else 0
        try:
            return DType.from_number(number) if number else None
        except UnsupportedError:
            return None

    @property
    def shape(self) -> Shape | None:
        """The static shape as far as the node's attrs tell, None when they do not."""
        graph = self.graph
        if self.node is None or graph is None:
            return None
        return output_shape(graph.index, self.node, self.index)

    def uses(self) -> list[Edge]:
        """Return the (node, position of its input) pairs that read it, in the order of the graph."""
        graph = self.graph
        if graph is None:
            return []
        if self.node is not None:
            require_member(self.node)
        if not graph.is_body or self.node is None:
            return graph.index.tensor_consumers(self.text)
        edges = graph.index.consumers(self.node.name)
        return [edge for edge in edges if graph.output_of(edge[0].inputs[edge[1]]) == self]

    def consumers(self) -> list[Node]:
        """Return the nodes that read it, once each, in the order of the graph."""
        return list(dict.fromkeys([node for node, _ in self.uses()]))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Output):
            return NotImplemented
        if self.node is not other.node or self.index != other.index:
            return False
        return self.node is not None or (self._graph is other._graph and self._argument == other._argument)

    def __hash__(self) -> int:
        return hash((id(self.node), self.index, self._argument))

    def __repr__(self) -> str:
        return f"Output({self.name!r})"

    def _repr_html_(self) -> str:
        from graphsurgeon.display import format_shape, html_of

        dtype, dims = self.dtype, None if self.shape is None else self.shape.dims
        facts = {"name": self.name, "op": None if self.node is None else self.node.op}
        facts |= {"dtype": "?" if dtype is None else dtype.name, "shape": format_shape(dims)}
        return html_of("Output", facts)


def outputs_of(graph: Graph, node: Node) -> tuple[Output, ...]:
    """Return the outputs of a node; of an op that nobody knows, those up to the last that is read."""
    count = _num_outputs(graph, node)
    if count is not None:
        return (Output(node),) if count == 1 else tuple([Output(node, index) for index in range(count)])
    read = [parse_input(text).output for text in graph.index.texts(node.name)]
    return tuple([Output(node, index) for index in range(max([0, *read]) + 1)])


def output_of_input(graph: Graph, text: str) -> Output:
    """Return the tensor that a data input names; where no node makes it, it has no producer.

    A NotFoundError when the node has no such output.
    """
    name = node_of_input(text)
    node = graph.get(name)
    rest = text[len(name) + 1 :]
    if node is None:
        return Output(None, int(rest) if rest.isdecimal() else 0, argument=name, graph=graph)
    count = _num_outputs(graph, node)
    if not graph.is_body:
        index: int | None = parse_input(text).output if rest else 0
    else:
        index = _index_in_body(rest, graph.signatures.of(node).output_names)
    if index is None or (count is not None and index >= count):
        raise NotFoundError("tensor", text, [each.name for each in outputs_of(graph, node)][:3])
    return Output(node, index)


def _num_outputs(graph: Graph, node: Node) -> int | None:
    fixed = fixed_num_outputs(node.op)
    if fixed is not None:
        return fixed
    names = graph.signatures.of(node).output_names
    return None if names is None else sum([count for _, count in names])


def tensor_of(graph: Graph, tensor: TensorLike) -> Output:
    """Return the output that somebody means; a NotFoundError with near names when there is none."""
    node = graph.get(tensor) if isinstance(tensor, str) else tensor
    if isinstance(node, Node):
        outputs = require_member(node, graph).outputs
        if not outputs:
            raise GraphError(f"op {node.op} has no outputs", node=node.name)
        return outputs[0]
    if isinstance(tensor, Output):
        if tensor.node is not None:
            require_member(tensor.node, graph)
        elif tensor.graph is not graph:
            raise GraphError(f"{tensor.name!r} is a tensor of another graph")
        return tensor
    if not isinstance(tensor, str):
        raise TypeError(f"a tensor is an Output, a Node or a name, not a {type(tensor).__name__}: {tensor!r:.60}")
    if is_control(tensor):
        raise TypeError(f"{tensor!r} is a control input, and no tensor")
    found = output_of_input(graph, tensor)
    if found.node is None and argument_dtype(graph, node_of_input(tensor)) is None:
        raise NotFoundError.among("tensor" if ":" in tensor else "node", tensor, [node.name for node in graph])
    return found


def node_named(graph: Graph, node: object) -> Node:
    """Return the node of a graph that somebody means; a NotFoundError with near names when there is none."""
    if isinstance(node, Node):
        return require_member(node, graph)
    if not isinstance(node, str):
        raise TypeError(f"a node is a Node or a name, not a {type(node).__name__}: {node!r:.60}")
    found = graph.get(node)
    if found is None:
        raise NotFoundError.among("node", node, [each.name for each in graph])
    return found


def nodes_named(graph: Graph, nodes: Node | str | Iterable[Node | str]) -> list[Node]:
    """Return the nodes of a graph that somebody means: one, or several."""
    given = [nodes] if isinstance(nodes, (Node, str)) else nodes
    return [node_named(graph, each) for each in given]


def require_member(node: Node, graph: Graph | None = None) -> Node:
    """Return a node that is in a graph, in this one if it is given; a GraphError when it is not."""
    home = node.graph
    if home is None or home.get(node.name) is not node:
        reason = "it is in no graph any more: it was removed, or a pass put another in its place"
        raise GraphError(reason, node=node.name)
    if graph is not None and home is not graph:
        raise GraphError("it is a node of another graph", node=node.name)
    return node


def argument_dtype(graph: Graph, name: str) -> DType | None:
    """Return the type of an argument of the function whose body a graph is; None when it has none of that name.

    Of one whose type depends on the call, it is `INVALID`.
    """
    function = graph.function_def
    for arg in () if function is None else function.signature.input_arg:
        if arg.name == name:
            return DType.from_number(arg.type) if arg.type else INVALID
    return None


def _index_in_body(rest: str, names: ArgNames | None) -> int | None:
    """Return which output ``out:0`` is; None when the node has no such argument."""
    output, _, number = rest.partition(":")
    if not number:
        output, number = "", output or "0"
    if not number.isdecimal():
        return None
    first = int(number)
    for name, count in names or ():
        if not output or name == output:
            return first
        first += count
    return first if names is None else None


def _name_in_body(node: Node, index: int, signatures: OpSignatures) -> str:
    first = 0
    for name, count in signatures.of(node).output_names or ():
        if index < first + count:
            return f"{node.name}:{name}:{index - first}"
        first += count
    return f"{node.name}:{index}"
