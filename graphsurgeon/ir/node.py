"""Nodes: a NodeDef that remembers the bytes it came as, and leaves its payload where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from graphsurgeon.ir import attr_value
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.files import Source, Span
from proto_utils.skeleton import Layout, Payload
from proto_utils.splice import Chunked, Insertion, Piece, insert

_ATTR, _VALUE, _TENSOR = 5, 2, 8

_VALUE_LAYOUT = Layout({_TENSOR: Layout(payloads=tensor_proto.PAYLOAD_FIELDS)}, is_single=True)
#: Where a NodeDef may hold long payloads: attr { value { tensor { ... } } }.
LAYOUT = Layout({_ATTR: Layout({_VALUE: _VALUE_LAYOUT}, is_entry=True)})

_NO_PAYLOADS: Mapping[int, Sequence[Chunked]] = {}

#: A tensor attr set by a pass stays out of the message from this size on.
LONG_TENSOR_NBYTES = 1024


class Origin(NamedTuple):
    """Where a node came from: the record of field `number` in its container, payload from `start`."""

    source: Source
    record: int
    start: int
    end: int
    number: int


class Node:
    """One operation of a graph.

    Attributes
    ----------
    proto : NodeDef
        The message without its long payloads. Read it freely; edit through the
        properties, which note that the node is no longer the bytes it came as.
    origin : Origin or None
        The record in the file, until the node is edited.
    """

    # Name, op and inputs are asked for so often that reading them from protobuf each time shows.
    __slots__ = ("_inputs", "_name", "_op", "_payloads", "origin", "proto")

    def __init__(
        self,
        proto: schema.NodeDef,
        origin: Origin | None = None,
        payloads: dict[str, dict[int, list[Chunked]]] | None = None,
    ) -> None:
        self.proto = proto
        self.origin = origin
        self._payloads = payloads
        self._name: str = proto.name
        self._op: str = proto.op
        self._inputs: tuple[str, ...] | None = None

    @classmethod
    def new(
        cls,
        name: str,
        op: str,
        inputs: Sequence[str] = (),
        *,
        device: str = "",
        attrs: Mapping[str, Any] | None = None,
    ) -> Node:
        """Make a node.

        Parameters
        ----------
        name, op : str
        inputs : sequence of str
            ``a``, ``a:1``, ``^a``; control inputs last.
        device : str
        attrs : mapping of str to value
            As `attrs` takes them.
        """
        short: dict[str, schema.AttrValue] = {}
        long: dict[str, Tensor] = {}
        for key, value in (attrs or {}).items():
            if is_long(value):
                long[key] = value
            else:
                short[key] = attr_value.encode(value)
        node = cls(schema.NodeDef(name=name, op=op, input=inputs, device=device, attr=short))
        node._inputs = tuple(inputs)
        if long:
            node.attrs.update(long)
        return node

    @classmethod
    def like(
        cls,
        pattern: schema.NodeDef,
        name: str,
        inputs: Sequence[str] = (),
        *,
        device: str = "",
        attrs: Mapping[str, schema.AttrValue] | None = None,
    ) -> Node:
        """Make a node with the op and attrs of a pattern, and some of its own; three times as fast as `new`.

        The pattern and the attrs are copied; the pattern has no inputs.
        """
        proto = schema.NodeDef()
        proto.CopyFrom(pattern)
        proto.name = name
        proto.input.extend(inputs)
        if device:
            proto.device = device
        if attrs:
            held = proto.attr
            for key, value in attrs.items():
                held[key].CopyFrom(value)
        node = cls(proto)
        node._inputs = tuple(inputs)
        return node

    @property
    def name(self) -> str:
        """The node's name; a node in a graph is renamed by `Graph.rename`."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._edit()
        self.proto.name = self._name = value

    @property
    def op(self) -> str:
        """The op, such as ``Conv2D``."""
        return self._op

    @op.setter
    def op(self, value: str) -> None:
        self._edit()
        self.proto.op = self._op = value

    @property
    def device(self) -> str:
        """The requested device, or the empty string."""
        return self.proto.device

    @device.setter
    def device(self, value: str) -> None:
        self._edit()
        self.proto.device = value

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs as written: ``a``, ``a:1``, ``^a``."""
        if self._inputs is None:
            self._inputs = tuple(self.proto.input)
        return self._inputs

    @inputs.setter
    def inputs(self, value: Sequence[str]) -> None:
        self._edit()
        self._inputs = tuple(value)
        self.proto.input[:] = self._inputs

    @property
    def data_inputs(self) -> tuple[str, ...]:
        """The inputs that carry tensors."""
        inputs = self.inputs
        # Most nodes have no others, which one look at all of them tells.
        return tuple([text for text in inputs if text[:1] != "^"]) if "^" in "".join(inputs) else inputs

    @property
    def control_inputs(self) -> tuple[str, ...]:
        """The inputs that are only waited for, with their ``^``."""
        return tuple([text for text in self.inputs if text[:1] == "^"])

    def set_input(self, position: int, text: str) -> None:
        """Set one input; cheaper than setting them all."""
        self._edit()
        inputs = self.inputs
        self.proto.input[position] = text
        self._inputs = (*inputs[:position], text, *inputs[position + 1 :])

    @property
    def attrs(self) -> Attrs:
        """The attrs as a mapping of Python values; see `attr_value`."""
        return Attrs(self)

    @property
    def tensor(self) -> Tensor:
        """The value of a Const.

        Raises
        ------
        NotFoundError
            The node has no tensor in its ``value`` attr.
        """
        value = self.attrs.get("value")
        if not isinstance(value, Tensor):
            raise NotFoundError("attr", "value", where=f"node {self.name!r}")
        return value

    def payloads(self, key: str) -> Mapping[int, Sequence[Chunked]]:
        """Return what of attr `key` is not in `proto`: parts by the number of their TensorProto field."""
        return self._payloads.get(key, _NO_PAYLOADS) if self._payloads else _NO_PAYLOADS

    def pieces(self) -> list[Piece]:
        """Return the serialized NodeDef as pieces to be written; payloads are not read."""
        message = schema.serialize(self.proto)
        if not self._payloads:
            return [message]
        insertions = [
            Insertion([(_ATTR, key), (_VALUE, None), (_TENSOR, None)], number, [part])
            for key, fields in self._payloads.items()
            for number, parts in fields.items()
            for part in parts
        ]
        return insert(message, insertions)

    def copy(self) -> Node:
        """Return an independent node with the same name, attrs and payloads; payloads are shared."""
        proto = schema.NodeDef()
        proto.CopyFrom(self.proto)
        payloads = None if self._payloads is None else {k: dict(v) for k, v in self._payloads.items()}
        node = Node(proto, self.origin, payloads)
        node._inputs = self._inputs
        return node

    def _edit(self) -> None:
        self.origin = None

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.op})"


class Attrs(MutableMapping[str, Any]):
    """A node's attrs; reading decodes, setting and deleting edit the node."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getitem__(self, key: str) -> Any:
        attr = self._node.proto.attr
        if key not in attr:
            raise KeyError(key)
        payloads = self._node._payloads
        if payloads and key in payloads:
            return _with_payload(attr[key].tensor, payloads[key])
        return attr_value.decode(attr[key])

    def __setitem__(self, key: str, value: Any) -> None:
        node = self._node
        long = is_long(value)
        encoded = schema.AttrValue(tensor=tensor_proto.header(value)) if long else attr_value.encode(value)
        node._edit()
        payloads = {name: fields for name, fields in (node._payloads or {}).items() if name != key}
        if long:
            payloads[key] = {tensor_proto.raw_field(value.dtype): [value]}
        node._payloads = payloads or None
        node.proto.attr[key].CopyFrom(encoded)

    def __delitem__(self, key: str) -> None:
        node = self._node
        if key not in node.proto.attr:
            raise KeyError(key)
        node._edit()
        if node._payloads:
            node._payloads.pop(key, None)
        del node.proto.attr[key]

    def __contains__(self, key: object) -> bool:
        return key in self._node.proto.attr

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._node.proto.attr))

    def __len__(self) -> int:
        return len(self._node.proto.attr)


def group_payloads(found: Sequence[Payload]) -> dict[str, dict[int, list[Chunked]]]:
    """Arrange the payloads of a stripped NodeDef by attr and field number."""
    grouped: dict[str, dict[int, list[Chunked]]] = {}
    for payload in found:
        grouped.setdefault(payload.keys[0], {}).setdefault(payload.number, []).append(payload.span)
    return grouped


def _with_payload(proto: schema.TensorProto, fields: dict[int, list[Chunked]]) -> Tensor:
    for parts in fields.values():
        for part in parts:
            if isinstance(part, Tensor):
                return part
    spans = {number: [part for part in parts if isinstance(part, Span)] for number, parts in fields.items()}
    return tensor_proto.decode(proto, spans)


def is_long(value: object) -> TypeGuard[Tensor]:
    """Whether a value stays out of the message when it is set as an attr."""
    return isinstance(value, Tensor) and value.dtype.itemsize > 0 and value.nbytes >= LONG_TENSOR_NBYTES
