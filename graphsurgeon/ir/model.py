"""Models: a graph with its functions, what surrounds it, and the values of its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import NoneType
from typing import Any

from graphsurgeon.ir.as_read import AsRead
from graphsurgeon.ir.faces import ModelFace
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.graph_def import graph_pieces, read_graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.membership import Journal
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict
from proto_utils import schema
from proto_utils.errors import LimitError, UnsupportedError
from proto_utils.files import BytesSource, Span, Window
from proto_utils.named_tuple import NamedTuple
from proto_utils.schema import MAX_MESSAGE_NBYTES
from proto_utils.skeleton import next_record
from proto_utils.splice import Insertion, Piece, insert, join, total_nbytes
from proto_utils.wire import LEN

_META_INFO, _GRAPH_DEF = 1, 2


class SavedModelParts(NamedTuple):
    """What goes along when a model that came from a SavedModel becomes one again.

    Attributes
    ----------
    records : tuple of Span
        The records of the SavedModel message, in order: meta graphs, version, unknown fields.
    own : int
        Which of them is the model's own meta graph.
    num_others : int
        How many of them are other meta graphs.
    files : mapping of str to str
        Assets and the like: their paths in the SavedModel, with slashes, and where they are.
    variables : mapping of str to Tensor
        The checkpoint as it was read: other meta graphs need it whatever becomes of this one.
    """

    records: tuple[Span, ...]
    own: int
    num_others: int = 0
    files: Mapping[str, str] = {}
    variables: Mapping[str, Tensor] = {}

    def changed(self, variables: Mapping[str, Tensor]) -> list[str]:
        """Return the keys under which other meta graphs would restore another tensor than what was read."""
        if not self.num_others:
            return []
        return [key for key, tensor in variables.items() if self.variables.get(key, tensor) is not tensor]


class Snapshot(NamedTuple):
    """What `Model.restore` needs: node lists and serialized messages."""

    graph: Graph
    library: Library
    nodes: list[tuple[Graph, list[Node]]]
    functions: dict[str, Function]
    protos: list[tuple[Function, bytes]]
    library_rest: bytes
    is_library_set: bool
    rest: bytes
    meta: bytes | None
    variables: dict[str, Tensor]
    saved_model: SavedModelParts | None
    is_frozen: bool
    journals: list[Journal]


class Model(ModelFace):
    """One meta graph: graph, functions, collections, signatures, saver, variables.

    Attributes
    ----------
    graph : Graph
    library : Library
        The functions.
    rest : GraphDef
        Everything of the GraphDef but nodes and library: versions, debug info.
    meta : MetaGraphDef or None
        Everything but the graph; None as long as the model is a bare GraphDef.
    variables : TensorDict
        Values of the graph's variables by checkpoint key; arrays may be assigned.
    path : str or None
        The file it came from.
    saved_model : SavedModelParts or None
        What the SavedModel that it came from holds beside it.
    is_frozen : bool
        Whether `freeze` made constants of all its variables: a GraphDef is enough to run it.
    """

    def __init__(
        self,
        graph: Graph | None = None,
        library: Library | None = None,
        *,
        rest: bytes = b"",
        meta: bytes | None = None,
        origin: Span | None = None,
    ) -> None:
        if not isinstance(graph, (Graph, NoneType)):
            raise TypeError(f"the graph of a model is a Graph, not a {type(graph).__name__}")
        self.graph = graph if graph is not None else Graph()
        self.library = library if library is not None else Library()
        self.path = None if origin is None else origin.source.path
        self.saved_model: SavedModelParts | None = None
        self.is_frozen = False
        self.rest = schema.parse(schema.GraphDef, rest, path=self.path)
        self.meta = None if meta is None else schema.parse(schema.MetaGraphDef, meta, path=self.path)
        self._variables = TensorDict()
        # How often it was edited when it was found sound, or made.
        self._num_edits_checked = self._num_edits
        self._origin = origin
        self._parts_as_read = (self.graph, self.library)
        self._opened: list[Any] = [] if origin is None else [origin.source]
        self._link()
        self._rest_as_read = AsRead(self.rest, rest)
        self._meta_as_read = AsRead(self.meta, meta)

    def __getstate__(self) -> dict[str, Any]:
        # A copy has other files open, or the same ones without a say in when they are closed.
        rest, meta = self._rest_as_read.source_of(self.rest), self._meta_as_read.source_of(self.meta)
        return {**self.__dict__, "_opened": [], "_rest_as_read": rest, "_meta_as_read": meta}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._rest_as_read = AsRead(self.rest, state["_rest_as_read"])
        self._meta_as_read = AsRead(self.meta, state["_meta_as_read"])
        self._link()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files that the model was loaded from, unless copies of it need them: what is in them is gone.

        Without that they are closed with the last object that may read from them, which is soon enough for all who do
        not hold hundreds of models.
        """
        while self._opened:
            close = getattr(self._opened.pop(), "close", None)
            if close is not None:
                close()

    def own(self, opened: Any) -> None:
        """Take what is open, and has a method to close it, to be closed with the model."""
        self._opened.append(opened)

    def _link(self) -> None:
        for _, each in self.graphs():
            each.link(self)

    @property
    def _num_edits(self) -> int:
        return sum(each.num_edits for _, each in self.graphs())

    @property
    def is_unchecked(self) -> bool:
        """Whether nodes were edited since it was made or found sound."""
        return self._num_edits != self._num_edits_checked

    def set_checked(self) -> None:
        """Remember that it was found sound as it is."""
        self._num_edits_checked = self._num_edits

    @property
    def variables(self) -> TensorDict:
        """Values of the graph's variables by checkpoint key; what is put in may be an array."""
        return self._variables

    @variables.setter
    def variables(self, values: Mapping[str, Any]) -> None:
        self._variables = TensorDict(values)

    @classmethod
    def read_graph_def(cls, span: Span) -> Model:
        """Read a serialized GraphDef lazily; costs O(nodes), touches no payload."""
        graph, library, rest = read_graph(span.source, span.start, span.end)
        return cls(graph, library, rest=rest, origin=span)

    @classmethod
    def read_meta_graph_def(cls, span: Span) -> Model:
        """Read a serialized MetaGraphDef lazily; costs O(nodes), touches no payload."""
        source, position = span.source, span.start
        rest: list[bytes] = []
        graphs: list[tuple[Graph, Library, bytes]] = []
        window = Window(source)
        while position < span.end:
            record = next_record(window, position, span.end)
            position = record.end
            if record.number != _GRAPH_DEF or record.wire_type != LEN:
                rest.append(source.read(record.record, record.end))
            elif graphs:
                raise UnsupportedError("a MetaGraphDef with several graphs", path=source.path, offset=record.record)
            else:
                graphs.append(read_graph(source, record.start, record.end))
        graph, library, graph_rest = graphs[0] if graphs else (Graph(), Library(), b"")
        meta = b"".join(rest)
        # It may be long, and is there once more when it is parsed.
        rest.clear()
        return cls(graph, library, rest=graph_rest, meta=meta, origin=span)

    @classmethod
    def from_graph_def(cls, graph_def: Any) -> Model:
        """Make a model of a GraphDef message, TensorFlow's own or ours; it is not modified.

        Costs one serialization of the message.
        """
        data = BytesSource(_serialized(graph_def, "GraphDef"))
        return cls.read_graph_def(Span(data, 0, data.size))

    @classmethod
    def from_meta_graph_def(cls, meta_graph_def: Any) -> Model:
        """Make a model of a MetaGraphDef message, TensorFlow's own or ours; it is not modified."""
        data = BytesSource(_serialized(meta_graph_def, "MetaGraphDef"))
        return cls.read_meta_graph_def(Span(data, 0, data.size))

    def to_graph_def(self, like: Any = None) -> Any:
        """Return the graph as a GraphDef message, payloads included.

        Parameters
        ----------
        like : Message, optional
            A message of the protobuf pool that the result is to come from: give
            TensorFlow's own and get TensorFlow's own.

        Raises
        ------
        LimitError
            It is past protobuf's 2 GiB.
        """
        return _to_message("GraphDef", self.graph_def_pieces(), like)

    def to_meta_graph_def(self, like: Any = None) -> Any:
        """Return the model as a MetaGraphDef message; variables' values are not part of it.

        Parameters, errors as `to_graph_def`.
        """
        return _to_message("MetaGraphDef", self.meta_graph_def_pieces(), like)

    def graph_def_pieces(self) -> list[Piece]:
        """Return the serialized GraphDef as pieces to be written."""
        if self.meta is None and self._origin is not None and not self._graph_is_edited():
            return [self._origin]
        return graph_pieces(self.graph, self.library, self._rest_as_read.bytes_of(self.rest))

    def meta_graph_def_pieces(self) -> list[Piece]:
        """Return the serialized MetaGraphDef as pieces to be written.

        What was edited or made lists the ops that it uses, as TensorFlow's do (see `op_defs`). Where attrs at their
        default are said to be stripped, nodes that were added or edited lose theirs too.
        """
        if self._origin is not None and self._meta_as_read.is_of(self.meta) and not self._graph_is_edited():
            return [self._origin]
        self._strip_defaults()
        rest = self._meta_as_read.bytes_of(self.meta)
        graph, info = Insertion((), _GRAPH_DEF, self.graph_def_pieces()), self._with_op_list()
        if info is None:
            return insert(rest, [graph])
        return insert(rest, [Insertion((), _META_INFO, [info]), graph], without=_META_INFO)

    def _strip_defaults(self) -> None:
        if self.meta is None or not self.meta.meta_info_def.stripped_default_attrs:
            return
        from graphsurgeon.ir.op_defs import strip_defaults

        for _, graph in self.graphs():
            for node in graph:
                if node.origin is None:
                    strip_defaults(node)

    def _with_op_list(self) -> bytes | None:
        """Return the MetaInfoDef with the ops listed that the graph uses; None when they are."""
        # Imported here: nobody who only reads asks for TensorFlow's ops.
        from graphsurgeon.ir.op_defs import op_list

        info = schema.MetaGraphDef.MetaInfoDef()
        if self.meta is not None:
            info.CopyFrom(self.meta.meta_info_def)
        listed = op_list(self.graph, self.library, info.stripped_op_list)
        if listed == info.stripped_op_list:
            return None
        info.stripped_op_list.CopyFrom(listed)
        return schema.serialize(info)

    def graphs(self) -> Iterable[tuple[str | None, Graph]]:
        """Yield the main graph as (None, graph), then each function's body with its name."""
        yield None, self.graph
        for function in self.library.functions.values():
            yield function.name, function.body

    def copy(self) -> Model:
        """Return an independent model; payloads and values are shared, and none is read."""
        meta = None if self.meta is None else schema.serialize(self.meta)
        made = Model(self.graph.copy(), self.library.copy(), rest=schema.serialize(self.rest), meta=meta)
        made.variables, made.path = self.variables, self.path
        made.saved_model, made.is_frozen = self.saved_model, self.is_frozen
        return made

    def snapshot(self) -> Snapshot:
        """Note the state of the model, for `restore`; costs a copy of the node lists, and one of each node edited."""
        return Snapshot(
            self.graph,
            self.library,
            [(graph, list(graph)) for _, graph in self.graphs()],
            dict(self.library.functions),
            [(function, schema.serialize(function.proto)) for function in self.library.functions.values()],
            schema.serialize(self.library.rest),
            self.library.is_set,
            schema.serialize(self.rest),
            None if self.meta is None else schema.serialize(self.meta),
            dict(self.variables),
            self.saved_model,
            self.is_frozen,
            [graph.open_journal() for _, graph in self.graphs()],
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a noted state; nodes that were edited in place since are what they were."""
        self.graph, self.library = snapshot.graph, snapshot.library
        for journal in snapshot.journals:
            journal.undo()
        for graph, nodes in snapshot.nodes:
            graph.set_nodes(nodes)
        self.library.functions = dict(snapshot.functions)
        self.library.rest.ParseFromString(snapshot.library_rest)
        self.library.is_set = snapshot.is_library_set
        for function, proto in snapshot.protos:
            function.proto.ParseFromString(proto)
        self.rest.ParseFromString(snapshot.rest)
        self.meta = None if snapshot.meta is None else schema.parse(schema.MetaGraphDef, snapshot.meta)
        self.variables = snapshot.variables
        self.saved_model, self.is_frozen = snapshot.saved_model, snapshot.is_frozen

    def _graph_is_edited(self) -> bool:
        return (
            (self.graph, self.library) != self._parts_as_read
            or self.graph.is_edited
            or self.library.is_edited
            or not self._rest_as_read.is_of(self.rest)
        )


def _to_message(name: str, pieces: list[Piece], like: Any) -> Any:
    check_message_size(name, pieces)
    cls = getattr(schema, name) if like is None else schema.message_class_like(name, like)
    return schema.parse(cls, join(pieces))


def _serialized(message: Any, name: str) -> bytes:
    """Serialize a caller's message; a TypeError about anything else, or another message, says what is wanted."""
    descriptor = getattr(message, "DESCRIPTOR", None)
    if getattr(descriptor, "name", None) != name or not hasattr(message, "SerializeToString"):
        found = getattr(descriptor, "name", None) or type(message).__name__
        raise TypeError(f"a {name} message is wanted, not {found}: load(path) reads files, messages parse their bytes")
    return schema.serialize(message)


def check_message_size(name: str, pieces: Iterable[Piece]) -> None:
    """Refuse a message past the 2 GiB that protobuf parses, in TensorFlow as elsewhere, before it is made."""
    nbytes = total_nbytes(pieces)
    if nbytes > MAX_MESSAGE_NBYTES:
        hint = "a checkpoint has no such limit: keep the weights variables (unfreeze, freeze `keep`)"
        raise LimitError(f"the {name}, in bytes,", nbytes, MAX_MESSAGE_NBYTES, hint=hint)


def require_model(value: object) -> None:
    """Refuse what is no model where one is wanted: most often a path, which nobody has loaded.

    The TypeError says what to do.
    """
    if not isinstance(value, Model):
        raise TypeError(f"a Model is wanted, not a {type(value).__name__}: load(path) makes one of a file")
