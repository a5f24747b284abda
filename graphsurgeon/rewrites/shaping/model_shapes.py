"""The shapes of a model's graph, with what old graphs leave open.

A scalar that a ``Placeholder`` of GraphDef version 21 and before states may be one, or not be known, and counts as not
known, as in TensorFlow. Source: its ``array_ops.cc``.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.traversal import successors
from graphsurgeon.rewrites.shaping.dims import Told
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

_LAST_VAGUE_VERSION = 21


def infer(
    model: Model,
    index: Index | None = None,
    shapes: Mapping[str, Told] | None = None,
    *,
    keep_bodies: bool = False,
    open_size: int | None = None,
) -> ShapeInference:
    """Return the shapes of all tensors of a model's graph; `index` is of that.

    `shapes` are other ones of inputs: what was noted behind them does not count. The others
    are as for `ShapeInference`.
    """
    index = Index(model.graph) if index is None else index
    given: dict[str, Told] = {**dict.fromkeys(vague_placeholders(model)), **(shapes or {})}
    changed = successors(index, shapes, by_data=True) | shapes.keys() if shapes else set()
    return ShapeInference(
        index,
        model.library.functions,
        given,
        lambda name: name not in changed,
        keep_bodies=keep_bodies,
        open_size=open_size,
    )


def vague_placeholders(model: Model) -> set[str]:
    """Return the placeholders whose shape would be a scalar's, in graphs in which that may mean any."""
    if (model.rest.versions.producer or model.rest.version) > _LAST_VAGUE_VERSION:
        return set()
    # What is noted beside may say that nothing is known.
    shapes = {node.name: attr_of(node, "shape") for node in model.graph.nodes_of({"Placeholder"})}
    return {name for name, shape in shapes.items() if isinstance(shape, Shape) and shape.dims == ()}
