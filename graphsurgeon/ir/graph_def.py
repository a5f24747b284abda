"""GraphDef and its function library, between bytes and nodes.

Reading walks the records of the message in its file::

    GraphDef            = node(1)* library(2) version(3) versions(4) debug_info(5)
    FunctionDefLibrary  = function(1)* gradient(2)* registered_gradients(3)*
    FunctionDef         = signature(1) node_def(3)* ret(4)* attr(5)* ...

Runs of short nodes are parsed together, a long node is stripped to its skeleton.
So protobuf never sees a payload, nor a whole graph, and its limit of 2 GiB does
not apply. Writing sends unedited nodes as the bytes they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from sys import intern
from typing import Any, TypeAlias

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.node import LAYOUT, SHORT, Node, Origin
from graphsurgeon.ir.node_attrs import group_payloads
from proto_utils import meter, schema
from proto_utils.errors import CorruptionError
from proto_utils.files import Source, Span, Window
from proto_utils.skeleton import LONG_NBYTES, Record, next_record, strip
from proto_utils.splice import Insertion, Piece, Records, insert, total_nbytes
from proto_utils.wire import LEN, fields, len_header, tag

NODE, LIBRARY = 1, 2
FUNCTION = 1
NODE_DEF = 3

# Short nodes are parsed together up to this many bytes.
_RUN_NBYTES = 1 << 15

# A tag and a length, each a varint.
_HEAD_NBYTES = 20

# Makes one object of equal texts: to look one up then takes no look at its letters.
_Same: TypeAlias = Callable[[str, str], str]

# Where a record begins, where its payload does, and where both end.
_Place: TypeAlias = tuple[int, int, int]


#: A node of each message in graphs that are read together.
_equals: ContextVar[dict[bytes, Node] | None] = ContextVar("equals", default=None)


@contextmanager
def read_together() -> Iterator[None]:
    """Keep once what equal nodes of graphs hold that are read within, as two that are compared have very many."""
    token = _equals.set({})
    try:
        yield
    finally:
        _equals.reset(token)


def read_graph(source: Source, start: int, end: int) -> tuple[Graph, Library, bytes]:
    """Read a GraphDef without its payloads.

    `rest` are the records that are neither nodes nor library, as they were. Costs O(nodes), touches no payload.
    What is no sound GraphDef is a CorruptionError.
    """
    nodes, others = _read_nodes(source, start, end, NODE, schema.GraphDef, "node")
    libraries: list[Record] = []
    rest: list[bytes] = []
    for record in others:
        if record.number == LIBRARY and record.wire_type == LEN:
            libraries.append(record)
        else:
            rest.append(source.read(record.record, record.end))
    return Graph(nodes), _read_library(source, libraries), b"".join(rest)


def graph_pieces(graph: Graph, library: Library, rest: bytes) -> list[Piece]:
    """Return a serialized GraphDef as pieces: nodes, library, everything else."""
    pieces = node_pieces(graph, NODE)
    if not library.is_empty:
        body = library_pieces(library)
        pieces += [len_header(LIBRARY, total_nbytes(body)), *body]
    if rest:
        pieces.append(rest)
    return pieces


def node_pieces(graph: Graph, number: int) -> list[Piece]:
    """Return the records of a graph's nodes: those in memory together, between nodes with a payload in a file."""
    pieces: list[Piece] = []
    run: list[bytes] = []
    for node in graph:
        message, origin = node._message, node._origin
        if node._payloads is None and (origin is None or not origin.end or _is_as_usual(origin, message)):
            run.append(message if type(message) is bytes else schema.serialize(message))
            continue
        if run:
            pieces.append(Records(number, run))
            run = []
        if meter.observer is not None:
            pieces.append(meter.Mark(node.name))
        if origin is not None and origin.number == number:
            pieces.append(Span(origin.source, origin.record, origin.end))
            continue
        body = node.pieces() if origin is None else [Span(origin.source, origin.start, origin.end)]
        pieces += [len_header(number, total_nbytes(body)), *body]
    return [*pieces, Records(number, run)] if run else pieces


def _is_as_usual(origin: Origin, message: bytes) -> bool:
    """Whether a record begins with the shortest header, as every writer's do."""
    return origin.start - origin.record == len(len_header(origin.number, len(message)))


def library_pieces(library: Library) -> list[Piece]:
    """Return a serialized FunctionDefLibrary as pieces."""
    if library.origin is not None and not library.is_edited:
        return [library.origin]
    insertions = [Insertion((), FUNCTION, function_pieces(function)) for function in library.functions.values()]
    return insert(schema.serialize(library.rest), insertions)


def function_pieces(function: Function) -> list[Piece]:
    """Return a serialized FunctionDef as pieces."""
    if function.origin is not None and not function.is_edited:
        return [function.origin]
    insertions = [Insertion((), NODE_DEF, node.pieces()) for node in function.body]
    return insert(schema.serialize(function.proto), insertions)


def _read_library(source: Source, libraries: list[Record]) -> Library:
    """Read the library; several records of one are merged, as protobuf does."""
    functions: dict[str, Function] = {}
    rest: list[bytes] = []
    for library in libraries:
        for record in _records(source, library.start, library.end):
            if record.number == FUNCTION and record.wire_type == LEN:
                _add_function(functions, _read_function(source, record.start, record.end), source)
            else:
                rest.append(source.read(record.record, record.end))
    start = libraries[0].start if libraries else None
    message = schema.parse(schema.FunctionDefLibrary, b"".join(rest), path=source.path, offset=start, is_stripped=True)
    origin = Span(source, libraries[0].start, libraries[0].end) if len(libraries) == 1 else None
    return Library(functions.values(), message, origin)


def _add_function(functions: dict[str, Function], function: Function, source: Source) -> None:
    """Add a function; one that is there twice, word for word, TensorFlow takes once."""
    first = functions.setdefault(function.name, function)
    if first is function:
        return
    spans = [each.origin for each in (first, function) if each.origin is not None]
    if len({span.nbytes for span in spans}) != 1 or len({span.read() for span in spans}) != 1:
        raise CorruptionError(
            f"two different functions called {function.name!r} in the library",
            path=source.path,
            offset=spans[-1].start,
        )


def _read_function(source: Source, start: int, end: int) -> Function:
    nodes, others = _read_nodes(source, start, end, NODE_DEF, schema.FunctionDef, "node_def")
    rest = b"".join(source.read(r.record, r.end) for r in others)
    proto = schema.parse(schema.FunctionDef, rest, path=source.path, offset=start, is_stripped=True)
    return Function(proto, Graph(nodes), Span(source, start, end))


def _records(source: Source, start: int, end: int) -> Iterator[Record]:
    window = Window(source)
    while start < end:
        record = next_record(window, start, end)
        start = record.end
        yield record


def _read_nodes(
    source: Source, start: int, end: int, number: int, container: Any, field: str
) -> tuple[list[Node], list[Record]]:
    """Read the nodes in field `number` of a message, and return its other records."""
    nodes: list[Node] = []
    others: list[Record] = []
    texts: dict[str, str] = {}
    window = Window(source)
    for found in _runs(window, start, end, number):
        if isinstance(found, list):
            nodes += _parse_run(window, source, found, number, container, field, texts.setdefault)
        elif found.number != number or found.wire_type != LEN:
            others.append(found)
        elif found.end - found.start >= LONG_NBYTES:
            nodes.append(
                _read_long_node(source, Origin(source, found.record, found.start, found.end, number), texts.setdefault)
            )
        else:
            place = (found.record, found.start, found.end)
            nodes += _parse_run(window, source, [place], number, container, field, texts.setdefault)
    return nodes, others


def _runs(window: Window, start: int, end: int, number: int) -> Iterator[list[_Place] | Record]:
    """Yield runs of short nodes as (record, payload, end), which take the inlined path, and all other records."""
    head = tag(number, LEN)[0]
    run: list[_Place] = []
    position = start
    while position < end:
        index = window.ensure(position, min(_HEAD_NBYTES, end - position))
        buffer, base = window.buffer, window.base
        while index < len(buffer) - 3 and buffer[index] == head:
            nbytes, body = buffer[index + 1], index + 2
            if nbytes >= 0x80:
                nbytes, body = nbytes & 0x7F | buffer[index + 2] << 7, index + 3
            stop = body + nbytes
            if nbytes >= LONG_NBYTES or buffer[body - 1] >= 0x80 or base + stop > end:
                break
            if run and base + stop - run[0][0] > _RUN_NBYTES:
                yield run
                run = []
            run.append((base + index, base + body, base + stop))
            index = stop
        if base + index > position:
            position = base + index
            continue
        if run:
            yield run
            run = []
        record = next_record(window, position, end)
        yield record
        position = record.end
    if run:
        yield run


def _parse_run(
    window: Window, source: Source, run: list[_Place], number: int, container: Any, field: str, same: _Same
) -> list[Node]:
    """Read neighbouring nodes: one message tells whether they are sound, and what is asked for all the time."""
    first, last = run[0][0], run[-1][2]
    data = window.read(first, last)
    message = schema.parse(container, data, path=source.path, offset=first)
    nodes = []
    equals = _equals.get()
    for proto, (record, start, end) in zip(getattr(message, field), run, strict=True):
        body = data[start - first : end - first]
        is_usual = start - record == (2 if end - start < 0x80 else 3)
        origin = SHORT if is_usual else Origin(source, record, start, end, number)
        if equals is not None and (equal := equals.get(body)) is not None:
            nodes.append(Node.read(equal._name, equal._op, equal._inputs, equal._message, origin))
            continue
        name, inputs = proto.name, proto.input[:]
        nodes.append(Node.read(same(name, name), intern(proto.op), tuple(map(same, inputs, inputs)), body, origin))
        if equals is not None:
            equals[body] = nodes[-1]
    return nodes


def _read_long_node(source: Source, origin: Origin, same: _Same) -> Node:
    skeleton, payloads = strip(source, origin.start, origin.end, LAYOUT)
    proto = schema.parse(schema.NodeDef, skeleton, path=source.path, offset=origin.start, is_stripped=True)
    grouped = group_payloads(payloads)
    if any(proto.attr[key].WhichOneof("value") != "tensor" for key in grouped) or _has_repeated_keys(proto, skeleton):
        # Not as any writer does it: a later entry replaces an earlier one. Let protobuf decide.
        skeleton, grouped = source.read(origin.start, origin.end), {}
        proto = schema.parse(schema.NodeDef, skeleton, path=source.path, offset=origin.start)
    name, inputs = same(proto.name, proto.name), tuple(map(same, proto.input, proto.input))
    return Node.read(name, intern(proto.op), inputs, skeleton, origin, grouped or None)


def _has_repeated_keys(proto: schema.NodeDef, skeleton: bytes) -> bool:
    return sum(field.number == 5 for field in fields(skeleton)) != len(proto.attr)
