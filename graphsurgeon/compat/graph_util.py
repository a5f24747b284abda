"""`tf.compat.v1.graph_util` without TensorFlow.

GraphDefs are TensorFlow's own, or ours; the result is of the caller's kind, and what is
given is never modified. Behaviour is that of TensorFlow 2.21, down to the exceptions,
where anybody can rely on it. Where TensorFlow fails or leaves a broken graph, these do
the sane thing, and their docstrings say what.

Source: graph_util_impl.py of TensorFlow 1.15 and 2.21.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from graphsurgeon.compat.convert_to_constants import convert_variables_to_constants, require_nodes
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_shape
from graphsurgeon.ir.traversal import ancestors
from graphsurgeon.names import node_of_input, parse_input, text_of
from graphsurgeon.tensors import dtypes
from proto_utils.errors import NotFoundError

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "must_run_on_cpu",
    "remove_training_nodes",
    "tensor_shape_from_node_def_name",
]

_VARIABLE_OPS = frozenset({
    "Assign", "AssignAdd", "AssignSub", "Queue", "ScatterAdd", "ScatterSub", "ScatterUpdate", "TruncatedNormal",
    "Variable", "VariableV2",
})  # fmt: skip
# The ops that must run on the CPU when an attr is of one of these types.
_CPU_TYPES = {
    "Const": ("dtype", (dtypes.STRING.number, dtypes.INT32.number)),
    "DynamicStitch": ("T", (dtypes.INT32.number,)),
    "ParallelDynamicStitch": ("T", (dtypes.INT32.number,)),
    "Cast": ("SrcT", (dtypes.INT32.number,)),
}
_CHECKS = frozenset({"CheckNumerics"})
_SPLICED = frozenset({"Identity", "StopGradient"})


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Return whether a node can run on the CPU only.

    Parameters
    ----------
    node : NodeDef
        Or anything that has one as its `node_def`, such as TensorFlow's Operation.
    pin_variables_on_cpu : bool
        Whether variables, and what changes them, are to stay on the CPU.

    Raises
    ------
    AssertionError
        It is neither.
    """
    node_def = getattr(node, "node_def", node)
    if not _is_message(node_def, "NodeDef"):
        raise AssertionError(f"neither a NodeDef nor an Operation: {type(node)}")
    if pin_variables_on_cpu and node_def.op in _VARIABLE_OPS:
        return True
    attr, types = _CPU_TYPES.get(node_def.op, ("", ()))
    # Asking a message for an attr that it lacks would add it.
    return attr in node_def.attr and node_def.attr[attr].type in types


def extract_sub_graph(graph_def: Any, dest_nodes: Iterable[str]) -> Any:
    """Return the part of a graph that nodes need.

    That is what they read, what they wait for, and what those share a device with
    (``_class: loc:@x``), and so on. Nodes keep their order; the library and the versions
    are carried over whole.

    Unlike TensorFlow's, this one survives a ``loc:@x`` that names no node: the entry is
    left out of the copy, because no TensorFlow imports it. And an iterator of names
    counts too, which TensorFlow uses up and then keeps nothing.

    Parameters
    ----------
    dest_nodes : iterable of str
        Names of nodes, without a ``:0``.

    Raises
    ------
    TypeError
        `graph_def` is no GraphDef, or `dest_nodes` is a string.
    AssertionError
        The graph has no such node.
    KeyError
        A node that is needed reads one that is not there (`NotFoundError`).
    """
    _require_graph_def(graph_def, "graph_def")
    if isinstance(dest_nodes, str):
        raise TypeError(f"dest_nodes must be an iterable of strings, not {type(dest_nodes)}")
    names = list(dest_nodes)
    # Of several nodes with one name TensorFlow takes the last.
    last = {node.name: position for position, node in enumerate(graph_def.node)}
    nodes = {name: Node(graph_def.node[position]) for name, position in last.items()}
    require_nodes(nodes, names)
    together = {name: near for name, node in nodes.items() if (near := _placed_with(node))}
    kept = ancestors(nodes, names, together)
    out = type(graph_def)()
    for position, node_def in enumerate(graph_def.node):
        if node_def.name in kept and last[node_def.name] == position:
            _require_inputs(nodes[node_def.name], nodes)
            out.node.append(node_def)
            _drop_dangling_colocation(out.node[-1], nodes)
    out.library.CopyFrom(graph_def.library)
    out.versions.CopyFrom(graph_def.versions)
    return out


def remove_training_nodes(input_graph: Any, protected_nodes: Sequence[str] | None = None) -> Any:
    """Return a graph without the nodes that only training needs.

    CheckNumerics go. An Identity or StopGradient is passed by, unless a control edge
    starts or ends at it or others are placed with it by ``_class``.

    Unlike TensorFlow's, this one keeps the graph working: who reads a CheckNumerics, or an
    Identity as ``name:0``, reads what that had read, where TensorFlow takes the input
    away or leaves it dangling; what nobody reads is an output, and stays; an entry
    ``loc:@x`` goes with its node; and library and versions stay. TensorFlow 1.15 does not
    pass by StopGradient and does not look at ``_class``; in both this follows 2.21.

    Parameters
    ----------
    protected_nodes : sequence of str, optional
        Nodes to keep whatever they are, such as outputs that others read too.
    """
    _require_graph_def(input_graph, "input_graph")
    read = {node_of_input(text) for node in input_graph.node for text in node.input}
    protected = {node.name for node in input_graph.node if node.name not in read}.union(protected_nodes or ())
    nodes = {node.name: Node(node) for node in input_graph.node}
    checks = {name for name, node in nodes.items() if node.op in _CHECKS and name not in protected}
    gone = checks.union(_spliced(nodes, checks, protected))
    instead = {name: nodes[name].inputs[0] for name in gone if nodes[name].inputs}
    there = nodes.keys() - gone
    out = type(input_graph)()
    for node_def in input_graph.node:
        if node_def.name in there:
            out.node.append(node_def)
            inputs = [_passed_by(text, instead) for text in node_def.input]
            left = [text for text in inputs if node_of_input(text) not in checks]
            if left != list(node_def.input):
                out.node[-1].input[:] = left
            _drop_dangling_colocation(out.node[-1], there)
    for name in ("library", "versions"):
        if input_graph.HasField(name):
            getattr(out, name).CopyFrom(getattr(input_graph, name))
    return out


def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """Return the shape of the tensor that an input of a NodeDef names.

    Parameters
    ----------
    graph : tf.Graph or GraphDef
        A GraphDef has only the shapes in its attrs.
    input_name : str
        ``a`` or ``a:1``.

    Returns
    -------
    tf.TensorShape
        `Shape` for a GraphDef, of unknown rank when the graph does not tell.

    Raises
    ------
    KeyError
        There is no such node.
    """
    if not _is_message(graph, "GraphDef"):
        return graph.get_tensor_by_name(input_name if ":" in input_name else f"{input_name}:0").get_shape()
    name, output = parse_input(input_name)
    node = next((Node(node) for node in graph.node if node.name == name), None)
    if node is None:
        raise NotFoundError.among("node", name, (node.name for node in graph.node))
    if output == 0:
        return node_shape(node) or Shape()
    shapes = node.attrs.get("_output_shapes", [])
    return shapes[output] if output < len(shapes) else Shape()


def _is_message(value: Any, name: str) -> bool:
    return getattr(getattr(value, "DESCRIPTOR", None), "full_name", None) == f"tensorflow.{name}"


def _require_graph_def(value: Any, name: str) -> None:
    if not _is_message(value, "GraphDef"):
        raise TypeError(f"{name} must be a GraphDef, not {type(value)}")


def _require_inputs(node: Node, nodes: Container[str]) -> None:
    for text in node.inputs:
        if node_of_input(text) not in nodes:
            raise NotFoundError("node", node_of_input(text), where=f"the graph, but {node.name!r} reads it")


def _placed_with(node: Node) -> list[str]:
    """Return what ``_class`` names; TensorFlow takes entries without ``loc:@`` for names as well."""
    attr = node.proto.attr
    if "_class" not in attr:
        return []
    return [text_of(group).removeprefix("loc:@") for group in attr["_class"].list.s]


def _drop_dangling_colocation(node_def: Any, there: Container[str]) -> None:
    node = Node(node_def)
    gone = [name for name in colocated_with(node) if name not in there]
    if gone:
        drop_colocation(node, gone)


def _spliced(nodes: Mapping[str, Node], checks: Container[str], protected: Container[str]) -> list[str]:
    """Return the nodes to pass by."""
    waiting, waited_for, leading = set(), set(), set()
    for name, node in nodes.items():
        if name not in checks:
            controls = [text[1:] for text in node.control_inputs if text[1:] not in checks]
            waited_for.update(controls)
            leading.update(_placed_with(node))
            if controls:
                waiting.add(name)
    fixed = waiting | waited_for | leading
    return [
        name
        for name, node in nodes.items()
        if node.op in _SPLICED and name not in protected and name not in fixed and node.inputs
    ]


def _passed_by(text: str, instead: Mapping[str, str]) -> str:
    """Return the input to read in the place of one that goes."""
    seen = set()
    name, output = parse_input(text)
    while output == 0 and name in instead and name not in seen:
        seen.add(name)
        text = instead[name]
        name, output = parse_input(text)
    return text
