"""What two SavedModels hold beside the meta graphs that were loaded: the other meta graphs, and the files of assets.

They come along with an edit of one meta graph, so they belong to what is compared: a
vocabulary with another word in it is another model, and so is another training graph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.report import Difference, GraphDiff, LibraryDiff
from graphsurgeon.ir.model import Model, SavedModelParts
from proto_utils.files import Span, Window
from proto_utils.opening import open_source
from proto_utils.skeleton import next_record
from proto_utils.wire import LEN

if TYPE_CHECKING:
    from graphsurgeon.compare import DiffReport

#: What `Difference.field` is of what makes another model of it: nodes, functions, files.
SAVED_MODEL = "saved_model"

_META_GRAPHS = 2
_FOLDERS = ("assets/", "assets.extra/")


def diff_saved_models(a: Model, b: Model, compare: Callable[[Model, Model], DiffReport]) -> Iterator[Difference]:
    """Yield what differs beside the meta graphs of two models, where both are of SavedModels.

    Other meta graphs are found by their tags and compared by `compare`, unless two of different tags were loaded: then
    one wants to know how these differ. Files of assets are read.
    """
    if a.saved_model is None or b.saved_model is None:
        return
    if _tags(a) == _tags(b):
        yield from _other_graphs(_others(a.saved_model), _others(b.saved_model), compare)
    yield from _files(a.saved_model.files, b.saved_model.files)


def _tags(model: Model) -> tuple[str, ...]:
    return () if model.meta is None else tuple(sorted(model.meta.meta_info_def.tags))


def _others(parts: SavedModelParts) -> dict[tuple[str, ...], Model]:
    found = {}
    for number, span in enumerate(parts.records):
        record = next_record(Window(span.source), span.start, span.end)
        if number != parts.own and record.number == _META_GRAPHS and record.wire_type == LEN:
            model = Model.read_meta_graph_def(Span(span.source, record.start, record.end))
            found[_tags(model)] = model
    return found


def _other_graphs(
    ours: Mapping[tuple[str, ...], Model],
    theirs: Mapping[tuple[str, ...], Model],
    compare: Callable[[Model, Model], DiffReport],
) -> Iterator[Difference]:
    for tags in sorted({*ours, *theirs}):
        where, first, second = f"meta_graphs/{','.join(tags)}", ours.get(tags), theirs.get(tags)
        if first is None or second is None:
            left, right = (ABSENT if side is None else f"{len(side.graph):,} nodes" for side in (first, second))
            yield Difference(SAVED_MODEL, where, left, right)
        else:
            yield from _flattened(compare(first, second), where)


def _flattened(report: DiffReport, where: str) -> Iterator[Difference]:
    """Yield the differences of another report as changes of what is at `where`."""
    if report.graph is not None:
        yield from _of_graph(report.graph, where)
    if report.functions is not None:
        yield from _of_library(report.functions, where)
    for change in report.model:
        yield replace(change, key=f"{where}/{change.key}")
    for row in report.collections:
        at = f"{where}/collection_def/{row.name}"
        yield from (Difference("meta_graph_def", at, item, ABSENT) for item in row.removed)
        yield from (Difference("meta_graph_def", at, ABSENT, item) for item in row.added)


def _of_graph(graph: GraphDiff, where: str) -> Iterator[Difference]:
    yield from (Difference(SAVED_MODEL, f"{where}/{row.name}", row.op, ABSENT) for row in graph.removed)
    yield from (Difference(SAVED_MODEL, f"{where}/{row.name}", ABSENT, row.op) for row in graph.added)
    yield from (Difference(SAVED_MODEL, f"{where}/{row.a}", row.a, row.b) for row in graph.renamed)
    for node in graph.changed:
        yield from _of_changes(node.changes, f"{where}/{node.a}")


def _of_library(functions: LibraryDiff, where: str) -> Iterator[Difference]:
    yield from (Difference(SAVED_MODEL, f"{where}/{name}", "function", ABSENT) for name in functions.removed)
    yield from (Difference(SAVED_MODEL, f"{where}/{name}", ABSENT, "function") for name in functions.added)
    yield from (Difference(SAVED_MODEL, f"{where}/{a}", a, b) for a, b in functions.renamed)
    for function in functions.changed:
        yield from _of_changes(function.changes, f"{where}/{function.a}")
        yield from _of_graph(function.body, f"{where}/{function.a}")


def _of_changes(changes: list[Difference], where: str) -> Iterator[Difference]:
    for change in changes:
        key = "" if change.key is None else f"/{change.key}"
        yield replace(change, field=SAVED_MODEL, key=f"{where}/{change.field}{key}")


def _files(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*ours, *theirs}):
        if name.startswith(_FOLDERS):
            first, second = (_content(files[name]) if name in files else ABSENT for files in (ours, theirs))
            if first != second:
                yield Difference(SAVED_MODEL, name, first, second)


def _content(path: str) -> str:
    """Return what stands for the bytes of a file."""
    with closing(open_source(path)) as source:
        digest = hashlib.sha256()
        for chunk in source.chunks(0, source.size):
            digest.update(chunk)
        return f"{source.size:,} bytes, SHA-256 {digest.hexdigest()[:16]}"
