"""The messages of many nodes at once, for reading: that is where the time of a look at all attrs goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphsurgeon.ir.constant_layout import content_range
from graphsurgeon.ir.node import Node
from proto_utils import schema
from proto_utils.files import BytesSource, Span
from proto_utils.wire import len_header

# The fields of a GraphDef that holds nodes, of a NodeDef that holds attrs, and of an entry of these.
_NODE = 1
_ATTR, _KEY, _VALUE = 5, 1, 2

# Nodes that are parsed together.
_BATCH = 256


def protos(nodes: Sequence[Node]) -> Iterator[schema.NodeDef]:
    """Yield the messages of nodes, for reading; many are parsed together, which takes a third of the time."""
    for start in range(0, len(nodes), _BATCH):
        records: list[bytes] = []
        for node in nodes[start : start + _BATCH]:
            message = node._message if type(node._message) is bytes else schema.serialize(node._message)
            records += (len_header(_NODE, len(message)), message)
        yield from schema.GraphDef.FromString(b"".join(records)).node


def with_attr(nodes: Iterable[Node], key: str) -> Iterator[tuple[Node, schema.AttrValue]]:
    """Yield the nodes that have an attr, and the attr as the message it is, for reading."""
    word = key.encode()
    found = [node for node in nodes if type(node._message) is not bytes or word in node._message]
    for node, proto in zip(found, protos(found), strict=True):
        attr = proto.attr.get(key)
        if attr is not None:
            yield node, attr


def num_behind_content(node: Node) -> int | None:
    """Return how many bytes of a Const's message are behind those of its value; None where `content_range` is."""
    attrs = node.serialized_attrs()
    found = None if attrs is None else content_range(attrs)
    return None if attrs is None or found is None else len(attrs) - found[1]


def content_before(node: Node, num_behind: int, nbytes: int) -> Span:
    """Return the value of a Const of which is known how long it is, and how many bytes of the message are behind it."""
    message = node._message
    end = len(message) - num_behind
    return Span(BytesSource(message[end - nbytes : end]), 0, nbytes)


def with_more(node: Node, key: str, value: bytes) -> Node | None:
    """Return a copy of a node with one more attr, serialized, put behind its message, which is not parsed for it.

    What was found sound of the node counts for the copy: the caller knows that the attr is. None where the message is
    at hand parsed, as that of an edited node is, or where it may have the attr.
    """
    message, word = node._message, key.encode()
    if type(message) is not bytes or word in message:
        return None
    entry = b"".join((len_header(_KEY, len(word)), word, len_header(_VALUE, len(value)), value))
    data = b"".join((message, len_header(_ATTR, len(entry)), entry))
    made = Node.read(node.name, node.op, node._inputs, data, None, node._payloads, None, node.beside)
    made.checked = node.checked
    return made
