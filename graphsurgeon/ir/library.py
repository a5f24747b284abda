"""Functions, each a signature and a body that is a graph, and the library of a graph that holds them."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.ir.graph import Graph
from proto_utils import schema
from proto_utils.files import Span


class Function:
    """A function of the library: a signature and a body that is a graph.

    In the body, inputs are written ``argument`` or ``node:output:index``; see `names`.

    Attributes
    ----------
    origin : Span or None
        The FunctionDef in the file it was read from.
    """

    def __init__(self, proto: schema.FunctionDef, body: Graph, origin: Span | None = None) -> None:
        self._proto = proto
        self._body = self._linked(body)
        self.origin = origin
        self._as_read = (body, schema.serialize(proto))

    @property
    def proto(self) -> schema.FunctionDef:
        """Everything but the nodes."""
        return self._proto

    @proto.setter
    def proto(self, proto: schema.FunctionDef) -> None:
        self._proto = proto
        self._linked(self._body)

    @property
    def body(self) -> Graph:
        """The nodes."""
        return self._body

    @body.setter
    def body(self, body: Graph) -> None:
        self._body = self._linked(body)

    def _linked(self, body: Graph) -> Graph:
        body.function_def = self._proto
        return body

    @property
    def name(self) -> str:
        """The function's name."""
        return self.proto.signature.name

    @property
    def is_edited(self) -> bool:
        """Whether it differs from what was read."""
        if self.origin is None or self.body.is_edited:
            return True
        body, proto = self._as_read
        return self.body is not body or schema.serialize(self.proto) != proto

    def copy(self) -> Function:
        """Return an independent function; payloads are shared."""
        proto = schema.parse(schema.FunctionDef, schema.serialize(self.proto))
        return Function(proto, self.body.copy(), None if self.is_edited else self.origin)

    def __repr__(self) -> str:
        return f"Function({self.name!r}, {len(self.body)} nodes)"

    def _repr_html_(self) -> str:
        from graphsurgeon.display import html_of

        signature = self.proto.signature
        sides = {"arguments": signature.input_arg, "results": signature.output_arg}
        named = {side: [arg.name for arg in args] for side, args in sides.items()}
        return html_of("Function", {"name": self.name} | named) + self.body._repr_html_()


class Library:
    """The function library of a graph.

    Attributes
    ----------
    functions : dict of str to Function
    rest : FunctionDefLibrary
        Everything but the functions: gradients, unknown fields.
    origin : Span or None
    is_set : bool
        Whether the graph has a library at all, if an empty one.
    """

    def __init__(
        self,
        functions: Iterable[Function] = (),
        rest: schema.FunctionDefLibrary | None = None,
        origin: Span | None = None,
    ) -> None:
        self.functions = {function.name: function for function in functions}
        self.rest = rest if rest is not None else schema.FunctionDefLibrary()
        self.origin = origin
        self.is_set = origin is not None
        self._as_read = (list(self.functions.values()), schema.serialize(self.rest))

    @property
    def is_edited(self) -> bool:
        """Whether it differs from what was read, or from how it was made."""
        functions, rest = self._as_read
        return (
            list(self.functions.values()) != functions
            or any(function.is_edited for function in functions)
            or schema.serialize(self.rest) != rest
        )

    def copy(self) -> Library:
        """Return an independent library; payloads are shared."""
        rest = schema.parse(schema.FunctionDefLibrary, schema.serialize(self.rest))
        copies = [function.copy() for function in self.functions.values()]
        made = Library(copies, rest, None if self.is_edited else self.origin)
        made.is_set = self.is_set
        return made

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it to write."""
        return not self.is_set and not self.functions and self.rest.ByteSize() == 0
