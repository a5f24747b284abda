"""SavedModels: meta graphs by tag set, and a checkpoint for all of them.

::

    saved_model.pb          SavedModel { schema_version(1) meta_graphs(2)* }, or saved_model.pbtxt, or in pieces, which
                            are put together in memory, saved_model.cpb (see `chunked`)
    variables/variables     the checkpoint's prefix; without variables there is no such folder
    assets/                 files that AssetFileDefs name
    assets.extra/           files for whoever uses the model
    keras_metadata.pb       Keras' notes on the objects of a TensorFlow 2 model
    debug/                  where nodes were made
    fingerprint.pb          of this very model: it does not go along

Meta graphs are found by walking the records of the message, so none but the wanted
one is parsed. Source: TensorFlow's ``saved_model.proto`` and ``cc/saved_model/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from graphsurgeon.formats.message import open_message, reading
from graphsurgeon.formats.sniff import is_riegeli
from graphsurgeon.ir.model import Model, SavedModelParts
from graphsurgeon.names import text_of
from graphsurgeon.rewrites.serving.object_functions import EAGER_FUNCTIONS
from proto_utils import places, schema
from proto_utils.errors import CorruptionError, NotFoundError
from proto_utils.files import Source, Span, Window
from proto_utils.named_tuple import NamedTuple
from proto_utils.skeleton import Record, next_record
from proto_utils.wire import LEN, fields

META_GRAPHS = 2
_META_INFO_DEF, _GRAPH_DEF = 1, 2
_TAGS = 4

#: The tag of the meta graph that is meant to be served.
SERVE = "serve"

#: What of a SavedModel's directory goes along with its graph.
FILES = ("keras_metadata.pb",)
FOLDERS = ("assets", "assets.extra", "debug")


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
        The file ``saved_model.pb``, ``saved_model.pbtxt`` or ``saved_model.cpb``.
    is_text : bool
    tags : sequence of str, optional
        The tag set of the meta graph. By default the only one, else the one tagged
        exactly ``serve``, else the first.

    Returns
    -------
    Model
        Lazy for a binary file: no payload is read, and it may be past 2 GiB. What else
        is in the SavedModel goes along in its `saved_model`.

    Raises
    ------
    NotFoundError
        No meta graph has these tags; names the tag sets there are.
    CorruptionError
        It is not a sound SavedModel, or holds no meta graph.
    """
    path = os.fsdecode(path)
    with reading(path, is_text=is_text):
        source = _open(path, is_text)
        records = list(_records(source))
        found = [(number, _tagged(source, record)) for number, record in enumerate(records) if _is_meta_graph(record)]
        own, chosen = _choose(found, tags, path)
        model = Model.read_meta_graph_def(chosen.span)
        spans = tuple(Span(source, record.record, record.end) for record in records)
        model.saved_model = SavedModelParts(spans, own, len(found) - 1, dict(_files_beside(path)))
        if model.meta is not None and EAGER_FUNCTIONS in model.meta.collection_def:
            from graphsurgeon.rewrites.serving.eager_functions import drop_eager_functions

            drop_eager_functions(model)
        return model


def list_meta_graphs(path: str, *, is_text: bool = False) -> list[TaggedGraph]:
    """Return the meta graphs of a SavedModel file, in order; parses none of them.

    Raises
    ------
    CorruptionError
        It is not a sound SavedModel.
    """
    with reading(path, is_text=is_text):
        source = _open(path, is_text)
        return [_tagged(source, record) for record in _records(source) if _is_meta_graph(record)]


def list_assets(path: str, *, is_text: bool = False) -> set[str]:
    """Return the files in the folder ``assets`` that the meta graphs of a SavedModel file name; reads no graph.

    Errors as `list_meta_graphs`.
    """
    from graphsurgeon.meta_graph.assets import asset_files

    found: set[str] = set()
    for graph in list_meta_graphs(path, is_text=is_text):
        window, start, rest = Window(graph.span.source, 4096), graph.span.start, []
        while start < graph.span.end:
            record = next_record(window, start, graph.span.end)
            start = record.end
            if record.number != _GRAPH_DEF:
                rest.append(graph.span.source.read(record.record, record.end))
        found.update(asset_files(schema.parse(schema.MetaGraphDef, b"".join(rest), path=path)).values())
    return found


def _open(path: str, is_text: bool) -> Source:
    source = open_message(path, "SavedModel" if is_text else None)
    if is_text or not is_riegeli(source):
        return source
    from graphsurgeon.formats.chunked import merge_chunks

    return merge_chunks(source)


def _records(source: Source) -> Iterator[Record]:
    window, position = Window(source), 0
    while position < source.size:
        record = next_record(window, position, source.size)
        position = record.end
        yield record


def _is_meta_graph(record: Record) -> bool:
    return record.number == META_GRAPHS and record.wire_type == LEN


def _tagged(source: Source, record: Record) -> TaggedGraph:
    window, start = Window(source, 4096), record.start
    tags: list[str] = []
    while start < record.end:
        inner = next_record(window, start, record.end)
        start = inner.end
        if inner.number == _META_INFO_DEF and inner.wire_type == LEN:
            data = source.read(inner.start, inner.end)
            values = [data[f.start : f.end] for f in fields(data) if f.number == _TAGS and f.wire_type == LEN]
            tags += map(text_of, values)
    return TaggedGraph(tuple(tags), Span(source, record.start, record.end))


def _choose(found: Sequence[tuple[int, TaggedGraph]], tags: Sequence[str] | None, path: str) -> tuple[int, TaggedGraph]:
    if not found:
        raise CorruptionError("a SavedModel without any meta graph", path=path)
    if tags is None:
        return next((each for each in found if each[1].tags == (SERVE,)), found[0])
    for each in found:
        if set(each[1].tags) == set(tags):
            return each
    existing = [",".join(graph.tags) for _, graph in found]
    name = ",".join(tags)
    hint = "its tag sets are " + ", ".join(repr(each) for each in existing)
    raise NotFoundError.among("meta graph tagged", name, existing, where=path, hint=hint)


def _files_beside(path: str) -> Iterator[tuple[str, str]]:
    """Yield (path in the SavedModel, path) of the files that go along with a graph; links to directories do not."""
    directory = os.path.dirname(places.abspath(path))
    for name in FILES:
        if places.isfile(os.path.join(directory, name)):
            yield name, os.path.join(directory, name)
    for folder in FOLDERS:
        for parent, folders, names in places.walk(os.path.join(directory, folder)):
            folders.sort()
            for file in (os.path.join(parent, name) for name in sorted(names)):
                yield os.path.relpath(file, directory).replace(os.sep, "/"), file
