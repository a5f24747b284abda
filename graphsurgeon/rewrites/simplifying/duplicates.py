"""Common subexpression elimination: of nodes that compute the same from the same, one is left.

Value numbering in topological order: a node has the number of the others with its op, numbers of inputs and control
inputs, device and attrs. What has state or effects, is fed, calls functions or controls the flow has its own number.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value, stored_nbytes
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.simplifying.colocated import regroup
from graphsurgeon.rewrites.simplifying.pass_through import FLOW_OPS
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema

_NEVER: Final = FLOW_OPS | PLACEHOLDER_OPS | {"PlaceholderWithDefault", "NoOp"}


def merge_duplicates(
    graph: Graph, signatures: OpSignatures, protected: Collection[str], apart: Collection[str], max_nbytes: int
) -> dict[str, str]:
    """Merge the duplicates of a graph or function body; return the nodes that went, and which stands for each.

    `protected` nodes stay, and stand for the others; those `apart` are no duplicates of any. Constants of more bytes
    are not compared. Costs O(nodes + edges).
    """
    numbering = _Numbering(graph, signatures, apart, max_nbytes)
    same: dict[str, str] = {}
    for names in numbering.groups():
        first = next((name for name in names if name in protected), names[0])
        same |= {name: first for name in names if name != first and name not in protected}
    if same:
        edit = GraphEdit(graph)
        for node in list(graph):
            if node.name not in same:
                _read_others(edit, node, same)
        for name in same:
            edit.remove(name)
        regroup(edit, same.keys(), same)
        edit.apply()
    return same


def _read_others(edit: GraphEdit, node: Node, same: Mapping[str, str]) -> None:
    """Let a node read and wait for the nodes that stand for those that go."""
    if not any(node_of_input(text) in same for text in node.inputs):
        return
    data = [same.get(name, name) + text[len(name) :] for text in node.data_inputs for name in (node_of_input(text),)]
    controls = [f"^{same.get(text[1:], text[1:])}" for text in node.control_inputs]
    edit.set_inputs(node, [*data, *dict.fromkeys(controls)])


class _Numbering:
    """Value numbers of the nodes of one graph or function body."""

    def __init__(self, graph: Graph, signatures: OpSignatures, apart: Collection[str], max_nbytes: int) -> None:
        self._graph = graph
        self._signatures = signatures
        self._apart = apart
        self._max_nbytes = max_nbytes
        self._numbers: dict[str, int] = {}

    def groups(self) -> list[list[str]]:
        """Return the names of nodes that have one number, in topological order, where there are several."""
        known: dict[Hashable, int] = {}
        groups: list[list[str]] = []
        for node in self._graph.topological():
            key = self._key(node)
            number = len(groups) if key is None else known.setdefault(key, len(groups))
            if number == len(groups):
                groups.append([])
            groups[number].append(node.name)
            self._numbers[node.name] = number
        return [names for names in groups if len(names) > 1]

    def _key(self, node: Node) -> Hashable | None:
        known = facts(node.op)
        if known is None or known.is_stateful or known.functions or node.op in _NEVER or node.name in self._apart:
            return None
        if any(self._signatures.is_reference(self._graph.get(node_of_input(text)), text) for text in node.data_inputs):
            return None
        attrs = _constant_key(node, self._max_nbytes) if node.op == "Const" else _attrs_key(node)
        if attrs is None:
            return None
        data = tuple(self._number(text) for text in node.data_inputs)
        controls = frozenset(self._number(text[1:]) for text in node.control_inputs)
        return node.op, data, controls, node.device, attrs

    def _number(self, text: str) -> Hashable:
        """Return what tells a tensor from others: a node's number and its output, or the argument of a function."""
        name, _, output = text.partition(":")
        return self._numbers.get(name, name), "" if output == "0" else output


def _attrs_key(node: Node, without: Collection[str] = ()) -> Hashable:
    attrs = node.proto.attr
    keys = [key for key in sorted(attrs) if key != "_output_shapes" and key not in without]
    return tuple([(key, schema.serialize(attrs[key])) for key in keys])


def _constant_key(node: Node, max_nbytes: int) -> Hashable | None:
    value = constant_value(node)
    if value is None or stored_nbytes(value) > max_nbytes:
        return None
    return value.dtype.name, value.shape, _content(value), _attrs_key(node, ("value", "dtype"))


def _content(value: Tensor) -> Hashable:
    return tuple(value.strings()) if value.dtype is dtypes.STRING else b"".join(map(bytes, value.chunks()))
