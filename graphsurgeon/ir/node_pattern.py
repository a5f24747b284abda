"""Many nodes of one op that share most of their attrs, made without a message for each.

A NodeDef, serialized as `schema.serialize` does it::

    name(1) op(2) input(3)* device(4) attr(5){ key(1) value(2) }*

So of nodes that are alike, all bytes but names, inputs, device and the values of a few attrs are known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphsurgeon.ir.node import Node
from proto_utils import schema
from proto_utils.wire import fields, len_header

_NAME, _OP, _INPUT, _DEVICE, _ATTR, _KEY, _VALUE = 1, 2, 3, 4, 5, 1, 2


class NodePattern:
    """What nodes have in common.

    Parameters
    ----------
    op : str
    attrs : mapping of str to AttrValue
        Those that all nodes have.
    own : sequence of str
        The attrs of which every node has its own.
    """

    def __init__(self, op: str, attrs: Mapping[str, schema.AttrValue], own: Sequence[str] = ()) -> None:
        self._op = op
        self._op_record = _text(_OP, op)
        # What stands before each of a node's own values, but for the lengths: attrs that are shared, and its key.
        self._before: list[tuple[bytes, bytes]] = []
        # Which of its own values that is.
        self._order: list[int] = []
        shared = b""
        for key in _in_order({*attrs, *own}):
            if key in own:
                self._before.append((shared, _record(_KEY, key.encode())))
                self._order.append(own.index(key))
                shared = b""
            else:
                shared += _entry(_record(_KEY, key.encode()), schema.serialize(attrs[key]))
        self._rest = shared

    def node(self, name: str, inputs: Sequence[str] = (), device: str = "", own: Sequence[bytes] = ()) -> Node:
        """Make a node.

        Parameters
        ----------
        name : str
        inputs : sequence of str
        device : str
        own : sequence of bytes
            Its own attrs in the order in which the pattern was given their names, each a serialized AttrValue.
        """
        parts = [_text(_NAME, name), self._op_record]
        parts += [_record(_INPUT, text.encode()) for text in inputs]
        parts.append(_text(_DEVICE, device))
        for position, (shared, key) in zip(self._order, self._before, strict=True):
            parts += (shared, _entry(key, own[position]))
        parts.append(self._rest)
        return Node.read(name, self._op, tuple(inputs), b"".join(parts))


def _in_order(keys: Iterable[str]) -> list[str]:
    """Return keys of attrs in the order in which protobuf writes them."""
    data = schema.serialize(schema.NodeDef(attr={key: schema.AttrValue() for key in keys}))
    entries = (next(fields(data, entry.start, entry.end)) for entry in fields(data))
    return [data[key.start : key.end].decode() for key in entries]


def _text(number: int, text: str) -> bytes:
    """Return a text that is left out when it is empty."""
    return _record(number, text.encode()) if text else b""


def _record(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


def _entry(key: bytes, value: bytes) -> bytes:
    return _record(_ATTR, key + _record(_VALUE, value))
