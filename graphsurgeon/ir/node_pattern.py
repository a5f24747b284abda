"""Many nodes of one op that share most of their attrs, made without a message for each.

A NodeDef, serialized as `schema.serialize` does it::

    name(1) op(2) input(3)* device(4) attr(5){ key(1) value(2) }*

So of nodes that are alike, all bytes but names, inputs, device and the values of a few attrs are known beforehand. With
them comes what a check needs to see that the nodes are alike, and looks at one of them only: `Node.kind`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphsurgeon.ir.node import Kind, Node
from proto_utils import schema
from proto_utils.varint import encode_varint
from proto_utils.wire import LEN, fields

_NAME, _OP, _INPUT, _DEVICE, _ATTR, _KEY, _VALUE = (bytes([number << 3 | LEN]) for number in (1, 2, 3, 4, 5, 1, 2))

_CLASS = "_class"
# Tags in an AttrValue and in its list.
_LIST, _S = (bytes([number << 3 | LEN]) for number in (1, 2))

# What an attr of a pattern is that a node of its own does not have.
_SHARED, _NEIGHBOUR = -1, -2

# Kinds that are remembered; where each node is of its own, nobody has use for them.
_MAX_KINDS = 256


class _Heads(dict[int, bytes]):
    """What stands before a text, by its length: a tag, and the length, which takes longer to encode than to look up."""

    def __init__(self, tag: bytes) -> None:
        super().__init__()
        self._tag = tag

    def __missing__(self, nbytes: int) -> bytes:
        found = self[nbytes] = self._tag + encode_varint(nbytes)
        return found


class _GroupHeads(dict[int, bytes]):
    """What stands in the attr ``_class``, a list of one string, before the node to share a device with."""

    def __missing__(self, nbytes: int) -> bytes:
        # The name is the end of all records around it, of which it tells the lengths only.
        name = bytes(nbytes)
        value = _record(_VALUE, _record(_LIST, _record(_S, b"loc:@" + name)))
        entry = _record(_ATTR, _record(_KEY, _CLASS.encode()) + value)
        found = self[nbytes] = entry.removesuffix(name)
        return found


_NAME_HEADS, _INPUT_HEADS, _GROUP_HEADS = _Heads(_NAME), _Heads(_INPUT), _GroupHeads()


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
        # A group among the attrs may name several nodes, or none: then nobody knows what nodes have in common.
        self._has_kinds = _CLASS not in {*attrs, *own}
        # By device and own values: what stands behind the inputs, before the neighbour and behind it.
        self._ends: dict[tuple[str, tuple[bytes, ...]], tuple[Kind | None, bytes, bytes]] = {}
        # The attrs in order: records that all share, else the key, and which of a node's own values it is.
        self._attrs: list[tuple[bytes, int]] = []
        for key in _in_order({*attrs, *own, *((_CLASS,) if has_neighbour else ())}):
            record = _record(_KEY, key.encode())
            if key in own:
                self._attrs.append((record + _VALUE, own.index(key)))
            elif key in attrs:
                self._attrs.append((_record(_ATTR, record + _record(_VALUE, schema.serialize(attrs[key]))), _SHARED))
            else:
                self._attrs.append((b"", _NEIGHBOUR))

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
        kind, before, behind = self._ends.get((device, own)) or self._end(device, own)
        data = name.encode()
        parts = [_NAME_HEADS[len(data)], data, self._op_record] if data else [self._op_record]
        for text in inputs:
            data = text.encode()
            parts += (_INPUT_HEADS[len(data)], data)
        if beside is None:
            parts += (before, behind)
        else:
            data = beside.encode()
            parts += (before, _GROUP_HEADS[len(data)], data, behind)
        if kind is None:
            beside = None
        return Node.read(name, self._op, tuple(inputs), b"".join(parts), None, None, kind, beside)

    def _end(self, device: str, own: tuple[bytes, ...]) -> tuple[Kind | None, bytes, bytes]:
        parts = [[_record(_DEVICE, device.encode())] if device else [], []]
        is_behind = False
        for record, position in self._attrs:
            is_behind = is_behind or position == _NEIGHBOUR
            own_value = own[position] if position >= 0 else b""
            size = encode_varint(len(own_value))
            parts[is_behind].append(record if position < 0 else _record(_ATTR, record + size + own_value))
        before, behind = map(b"".join, parts)
        if not self._has_kinds or len(self._ends) >= _MAX_KINDS:
            return None, before, behind
        found = self._ends[device, own] = (self._op, before + behind), before, behind
        return found


def _in_order(keys: Iterable[str]) -> list[str]:
    """Return keys of attrs in the order in which protobuf writes them."""
    data = schema.serialize(schema.NodeDef(attr={key: schema.AttrValue() for key in keys}))
    entries = (next(fields(data, entry.start, entry.end)) for entry in fields(data))
    return [data[key.start : key.end].decode() for key in entries]


def _record(tag: bytes, payload: bytes) -> bytes:
    return tag + encode_varint(len(payload)) + payload
