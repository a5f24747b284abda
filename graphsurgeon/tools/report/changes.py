"""What `diff` found, drawn: nodes and edges that one side has, nodes that changed, and how far values moved.

The picture is of both sides: nodes of the other model alone stand behind those of the first. As in a diff, what only
the first has is ``removed``, what only the other has ``added``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.compare import DiffReport
from graphsurgeon.compare.report import Difference, GraphDiff, TensorRow, TensorsDiff
from graphsurgeon.compare.text import change_text, tensor_text
from graphsurgeon.compare.values import ValueDiff
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.tools.report.graph_columns import GraphColumns, GraphReader
from graphsurgeon.tools.report.texts import StringTable, named, shortened

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_LINES = 20
_INPUTS = ("input", "inputs", "control_inputs")


def draw_graphs(graphs: list[GraphColumns], other: Model, report: DiffReport, strings: StringTable) -> None:
    """Mark what differs in the graphs of a page, and add what only the other model has."""
    if report.graph is None or report.functions is None:
        return
    found = report.functions
    there = dict(found.renamed)
    numbers = {there.get(each.name, each.name): number for number, each in enumerate(graphs) if number}
    numbers.update({name: number for number, name in enumerate(found.added, len(graphs))})
    reader = GraphReader(other, Index(other.graph), strings, numbers)
    _Drawing(graphs[0], reader, other.graph).mark(report.graph)
    by_name = {each.name: each for each in graphs[1:]}
    functions = other.library.functions
    for each in found.changed:
        if each.a in by_name:
            _Drawing(by_name[each.a], reader, functions[each.b].body, functions[each.b]).mark(each.body)
    for name in found.removed:
        if name in by_name:
            _mark_all(by_name[name], REMOVED)
    for name in found.added:
        graphs.append(reader.graph(functions[name].body, Index(functions[name].body), functions[name]))
        _mark_all(graphs[-1], ADDED)


def _mark_all(made: GraphColumns, kind: str) -> None:
    made.facts["change"] = dict.fromkeys(range(len(made)), kind)
    for number in range(len(made)):
        _mark_edges(made, number, made.nodes["inputs"][number], kind)


def _mark_edges(made: GraphColumns, number: int, inputs: Sequence[Sequence[Any]], kind: str) -> None:
    made.facts["edges"] += [[producer, number, output, kind] for producer, output in inputs if producer >= 0]


class _Drawing:
    """The columns of one graph or body, and its counterpart in the other model."""

    def __init__(self, made: GraphColumns, reader: GraphReader, graph: Graph, function: Function | None = None) -> None:
        self._made, self._reader, self._graph = made, reader, graph
        self._index = Index(graph)
        self._function = function

    def mark(self, diff: GraphDiff) -> None:
        """Mark what a diff tells of the two."""
        made, numbers = self._made, self._made.numbers
        change: dict[int, str] = made.facts["change"]
        for row in diff.removed:
            if row.name in numbers:
                change[numbers[row.name]] = REMOVED
                _mark_edges(made, numbers[row.name], made.nodes["inputs"][numbers[row.name]], REMOVED)
        for node in diff.renamed:
            self._note(node.a, [f"renamed to {node.b}"])
        for each in diff.changed:
            self._note(each.a, [change_text(one) for one in each.changes])
        there = self._numbers_there(diff)
        for row in diff.added:
            number = there.get(row.name)
            if number is not None:
                inputs = self._inputs(there, row.name)
                made.nodes["inputs"][number] = inputs
                _mark_edges(made, number, inputs, ADDED)
        for each in diff.changed:
            if each.a in numbers and any(one.field in _INPUTS for one in each.changes):
                self._compare_inputs(numbers[each.a], self._inputs(there, each.b))

    def _note(self, name: str, texts: Sequence[str]) -> None:
        number = self._made.numbers.get(name)
        if number is not None:
            self._made.facts["change"][number] = CHANGED
            self._made.facts["changed"].setdefault(number, []).extend(named(shortened(text)) for text in texts)

    def _numbers_there(self, diff: GraphDiff) -> dict[str, int]:
        """Return the numbers of the other graph's nodes by their names there; those that it alone has are added."""
        made, added = self._made, {row.name for row in diff.added}
        here = {row.b: row.a for row in diff.renamed}
        there = dict(self._arguments())
        function = "" if self._function is None else self._function.name
        for node in self._graph:
            number: int | None
            if node.name in added:
                number = self._reader.add(made, self._graph, self._index, node, function)
                if number is not None:
                    made.facts["change"][number] = ADDED
            else:
                number = made.numbers.get(here.get(node.name, node.name))
            if number is not None:
                there.setdefault(node.name, number)
        return there

    def _arguments(self) -> Iterator[tuple[str, int]]:
        if self._function is not None:
            for arg, number in zip(self._function.proto.signature.input_arg, self._made.facts["made"], strict=False):
                yield arg.name, number

    def _inputs(self, there: Mapping[str, int], name: str) -> list[list[Any]]:
        return self._reader.inputs(there, self._graph, self._index, self._index.producers[name])

    def _compare_inputs(self, number: int, inputs: Sequence[Sequence[Any]]) -> None:
        ours = {(producer, output) for producer, output in self._made.nodes["inputs"][number]}
        theirs = {(producer, output) for producer, output in inputs}
        for edges, kind in ((ours - theirs, REMOVED), (theirs - ours, ADDED)):
            _mark_edges(self._made, number, sorted(edge for edge in edges if edge[0] >= 0), kind)


def draw_weights(rows: list[dict[str, Any]], by_name: Mapping[str, dict[str, Any]], report: DiffReport) -> None:
    """Note at the weights of a page how their values differ, and add those that only the other model has.

    `by_name` has the rows by the keys, nodes and names of what they are of.
    """
    for node in () if report.graph is None else report.graph.changed:
        for change in node.changes:
            if change.field == "attr" and change.key == "value" and node.a in by_name:
                by_name[node.a]["change"] = _of_constant(change)
    _draw_tensors(rows, by_name, report.tensors)


def _draw_tensors(rows: list[dict[str, Any]], by_name: Mapping[str, dict[str, Any]], found: TensorsDiff) -> None:
    for each in found.changed:
        if each.name in by_name:
            by_name[each.name]["change"] = _change(CHANGED, tensor_text(each), each.values)
    for row in found.missing:
        if row.name in by_name:
            by_name[row.name]["change"] = _change(REMOVED, "is not in the other")
    for name in found.not_compared:
        if name in by_name:
            by_name[name]["change"] = _change("not compared", "values are not known on both sides")
    rows += [_extra(row) for row in found.extra]


def _of_constant(change: Difference) -> dict[str, Any]:
    return _change(CHANGED, change_text(change), change.values)


def _change(kind: str, text: str, values: ValueDiff | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "largest_relative": None if values is None else values.max_relative,
        "largest_absolute": None if values is None else values.to_json()["max_absolute"],
        "text": named(shortened(text)),
    }


def _extra(row: TensorRow) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "node": None,
        "nbytes": None,
        "role": None,
        "evidence": [],
        "trainable": None,
        "stats": None,
    }
    facts = {"name": named(row.name), "dtype": row.dtype, "shape": list(row.shape)}
    return {**facts, **nothing, "change": _change(ADDED, "is in the other only")}


def summary_lines(report: DiffReport) -> list[str]:
    """Return what differs in words, of each kind the first."""
    found = [named(shortened(line)) for line in report.lines(_LINES)]
    return found or ["no difference"]
