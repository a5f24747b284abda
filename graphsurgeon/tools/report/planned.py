"""What `unfreeze` would do, before it does: which constants would become variables, and why others stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphsurgeon.display import count, format_nbytes
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.tools.report.graph_columns import GraphColumns
from graphsurgeon.tools.report.texts import named, shortened
from graphsurgeon.weights import find_weights

PLANS = ("unfreeze",)


def draw_plan(graphs: Sequence[GraphColumns], model: Model, index: Index) -> dict[str, Any]:
    """Mark in the graphs of a page what would become of constants, and return what is said of it.

    The model stays as it is. Where `unfreeze` declines, that is what is said.
    """
    plan = find_weights(model, index, called="readers")
    try:
        report = unfreeze(model.copy())
    except (PassError, GraphError) as error:
        _mark_kept(graphs, {each.path: each.reason for each in plan.kept})
        return {"verb": "unfreeze", "summary": [named(shortened(f"it declines: {error}"))]}
    nodes = {each.variable: each.node.name for each in plan.weights}
    for row in report.variables:
        number = graphs[0].numbers.get(nodes.get(row.name, row.name))
        if number is not None:
            graphs[0].facts["plan"][number] = named(row.name)
    _mark_kept(graphs, {row.node: row.reason for row in report.kept})
    size = format_nbytes(sum(row.nbytes for row in report.variables))
    many = f"{count(len(report.variables), 'constant')} would become variables ({size})"
    stay = f"{count(len(report.kept), 'constant')} of more than one element would stay"
    return {"verb": "unfreeze", "summary": [many, stay, *(named(shortened(note)) for note in report.notes)]}


def _mark_kept(graphs: Sequence[GraphColumns], reasons: dict[str, str]) -> None:
    for each in graphs:
        scope = f"{each.name}/" if each.name else ""
        for name, number in each.numbers.items():
            reason = reasons.get(f"{scope}{name}")
            if reason is not None:
                each.facts["kept"][number] = named(reason)
