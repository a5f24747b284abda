"""Values that one node alone reads: of a constant or variable, through Identities and reads."""

from __future__ import annotations

from collections.abc import Collection

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import ASSIGN_OPS, IS_INITIALIZED_OPS, READ_OPS, REF_OPS, RESOURCE_OPS, SAVE_OPS


def value_only_for(index: Index, reader: Node, text: str, asked: Collection[str] = ()) -> Node | None:
    """Return the constant or variable behind a tensor, when nothing but that input of that reader reads its value.

    What sets, saves and asks for a variable does not read it. The values of nodes that are `asked` for are read by
    others too: by who runs the graph.
    """
    while True:
        node = index.producer(text)
        if node is None or node.name in asked or [each.name for each in _readers(index, node)] != [reader.name]:
            return None
        if node.op in REF_OPS or node.op in RESOURCE_OPS or node.op == "Const":
            return node
        if node.op not in READ_OPS:
            return None
        reader, text = node, node.data_inputs[0]


def _readers(index: Index, node: Node) -> list[Node]:
    """Return who reads the value of a node; of a variable not those that set, save and ask for it."""
    readers = [reader for reader, _ in index.consumers(node.name)]
    if node.op not in REF_OPS and node.op not in RESOURCE_OPS:
        return [reader for reader in readers if reader.op not in SAVE_OPS]
    idle = ASSIGN_OPS | IS_INITIALIZED_OPS | SAVE_OPS
    return [reader for reader in readers if reader.op not in idle and not _only_saves(index, reader)]


def _only_saves(index: Index, node: Node) -> bool:
    if node.op not in READ_OPS:
        return False
    return all(reader.op in SAVE_OPS or _only_saves(index, reader) for reader, _ in index.consumers(node.name))
