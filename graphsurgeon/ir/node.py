"""Nodes: a NodeDef as the bytes it came as, without its payload, which stays where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from graphsurgeon.errors import GraphError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.faces import NodeFace
from graphsurgeon.ir.node_attrs import Attrs, Payloads, as_held, is_long
from graphsurgeon.ir.node_fields import require_inputs, require_text
from graphsurgeon.ir.node_layout import end_of_inputs, with_inputs
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.files import BytesSource, Source
from proto_utils.named_tuple import NamedTuple
from proto_utils.skeleton import Layout
from proto_utils.splice import Chunked, Insertion, Piece, insert

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.membership import Membership
    from graphsurgeon.ir.output import Output

_NODE, _ATTR, _VALUE, _TENSOR = 1, 5, 2, 8

_VALUE_LAYOUT = Layout({_TENSOR: Layout(payloads=tensor_proto.PAYLOAD_FIELDS)}, is_single=True)
#: Where a NodeDef may hold long payloads: attr { value { tensor { ... } } }.
LAYOUT = Layout({_ATTR: Layout({_VALUE: _VALUE_LAYOUT}, is_entry=True)})

#: For loops over all nodes of a graph: ``map(NAME, graph)`` takes a third of the time of asking each.
NAME, OP, INPUTS, CHECKED, BESIDE = map(attrgetter, ("_name", "_op", "_inputs", "checked", "beside"))

#: How often some node was given another op in place: who has sorted nodes by op can tell that it is so no more.
OP_EDITS = [0]

_NO_PAYLOADS: Mapping[int, Sequence[Chunked]] = {}

#: Op, and what the message holds behind inputs but for the one node to share a device with and a constant's bytes.
Kind: TypeAlias = tuple[str, bytes]


class Origin(NamedTuple):
    """Where a node came from: the record of field `number` in its container, payload from `start`."""

    source: Source
    record: int
    start: int
    end: int
    number: int


#: Of a node that is all in its message, in a record as any writer makes it.
SHORT = Origin(BytesSource(b""), 0, 0, 0, 0)


class Node(NodeFace):
    """One operation of a graph.

    A node is its serialized NodeDef; the message is made when somebody asks for it, and kept by nobody but edited
    nodes. So a graph takes little more memory than its file without payloads.

    Parameters
    ----------
    proto : NodeDef
        Kept, not copied; also of another protobuf pool.

    Attributes
    ----------
    checked : OpSignature or None
        The node's signature when `verify` found name and attrs sound, as far as they alone tell; None before, and
        of a node whose message somebody may change.
    kind : Kind or None
        What it has in common with others, as whoever made or checked it noted; None when nobody has.
    beside : str or None
        The node that it is to share a device with, where its kind is known or it was checked.
    """

    # Name, op and inputs are asked for so often that reading them from protobuf each time shows.
    __slots__ = (
        "_inputs", "_membership", "_message", "_name", "_op", "_origin", "_payloads", "beside", "checked", "kind",
    )  # fmt: skip

    def __init__(self, proto: schema.NodeDef) -> None:
        self._name: str = proto.name
        self._op: str = proto.op
        self._inputs: tuple[str, ...] = tuple(proto.input)
        self._message: Any = proto
        self._origin: Origin | None = None
        self._payloads: Payloads | None = None
        # Of the graph that it is in.
        self._membership: Membership | None = None
        self.checked: Any = None
        self.kind: Kind | None = None
        self.beside: str | None = None

    @classmethod
    def read(
        cls,
        name: str,
        op: str,
        inputs: tuple[str, ...],
        message: bytes,
        origin: Origin | None = None,
        payloads: Payloads | None = None,
        kind: Kind | None = None,
        beside: str | None = None,
    ) -> Node:
        """Make a node of a serialized NodeDef, of which name, op and inputs are known.

        Parameters
        ----------
        name, op : str
        inputs : tuple of str
        message : bytes
            Without long payloads. Where there is no origin, it is written as it is: see `schema.serialize`.
        origin : Origin, optional
            Where it was read from.
        payloads : dict, optional
            As `group_payloads` makes it.
        kind, beside : optional
            Attributes of the node.
        """
        node = cls.__new__(cls)
        node._name = name
        node._op = op
        node._inputs = inputs
        node._message = message
        node._origin = origin
        node._payloads = payloads
        node.kind = kind
        node.beside = beside
        node.checked = node._membership = None
        return node

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
            As `attrs` takes them: what the op says of an attr tells a type from a text and a shape from a list.
            `Graph.add` takes inputs and defaults into account, too.

        Raises
        ------
        TypeError
            Something is of another type.
        GraphError
            An attr of the op is of another kind.
        UnsupportedError
            No attr holds a value.
        """
        name, op, device = require_text("name", name), require_text("op", op), require_text("device", device)
        inputs = require_inputs(inputs)
        if attrs is not None and not isinstance(attrs, Mapping):
            raise TypeError(f"attrs are a mapping of names to values, not a {type(attrs).__name__}")
        short: dict[str, schema.AttrValue] = {}
        long: dict[str, Tensor] = {}
        for key, given in (attrs or {}).items():
            require_text("name of an attr", key)
            value = as_held(op, key, given, node=name, dtype=attrs.get("dtype") if attrs else None)
            if is_long(value):
                long[key] = value
            else:
                short[key] = attr_value.encode(value)
        message = schema.serialize(schema.NodeDef(name=name, op=op, input=inputs, device=device, attr=short))
        node = cls.read(name, op, tuple(inputs), message)
        if long:
            node.attrs.update(long)
        return node

    @property
    def proto(self) -> schema.NodeDef:
        """The message without its long payloads, for reading: made anew each time, unless the node was edited.

        Costs about a microsecond; see `attr`, which says for less that there is none.
        """
        message = self._message
        found: schema.NodeDef = schema.NodeDef.FromString(message) if type(message) is bytes else message
        return found

    def editable_proto(self) -> schema.NodeDef:
        """Return the message for changes of attrs and debug info; the node no longer is the bytes it came as."""
        if self._membership is not None:
            self._membership.before_edit(self)
        if type(self._message) is bytes:
            self._message = schema.NodeDef.FromString(self._message)
        self._origin = self.checked = self.kind = self.beside = None
        message: schema.NodeDef = self._message
        return message

    def set_checked(self, signature: Any, beside: str | None) -> None:
        """Remember that name and attrs were checked, unless somebody may change them unseen."""
        if type(self._message) is bytes:
            self.checked, self.beside = signature, beside

    @property
    def origin(self) -> Origin | None:
        """The record in the file, until the node is edited; `SHORT` where its message is all of that."""
        return self._origin

    @property
    def name(self) -> str:
        """The node's name; of a node in a graph it cannot be set, for other nodes know it by it: see `rename`."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        if self.graph is not None:
            raise TypeError(
                f"node {self._name!r} is in a graph, where others name it: "
                f"gs.rename(model, map={{{self._name!r}: {value!r}}}) renames it with all that refers to it"
            )
        self._rename(value)

    def _rename(self, value: str) -> None:
        self.editable_proto().name = self._name = require_text("name", value)

    @property
    def op(self) -> str:
        """The op, such as ``Conv2D``."""
        return self._op

    @op.setter
    def op(self, value: str) -> None:
        self.editable_proto().op = self._op = require_text("op", value)
        OP_EDITS[0] += 1

    @property
    def device(self) -> str:
        """The requested device, or the empty string."""
        return self.proto.device

    @device.setter
    def device(self, value: str) -> None:
        self.editable_proto().device = require_text("device", value)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs as written: ``a``, ``a:1``, ``^a``."""
        return self._inputs

    @inputs.setter
    def inputs(self, value: Sequence[str]) -> None:
        before, inputs = self._inputs, require_inputs(value)
        self._set_inputs(inputs)
        if self._membership is not None:
            self._membership.rewired(self, before)

    def _set_inputs(self, inputs: tuple[str, ...]) -> None:
        """Set them in the message, of which all else keeps its bytes where most writers have it so."""
        made = None
        if type(self._message) is bytes and not self._payloads:
            made = with_inputs(self._message, self._name, self._op, self._inputs, inputs)
        if made is not None:
            if self._membership is not None:
                self._membership.before_edit(self)
            self._message = made
            self._origin = self.checked = self.kind = self.beside = None
        else:
            self.editable_proto().input[:] = inputs
        self._inputs = inputs

    @property
    def data_inputs(self) -> tuple[str, ...]:
        """The inputs that carry tensors."""
        inputs = self._inputs
        # Most nodes have no others, which one look at all of them tells.
        return tuple([text for text in inputs if text[:1] != "^"]) if "^" in "".join(inputs) else inputs

    @property
    def control_inputs(self) -> tuple[str, ...]:
        """The inputs that are only waited for, with their ``^``."""
        return tuple([text for text in self._inputs if text[:1] == "^"])

    def set_input(self, position: int, text: str) -> None:
        """Set one input; cheaper than setting them all."""
        before = self._inputs
        inputs = [*before]
        inputs[position] = require_text("input", text)
        self._set_inputs(tuple(inputs))
        if self._membership is not None:
            self._membership.rewired(self, before)

    @property
    def graph(self) -> Graph | None:
        """The graph or function body that the node is in, if any."""
        return None if self._membership is None else self._membership.graph

    @property
    def outputs(self) -> tuple[Output, ...]:
        """The tensors that the node makes in its graph; of an op that nobody knows, those that are read."""
        return self._home().outputs_of(self)

    @property
    def input_tensors(self) -> tuple[Output, ...]:
        """The tensors that the node reads, one for each of `data_inputs`; arguments of a function have no producer."""
        return tuple(map(self._home().output_of, self.data_inputs))

    def _home(self) -> Graph:
        graph = self.graph
        if graph is None:
            raise GraphError("it is in no graph, and has tensors only there", node=self._name)
        return graph

    @property
    def attrs(self) -> Attrs:
        """The attrs as a mapping of Python values; see `attr_value`."""
        return Attrs(self)

    def attr(self, key: str) -> schema.AttrValue | None:
        """Return one attr as the message it is, for reading; None without it, which costs no parsing."""
        message = self._message
        if type(message) is bytes and str.encode(key) not in message:
            return None
        return self.proto.attr.get(key)

    def serialized_attrs(self) -> bytes | None:
        """Return the bytes of the message behind name, op and inputs: equal ones are equal devices and attrs.

        None of an edited node, and where the message is not what most writers make; costs half a microsecond.
        """
        message = self._message
        if type(message) is not bytes or self._payloads:
            return None
        end = end_of_inputs(message, self._name, self._op, self._inputs)
        return None if end is None else message[end:]

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
        """Return the serialized NodeDef as pieces to be written, attrs in order; payloads are not read."""
        message = self._message
        if type(message) is not bytes or self._origin is not None:
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
        message = self._message
        if type(message) is not bytes:
            message = type(message)()
            message.CopyFrom(self._message)
        payloads = None if self._payloads is None else {k: dict(v) for k, v in self._payloads.items()}
        node = Node.read(self._name, self._op, self._inputs, message, self._origin, payloads, self.kind, self.beside)
        node.checked = self.checked
        return node

    def _state(self) -> tuple[Any, ...]:
        """Return all that an edit changes, for `_set_state`."""
        now = self.copy()
        return now._name, now._op, now._inputs, now._message, now._origin, now._payloads

    def _set_state(self, state: tuple[Any, ...]) -> None:
        self._name, self._op, self._inputs, self._message, self._origin, self._payloads = state
        self.checked = self.kind = self.beside = None
        OP_EDITS[0] += 1
