"""Many nodes of one op that share most of their attrs, made without a message for each.

A NodeDef, serialized as `schema.serialize` does it::

    name(1) op(2) input(3)* device(4) attr(5){ key(1) value(2) }*

So of nodes that are alike, all bytes but names, inputs, device and the values of a few attrs are known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from graphsurgeon.ir.node import Node
from proto_utils import schema
from proto_utils.varint import encode_varint
from proto_utils.wire import LEN, fields

_NAME, _OP, _INPUT, _DEVICE, _ATTR, _KEY, _VALUE = (bytes([number << 3 | LEN]) for number in (1, 2, 3, 4, 5, 1, 2))

# Most lengths are less; looking one up is a third of encoding it.
_SIZES = [encode_varint(nbytes) for nbytes in range(512)]


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
        self._op_record = _record(_OP, op.encode()) if op else b""
        # Of each of a node's own values: the attrs that stand before it, its key, and which one it is.
        self._values: list[tuple[bytes, bytes, int]] = []
        shared = b""
        for key in _in_order({*attrs, *own}):
            key_record = _record(_KEY, key.encode())
            if key in own:
                self._values.append((shared, key_record + _VALUE, own.index(key)))
                shared = b""
            else:
                shared += _record(_ATTR, key_record + _record(_VALUE, schema.serialize(attrs[key])))
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
        try:
            message = self._message(name, inputs, device, own, _SIZES.__getitem__)
        except IndexError:
            message = self._message(name, inputs, device, own, encode_varint)
        return Node.read(name, self._op, tuple(inputs), message)

    def _message(
        self, name: str, inputs: Sequence[str], device: str, own: Sequence[bytes], size: Callable[[int], bytes]
    ) -> bytes:
        data = name.encode()
        parts = [_NAME, size(len(data)), data, self._op_record] if data else [self._op_record]
        for text in inputs:
            data = text.encode()
            parts += (_INPUT, size(len(data)), data)
        if device:
            data = device.encode()
            parts += (_DEVICE, size(len(data)), data)
        for shared, key, position in self._values:
            value = own[position]
            nbytes = size(len(value))
            parts += (shared, _ATTR, size(len(key) + len(nbytes) + len(value)), key, nbytes, value)
        parts.append(self._rest)
        return b"".join(parts)


def _in_order(keys: Iterable[str]) -> list[str]:
    """Return keys of attrs in the order in which protobuf writes them."""
    data = schema.serialize(schema.NodeDef(attr={key: schema.AttrValue() for key in keys}))
    entries = (next(fields(data, entry.start, entry.end)) for entry in fields(data))
    return [data[key.start : key.end].decode() for key in entries]


def _record(tag: bytes, payload: bytes) -> bytes:
    return tag + encode_varint(len(payload)) + payload
