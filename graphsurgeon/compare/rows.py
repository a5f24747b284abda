"""A diff report as rows of one table, none left out: for CSV, and whatever reads tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.compare.text import change_text, item_text, tensor_text

if TYPE_CHECKING:
    from graphsurgeon.compare import DiffReport
    from graphsurgeon.compare.report import Difference, GraphDiff, LibraryDiff, TensorsDiff

#: What each row has: what it is part of, ``-+>~?`` as in the text, its name, that on the other side, and what is said.
HEADERS = ("part", "sign", "name", "other_name", "what")
Row = tuple[str, str, str, str, str]


def diff_rows(report: DiffReport) -> Iterator[Row]:
    """Yield a row for each difference, and for each tensor that was not compared, in the order of the report."""
    if report.graph is not None:
        yield from _graph_rows("graph", report.graph)
    if report.functions is not None:
        yield from _library_rows(report.functions)
    yield from _changes("model", "", "", report.model)
    for each in report.collections:
        part = f"collection {each.name}"
        for sign, items in (("-", each.removed), ("+", each.added)):
            yield from ((part, sign, _name_of(item), "", item_text(item)) for item in items)
    yield from _tensor_rows(report.tensors)


def _graph_rows(part: str, graph: GraphDiff) -> Iterator[Row]:
    yield from ((part, "-", row.name, "", row.op) for row in graph.removed)
    yield from ((part, "+", row.name, "", row.op) for row in graph.added)
    yield from ((part, ">", row.a, row.b, row.op) for row in graph.renamed)
    for node in graph.changed:
        yield from _changes(part, node.a, node.b, node.changes)


def _library_rows(functions: LibraryDiff) -> Iterator[Row]:
    yield from (("functions", "-", name, "", "") for name in functions.removed)
    yield from (("functions", "+", name, "", "") for name in functions.added)
    yield from (("functions", ">", a, b, "") for a, b in functions.renamed)
    for function in functions.changed:
        yield from _graph_rows(f"function {function.a}", function.body)
        yield from _changes("functions", function.a, function.b, function.changes)


def _tensor_rows(tensors: TensorsDiff) -> Iterator[Row]:
    yield from (("tensors", "-", row.name, "", f"{row.dtype} {row.shape}") for row in tensors.missing)
    yield from (("tensors", "+", row.name, "", f"{row.dtype} {row.shape}") for row in tensors.extra)
    yield from (("tensors", "~", row.name, row.name, tensor_text(row)) for row in tensors.changed)
    yield from (("tensors", "?", name, name, "not compared") for name in tensors.not_compared)


def _changes(part: str, a: str, b: str, changes: Sequence[Difference]) -> Iterator[Row]:
    for change in changes:
        yield part, "~", a or change.field, b or change.field, change_text(change)


def _name_of(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("variable_name", ""))
    return item if isinstance(item, str) else json.dumps(item)
