"""Many nodes of one op that share most of their attrs, made without a message for each.

A NodeDef, serialized as `schema.serialize` does it::

    name(1) op(2) input(3)* device(4) attr(5){ key(1) value(2) }*

So of nodes that are alike, all bytes but names, inputs, device and the values of a few attrs are known beforehand. With
them comes what a check needs to see that the nodes are alike, and looks at one of them only: `Node.kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from graphsurgeon.ir.node import Kind, Node
from proto_utils import schema
from proto_utils.varint import encode_varint
from proto_utils.wire import LEN, fields, len_header

_NAME, _OP, _INPUT, _DEVICE, _ATTR, _KEY, _VALUE = (bytes([number << 3 | LEN]) for number in (1, 2, 3, 4, 5, 1, 2))

# Most lengths are less; looking one up is a third of encoding it.
_SIZES = [encode_varint(nbytes) for nbytes in range(512)]

_CLASS = "_class"
# Fields of an AttrValue and of its list.
_LIST, _S = 1, 2

# Kinds that are remembered; where each node is of its own, nobody has use for them.
_MAX_KINDS = 256


class NodePattern:
    """What nodes have in common.

    Parameters
    ----------
    op : str
    attrs : mapping of str to AttrValue
        Those that all nodes have.
    own : sequence of str
        The attrs of which every node has its own.
    has_neighbour : bool
        Whether each has a node to share a device with, which its attr ``_class`` names.
    """

    def __init__(
        self, op: str, attrs: Mapping[str, schema.AttrValue], own: Sequence[str] = (), *, has_neighbour: bool = False
    ) -> None:
        self._op = op
        self._op_record = _record(_OP, op.encode()) if op else b""
        # By device and own values. A group among the attrs may name several nodes, or none: then nobody knows.
        self._kinds: dict[tuple[str, tuple[bytes, ...]], Kind] = {}
        self._has_kinds = _CLASS not in {*attrs, *own}
        self._alone = NodePattern(op, attrs, own) if has_neighbour else self
        own = (*own, _CLASS) if has_neighbour else own
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

    def node(
        self,
        name: str,
        inputs: Sequence[str] = (),
        device: str = "",
        own: tuple[bytes, ...] = (),
        beside: str | None = None,
    ) -> Node:
        """Make a node.

        Parameters
        ----------
        name : str
        inputs : sequence of str
        device : str
        own : tuple of bytes
            Its own attrs in the order in which the pattern was given their names, each a serialized AttrValue.
        beside : str, optional
            The node to share a device with.
        """
        values = own if beside is None else (*own, _group(beside))
        try:
            message = self._message(name, inputs, device, values, _SIZES.__getitem__)
        except IndexError:
            message = self._message(name, inputs, device, values, encode_varint)
        kind = self._kinds.get((device, own)) or self._new_kind(device, own)
        return Node.read(name, self._op, tuple(inputs), message, None, None, kind, None if kind is None else beside)

    def _new_kind(self, device: str, own: tuple[bytes, ...]) -> Kind | None:
        if not self._has_kinds or len(self._kinds) >= _MAX_KINDS:
            return None
        message = self._alone._message("", (), device, own, encode_varint)
        kind = self._kinds[device, own] = (self._op, message[len(self._op_record) :])
        return kind

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


def _group(name: str) -> bytes:
    """Return the ``_class`` of what has to be on the device of a node, an AttrValue with a list of one string."""
    group = b"loc:@" + name.encode()
    strings = len_header(_S, len(group)) + group
    return len_header(_LIST, len(strings)) + strings


def _record(tag: bytes, payload: bytes) -> bytes:
    return tag + encode_varint(len(payload)) + payload
