"""The rows of a summary, made of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphsurgeon.ir.node_facts import node_dtype
from graphsurgeon.tools.summary.layers import Layer
from graphsurgeon.tools.summary.report import LayerRow
from graphsurgeon.tools.summary.walk import Visit


def rows_of(root: Layer, depth: int | None, *, has_graph: bool = True) -> Iterator[LayerRow]:
    """Yield the layers below the root; one that is as deep as `depth` stands for all below it."""
    # The root holds nothing: what is in no scope is a layer by itself.
    pending = [(0, part) for part in reversed(root.parts)]
    while pending:
        level, layer = pending.pop()
        is_last = depth is not None and level + 1 >= depth
        row = _row(list(_all(layer)) if is_last else [layer], level)
        yield row if has_graph else replace(row, trainable=None, shared=None, multiply_adds=None)
        if not is_last:
            pending += [(level + 1, part) for part in reversed(layer.parts)]


def _all(layer: Layer) -> Iterator[Layer]:
    pending = [layer]
    while pending:
        current = pending.pop()
        yield current
        pending += reversed(current.parts)


def _row(layers: list[Layer], level: int) -> LayerRow:
    visits = [visit for layer in layers for visit in layer.visits]
    parameters = [each for layer in layers for each in layer.parameters]
    if not visits and not parameters:
        return LayerRow(layers[0].path, level, None, None, None, None, None, None, None)
    trainable = sum(each.size for each in parameters if each.is_trained)
    last = _last(visits)
    return LayerRow(
        layers[0].path,
        level,
        _main_op(visits),
        None if last is None else _shape(last),
        sum(each.size for each in parameters),
        trainable,
        sum(layer.shared for layer in layers),
        multiply_adds_of(visits),
        sum(each.nbytes for each in parameters),
    )


def multiply_adds_of(visits: list[Visit]) -> int | None:
    """Return what ops add up to as far as it is known; None when there is something, and nothing is known of it."""
    known = [visit.multiply_adds for visit in visits if visit.multiply_adds is not None]
    total = sum(known)
    return None if not total and len(known) < len(visits) else total


def _main_op(visits: list[Visit]) -> str | None:
    """Return the op that most is computed in; else the first that uses parameters, else the last."""
    most = max(visits, key=lambda visit: -1 if visit.multiply_adds is None else visit.multiply_adds, default=None)
    if most is None:
        return None
    unknown = [visit for visit in visits if visit.multiply_adds is None]
    if not most.multiply_adds:
        using = [visit for visit in visits if visit.parameters and visit.node.op != "Merge"]
        most = (unknown or using or [_last(visits) or most])[0]
    return most.node.op


def _last(visits: list[Visit]) -> Visit | None:
    """Return the last that gives numbers, if any does, of those that do not depend on parameters alone, if any do."""
    fed = [visit for visit in visits if not visit.is_static] or visits
    for visit in reversed(fed):
        dtype = node_dtype(visit.node)
        if dtype is not None and (dtype.is_floating or dtype.is_complex or dtype.is_quantized):
            return visit
    return fed[-1] if fed else None


def _shape(visit: Visit) -> list[int | None] | None:
    found = visit.place.shown.outputs(visit.node.name)
    return None if not found or found[0] is None else list(found[0])
