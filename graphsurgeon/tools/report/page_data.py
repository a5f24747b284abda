"""Everything that a page shows, as JSON types: gathered from a source, values of weights read once."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from graphsurgeon.compare import diff
from graphsurgeon.display import count, format_nbytes
from graphsurgeon.errors import PassError
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.kinds import KINDS
from graphsurgeon.formats.load import load, load_readable, open_checkpoint
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.statistics import has_statistics
from graphsurgeon.tools.checkpoint_summary import summarize_checkpoint
from graphsurgeon.tools.inspect import inspect_model
from graphsurgeon.tools.report.changes import draw_graphs, draw_weights, summary_lines
from graphsurgeon.tools.report.graph_columns import MAX_NODES, GraphColumns, GraphReader
from graphsurgeon.tools.report.planned import PLANS, draw_plan
from graphsurgeon.tools.report.surroundings import (
    checkpoint_facts,
    collection_rows,
    graph_facts,
    saver_facts,
    signature_rows,
)
from graphsurgeon.tools.report.texts import MAX_TEXT, StringTable, named
from graphsurgeon.tools.report.weight_rows import weight_row, weights_of
from proto_utils import places

#: A page lists so many weights.
MAX_WEIGHTS = 20_000
#: Of the page's data.
VERSION = 1


class PageSource:
    """What is to be shown: a model, and what is known of the files that it is from.

    Attributes
    ----------
    model : Model
    name : str
        The path, or what is said where there is none.
    facts : list of list of str
        Label and text.
    damage : dict of str to str
        What tensors of the checkpoint have lost.
    notes : list of str
    """

    def __init__(self, source: str | os.PathLike[str] | Model, tags: Names | None = None) -> None:
        self.damage: dict[str, str] = {}
        self.notes: list[str] = []
        self.facts: list[list[str]] = []
        if isinstance(source, Model):
            self.model = source
            self.name = source.path or "a model in memory"
            return
        found = detect(source)
        self.name = found.path
        self.model, fault = load_readable(found, tags=tags)
        if fault is not None:
            self.notes.append(f"the graph cannot be read: {fault}")
        self.facts = [["format", KINDS[found.kind].title + (", text" if found.is_text else "")]]
        if found.graph is not None:
            self.facts.append(["size", format_nbytes(places.getsize(found.graph))])
        if found.prefix is not None or found.lost_index is not None:
            checkpoint = open_checkpoint(found, partial=True)
            self.model.own(checkpoint)
            self.model.variables = dict(checkpoint)
            self.damage = {name: file.damage for file in checkpoint.damaged_files() for name in file.names}
            self.notes += [file.describe(len(checkpoint)) for file in checkpoint.damaged_files()]
        self.facts += checkpoint_facts(summarize_checkpoint(found))


def page_data(
    source: str | os.PathLike[str] | Model,
    *,
    against: str | os.PathLike[str] | Model | None = None,
    plan: str | None = None,
    tags: Names | None = None,
    values: bool = True,
) -> dict[str, Any]:
    """Gather what a page shows; parameters and errors as of `report`."""
    if plan is not None and plan not in PLANS:
        raise PassError("report", f"there is no plan {plan!r}", hint="the plan is 'unfreeze'", is_usage=True)
    given = PageSource(source, tags)
    other = None if against is None else against if isinstance(against, Model) else _other(against, tags)
    page = _Page(given, values=values)
    compared = None if other is None else page.compare(other, _name_of(against))
    planned = None if plan is None else draw_plan(page.graphs, given.model, page.index)
    return page.data(compared, planned)


def _other(path: str | os.PathLike[str], tags: Names | None) -> Model:
    """Load what is compared; of a SavedModel the same meta graph."""
    return load(path, tags=tags if tags is not None and detect(path).kind == "saved_model" else None)


def _name_of(source: str | os.PathLike[str] | Model | None) -> str:
    if isinstance(source, Model):
        return source.path or "a model in memory"
    return "" if source is None else os.fsdecode(source)


class _Page:
    """What is gathered for one page."""

    def __init__(self, given: PageSource, *, values: bool) -> None:
        self._given = given
        model = given.model
        self.index = Index(model.graph)
        self._strings = StringTable()
        self._notes = list(given.notes)
        self.graphs: list[GraphColumns] = []
        self._shapes: NodeShapes | None = None
        if len(model.graph) or model.library.functions:
            reader = GraphReader(model, self.index, self._strings)
            self.graphs = reader.read()
            self._notes += _size_notes(model, self.graphs, reader)
            self._shapes = reader.shapes
        self._rows: list[dict[str, Any]] = []
        self._by_name: dict[str, dict[str, Any]] = {}
        self._read_weights(values)

    def _read_weights(self, values: bool) -> None:
        roles = self.graphs[0].facts["role"] if self.graphs else {}
        weights = weights_of(self._given.model, self.index, self._given.damage)
        listed = list(itertools.islice(weights, MAX_WEIGHTS))
        if values:
            expect_reading(each.tensor for each in listed if each.tensor is not None and has_statistics(each.tensor))
        for found in listed:
            row = weight_row(found, values=values)
            number = self.graphs[0].numbers.get(found.node) if self.graphs and found.node is not None else None
            if number is not None:
                roles[number] = len(self._rows)
            for name in (found.key, found.node, found.name):
                if name is not None:
                    self._by_name.setdefault(name, row)
            self._rows.append(row)
        num_left = sum(1 for _ in weights)
        if num_left:
            self._notes.append(f"{count(num_left, 'weight')} behind the first {MAX_WEIGHTS:,} are not listed")
        if not values:
            self._notes.append("values of weights were not read: there are no histograms")

    def compare(self, other: Model, name: str) -> dict[str, Any]:
        """Mark what differs from another model, and return what is said of it."""
        report = diff(self._given.model, other)
        if self.graphs:
            draw_graphs(self.graphs, other, report, self._strings)
        draw_weights(self._rows, self._by_name, report)
        return {"source": named(name), "summary": summary_lines(report)}

    def data(self, compared: dict[str, Any] | None, planned: dict[str, Any] | None) -> dict[str, Any]:
        """Return everything as the page reads it."""
        model, facts = self._given.model, list(self._given.facts)
        signatures: list[dict[str, Any]] = []
        if self.graphs:
            found = inspect_model(model, shapes=self._shapes)
            facts += graph_facts(found)
            signatures = list(signature_rows(found.signatures))
        notes = list(self._notes)
        if self._strings.num_cut:
            many = count(self._strings.num_cut, "text")
            notes.append(f"{many} of attrs longer than {MAX_TEXT} characters are cut, and say how much is left out")
        return {
            "v": VERSION,
            "title": named(os.path.basename(os.path.normpath(self._given.name))),
            "source": named(self._given.name),
            "made_by": f"graphsurgeon {sys.modules[__name__.partition('.')[0]].__version__}",
            "facts": [[label, text] for label, text in facts],
            "notes": list(map(named, notes)),
            "strings": self._strings.texts,
            "graphs": [each.facts for each in self.graphs],
            "weights": self._rows,
            "collections": list(collection_rows(model)),
            "signatures": signatures,
            "saver": saver_facts(model),
            "against": compared,
            "plan": planned,
        }


def _size_notes(model: Model, graphs: Sequence[GraphColumns], reader: GraphReader) -> Iterator[str]:
    """Yield what the page leaves out of the graphs, for their size."""
    num_all = sum(len(graph) for _, graph in model.graphs())
    num_shown = sum(len(each) - len(each.facts["made"]) for each in graphs)
    if num_shown < num_all:
        left = count(num_all - num_shown, "node")
        yield f"the page has the first {num_shown:,} nodes, of {MAX_NODES:,} that it may have: {left} are not in it"
    left_out = len(model.library.functions) - (len(graphs) - 1)
    if left_out:
        yield f"{count(left_out, 'function')} of the library are not in it"
    if not reader.shapes.is_inferred:
        yield "shapes are those that attrs state: so many nodes are not inferred"
