"""SavedModels: meta graphs by tag set, and a checkpoint for all of them.

::

    saved_model.pb          SavedModel { schema_version(1) meta_graphs(2)* }, or saved_model.pbtxt
    variables/variables     the checkpoint's prefix
    assets/                 files that AssetFileDefs name

Meta graphs are found by walking the records of the message, so none but the wanted
one is parsed. Source: TensorFlow's ``saved_model.proto`` and ``cc/saved_model/``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from graphsurgeon.errors import near_names
from graphsurgeon.formats.message import locating, read_text
from graphsurgeon.model import Model
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError
from proto_utils.files import BytesSource, FileSource, Source, Span, Window
from proto_utils.skeleton import next_record
from proto_utils.wire import LEN, fields

_META_GRAPHS = 2
_META_INFO_DEF = 1
_TAGS = 4

#: The tag of the meta graph that is meant to be served.
SERVE = "serve"


class TaggedGraph(NamedTuple):
    """One meta graph of a SavedModel: its tags and where it is."""

    tags: tuple[str, ...]
    span: Span


def read_saved_model(
    path: str | os.PathLike[str], *, is_text: bool = False, tags: Sequence[str] | None = None
) -> Model:
    """Read one meta graph of a SavedModel, without values of variables.

    Parameters
    ----------
    path : path
        The file ``saved_model.pb`` or ``saved_model.pbtxt``.
    is_text : bool
    tags : sequence of str, optional
        The tag set of the meta graph. By default the only one, else the one tagged
        exactly ``serve``, else the first.

    Returns
    -------
    Model
        Lazy for a binary file: no payload is read.

    Raises
    ------
    NotFoundError
        No meta graph has these tags; names the tag sets there are.
    CorruptionError
        It is not a sound SavedModel, or holds no meta graph.
    """
    path = os.fspath(path)
    with locating(path):
        return Model.read_meta_graph_def(_choose(list_meta_graphs(path, is_text=is_text), tags, path).span)


def list_meta_graphs(path: str, *, is_text: bool = False) -> list[TaggedGraph]:
    """Return the meta graphs of a SavedModel file, in order; parses none of them.

    Raises
    ------
    CorruptionError
        It is not a sound SavedModel.
    """
    source: Source
    if is_text:
        source = BytesSource(schema.serialize(read_text(schema.SavedModel, path)), path)
    else:
        source = FileSource(path)
    found = []
    window, position = Window(source), 0
    while position < source.size:
        record = next_record(window, position, source.size)
        position = record.end
        if record.number == _META_GRAPHS and record.wire_type == LEN:
            found.append(TaggedGraph(_tags(source, record.start, record.end), Span(source, record.start, record.end)))
    return found


def _tags(source: Source, start: int, end: int) -> tuple[str, ...]:
    window = Window(source, 4096)
    tags: list[str] = []
    while start < end:
        record = next_record(window, start, end)
        start = record.end
        if record.number == _META_INFO_DEF and record.wire_type == LEN:
            data = source.read(record.start, record.end)
            values = [data[f.start : f.end] for f in fields(data) if f.number == _TAGS and f.wire_type == LEN]
            tags += [value.decode(errors="surrogateescape") for value in values]
    return tuple(tags)


def _choose(found: Sequence[TaggedGraph], tags: Sequence[str] | None, path: str) -> TaggedGraph:
    if not found:
        raise CorruptionError("a SavedModel without any meta graph", path=path)
    if tags is None:
        return next((graph for graph in found if graph.tags == (SERVE,)), found[0])
    for graph in found:
        if set(graph.tags) == set(tags):
            return graph
    existing = [",".join(graph.tags) for graph in found]
    name = ",".join(tags)
    hint = "its tag sets are " + ", ".join(repr(each) for each in existing)
    raise NotFoundError("meta graph tagged", name, near_names(name, existing), where=path, hint=hint)
