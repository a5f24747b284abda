"""Writing of event files as TensorBoard reads them: a graph, and histograms of tensors by step.

::

    Event           wall_time(1: double) step(2) file_version(3) | graph_def(4) | summary(5)
    Summary         value(1)*
    Value           tag(1) histo(5)
    HistogramProto  min(1) max(2) num(3) sum(4) sum_squares(5) bucket_limit(6)* bucket(7)*     all doubles

How records are framed draws `graphsurgeon.formats.events`, which reads the graph in them. Source: TensorFlow's
``core/util/event.proto`` and ``core/framework/summary.proto``.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphsurgeon.formats.checksum import crc32c, mask
from proto_utils.splice import join
from proto_utils.varint import encode_varint
from proto_utils.wire import I64, VARINT, len_header, tag

if TYPE_CHECKING:
    from graphsurgeon.tensors.statistics import Statistics
    from proto_utils.sink import Sink
    from proto_utils.splice import Piece

_VERSION = b"brain.Event:2"


class EventWriter:
    """Writes events to a sink, each when it is told; nothing is kept.

    Parameters
    ----------
    sink : Sink
    wall_time : float
        Of the first event, in seconds since the epoch; no other is earlier, or TensorBoard leaves it out of its axes.
    """

    def __init__(self, sink: Sink, wall_time: float) -> None:
        self._sink = sink
        self._event(wall_time, 0, len_header(3, len(_VERSION)) + _VERSION)

    def graph(self, pieces: Sequence[Piece], wall_time: float) -> None:
        """Write a GraphDef."""
        message = join(pieces)
        self._event(wall_time, 0, len_header(4, len(message)) + message)

    def histogram(self, name: str, found: Statistics, step: int, wall_time: float) -> None:
        """Write the histogram of a tensor at a step: of its finite values, as those of others cannot be drawn."""
        label, histogram = name.encode("utf-8", "surrogateescape"), _histogram(found)
        value = len_header(1, len(label)) + label + len_header(5, len(histogram)) + histogram
        summary = len_header(1, len(value)) + value
        self._event(wall_time, step, len_header(5, len(summary)) + summary)

    def _event(self, wall_time: float, step: int, what: bytes) -> None:
        event = _double(1, wall_time) + (tag(2, VARINT) + encode_varint(step) if step else b"") + what
        length = struct.pack("<Q", len(event))
        for part in (length, _checksum(length), event, _checksum(event)):
            self._sink.write(part)


def _histogram(found: Statistics) -> bytes:
    # Without values, the ends are where TensorFlow begins to look for them.
    low, high = (found.minimum, found.maximum) if found.num_finite else (sys.float_info.max, -sys.float_info.max)
    single = (low, high, float(found.num_finite), found.sum, found.sum_squares)
    message = b"".join(_double(number, value) for number, value in enumerate(single, 1))
    for number, values in (6, found.limits), (7, map(float, found.counts)):
        packed = struct.pack(f"<{len(found.limits)}d", *values)
        message += len_header(number, len(packed)) + packed
    return message


def _double(number: int, value: float) -> bytes:
    """Encode a double; 0 is not written, as in all messages of proto3."""
    packed = struct.pack("<d", value)
    return tag(number, I64) + packed if any(packed) else b""


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", mask(crc32c(data)))
