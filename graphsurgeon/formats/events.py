"""Event files of TensorBoard: TFRecords of events, of which some hold a graph.

::

    record   nbytes (8)  masked CRC of these (4)  an Event  masked CRC of it (4)
    Event    wall_time(1) step(2) file_version(3) | graph_def(4) | summary(5) | ... | meta_graph_def(9)

A ``tf.compat.v1.summary.FileWriter`` writes the graph that it is given as both: bytes that are a GraphDef, and bytes
that are a MetaGraphDef with collections and saver. The last one counts, as a job that was restarted writes once more,
and the MetaGraphDef before the GraphDef. What is cut off at the end, where somebody may still be writing, is left out.
Source: TensorFlow's ``core/util/event.proto``, ``tsl/lib/io/record_writer.h``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphsurgeon.formats.message import GRAPH_DEF, META_GRAPH, locating
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import Source, Span, Window
from proto_utils.opening import open_source
from proto_utils.skeleton import next_record
from proto_utils.wire import LEN

if TYPE_CHECKING:
    from graphsurgeon.ir.model import Model

_HEAD_NBYTES = 12
_FOOT_NBYTES = 4
#: The tag of an event's first field, a double.
_WALL_TIME = 0x09
_GRAPHS = {4: GRAPH_DEF, 9: META_GRAPH}


def is_events(source: Source) -> bool:
    """Return whether a file begins with a record that holds an event."""
    head = source.read(0, min(source.size, _HEAD_NBYTES + 1))
    if len(head) <= _HEAD_NBYTES or head[_HEAD_NBYTES] != _WALL_TIME:
        return False
    return int.from_bytes(head[:8], "little") <= source.size and _is_sound(head[:8], head[8:_HEAD_NBYTES])


def read_events(path: str) -> Model:
    """Read the graph in a file of events: no payload is read but for the checksum of its record.

    Raises
    ------
    UnsupportedError
        No event holds one.
    CorruptionError
        Its record is damaged.
    """
    with locating(path):
        source = open_source(path)
        found: dict[int, tuple[Span, Span]] = {}
        for event in _events(source):
            for number, graph in _graphs(event):
                found[number] = (event, graph)
        if not found:
            hint = "a FileWriter writes the graph that it is given; trace_export writes another form of it"
            raise UnsupportedError("a file of events, none of which holds a graph", path=path, hint=hint)
        number = max(found)
        event, graph = found[number]
        _check(event)
        return _GRAPHS[number].parse(graph)


def _events(source: Source) -> Iterator[Span]:
    """Yield where the events are, but for one that is cut off."""
    position = 0
    while position + _HEAD_NBYTES <= source.size:
        head = source.read(position, position + _HEAD_NBYTES)
        if not _is_sound(head[:8], head[8:]):
            raise CorruptionError("the length of a record does not match its checksum", offset=position)
        start = position + _HEAD_NBYTES
        end = start + int.from_bytes(head[:8], "little")
        if end + _FOOT_NBYTES > source.size:
            return
        yield Span(source, start, end)
        position = end + _FOOT_NBYTES


def _graphs(event: Span) -> Iterator[tuple[int, Span]]:
    """Yield the fields of an event that hold a graph."""
    window, position = Window(event.source, 512), event.start
    with contextlib.suppress(CorruptionError):
        while position < event.end:
            record = next_record(window, position, event.end)
            if record.number in _GRAPHS and record.wire_type == LEN and record.end <= event.end:
                yield record.number, Span(event.source, record.start, record.end)
            position = record.end


def _check(event: Span) -> None:
    from graphsurgeon.formats.checksum import crc32c, mask

    crc = 0
    for chunk in event.chunks():
        crc = crc32c(chunk, crc)
    stored = event.source.read(event.end, event.end + _FOOT_NBYTES)
    if mask(crc) != int.from_bytes(stored, "little"):
        raise CorruptionError("an event's bytes do not match their checksum", offset=event.start)


def _is_sound(data: bytes, checksum: bytes) -> bool:
    from graphsurgeon.formats.checksum import crc32c, mask

    return mask(crc32c(data)) == int.from_bytes(checksum, "little")
