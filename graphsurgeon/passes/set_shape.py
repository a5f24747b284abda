"""Give inputs another static shape, and let what was known of shapes behind them follow.

For: another batch or image size, longer sequences; a size that is left open, or one that a compiler wants fixed.

Prerequisites: a well-formed graph. An input is a Placeholder or PlaceholderWithDefault; a shape is written as
1,224,224,3, with ? (or -1, None) for a size that is left open.

Leaves behind: the same nodes; the inputs declare the new shape. Shapes are inferred through the graph and the functions
that it calls, with the old sizes and with the new ones. Where they do not go together any more (a Reshape to 7 * 7 *
512 of a feature map that is 14 * 14 * 512 now, a state of another batch, a matrix of another width), all such nodes are
listed, and nothing is changed. A Reshape of which the shape that it reads cannot be told is in the notes.

What else it meets: attrs with inferred shapes behind the inputs (``_output_shapes``) are true again, or go where
nothing is known; so do those in function bodies that the inputs reach, of their arguments, and declared shapes of what
conditions and loops return. Signatures say the new shapes. A TensorFlow 2 object graph, whose functions take the old
shapes only, goes when the inputs reach a function, unless only its objects restore the variables. Variables,
collections, savers, devices, frames, control inputs and colocation stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.function_calls import called_functions
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.serving.object_functions import drop_objects, kept_exports
from graphsurgeon.rewrites.shaping.dims import Told
from graphsurgeon.rewrites.shaping.followed import INFERRED, forget_declared, update_inferred, update_signatures
from graphsurgeon.rewrites.shaping.given_shapes import given_shapes
from graphsurgeon.rewrites.shaping.reshapes import outdated, unclear
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

_OPERATION = "set_shape"
_MAX_LISTED = 10


@dataclass(frozen=True)
class ShapedInput:
    """An input and its shape, now and before; null for one of any rank."""

    node: str
    shape: list[int | None] | None
    was: list[int | None] | None


@dataclass(frozen=True)
class SetShapeReport(Displayed):
    """What `set_shape` did.

    Attributes
    ----------
    inputs : list of ShapedInput
    followed : int
        How many nodes had inferred shapes that are others now, or none.
    signatures : list of str
        The keys of the signatures that say other shapes now.
    notes : list of str
    """

    inputs: list[ShapedInput]
    followed: int
    signatures: list[str]
    notes: list[str] = field(default_factory=list)


@model_pass()
def set_shape(model: Model, *, shape: Names | Mapping[str, Any]) -> SetShapeReport:
    """Give inputs another static shape, and let what was known of shapes behind them follow.

    Parameters
    ----------
    model : Model
        Edited in place; of values only small integers are read.
    shape : str or sequence of str, or mapping of str to shape
        INPUT=1,224,224,3, with ? for a size that is left open; [] is a scalar's, unknown is any. (A mapping holds texts
        or lists, with None for a size that is left open.)

    Raises
    ------
    NotFoundError
        There is no such input; near names are in the error.
    PassError
        Something behind an input does not go with the shape; all such nodes are listed.
    """
    shapes = given_shapes(model, shape, _OPERATION)
    if not shapes:
        raise PassError(_OPERATION, "no inputs are named", hint='give `shape="x=1,224,224,3"`', is_usage=True)
    index = Index(model.graph)
    changed = successors(index, shapes, by_data=True) | shapes.keys()
    functions = model.library.functions
    before = ShapeInference(index, functions, {}, lambda name: name not in changed)
    after = ShapeInference(index, functions, shapes, lambda name: name not in changed)
    _refuse(before, after)
    reached = called_functions([index.producers[name] for name in changed], model.library)
    rows = [ShapedInput(name, _listed(dims), _listed(_declared(model.graph[name]))) for name, dims in shapes.items()]
    followed = _update_nodes(model, shapes, after, changed)
    followed += sum(_forget_in_body(model, name) for name in reached)
    signatures = list(update_signatures(model.meta, after, changed))
    notes = [f"nobody knows what {name!r} reshapes to a constant size" for name in unclear(after.reshapes, changed)]
    if reached and kept_exports(model):
        notes.append("the functions that tf.saved_model.load makes of the objects still take the old shapes only")
    elif reached and drop_objects(model):
        notes.append("the object graph is gone: its functions take the old shapes only")
    return SetShapeReport(rows, followed, signatures, notes)


def _declared(node: Node) -> Told:
    shape = attr_of(node, "shape")
    return shape.dims if isinstance(shape, Shape) else None


def _listed(dims: Told) -> list[int | None] | None:
    return None if dims is None else list(dims)


def _refuse(before: ShapeInference, after: ShapeInference) -> None:
    """Refuse shapes with which the graph does not run, or computes something else."""
    known = {each.node for each in before.conflicts}
    mixed = list(outdated(before.reshapes, after.reshapes))
    known |= {each.node for each in mixed}
    found = [*mixed, *(each for each in after.conflicts if each.node not in known)]
    if found:
        listed = [f"{each.node}: {each.reason}" for each in found]
        hint = "dense_to_conv makes convolutions of fully connected layers, which take any size" if mixed else None
        reason = f"what stands behind does not go with it: {some_of(listed, _MAX_LISTED, '; ')}"
        raise PassError(_OPERATION, reason, hint=hint, listed=listed)


def _update_nodes(model: Model, shapes: Mapping[str, Told], after: ShapeInference, changed: set[str]) -> int:
    edit = GraphEdit(model.graph)
    count = 0
    for name in [node.name for node in model.graph if node.name in changed]:
        node = model.graph[name]
        if name in shapes:
            edit.edit(node).attrs["shape"] = Shape(shapes[name])
        if INFERRED in node.attrs:
            count += 1
            update_inferred(edit.edit(node), after.outputs(name))
        forget_declared(edit, node)
    edit.apply()
    return count


def _forget_in_body(model: Model, name: str) -> int:
    """Drop what was inferred in a function that is given other shapes now; return of how many nodes."""
    function = model.library.functions[name]
    edit = GraphEdit(function.body)
    count = 0
    for node in list(function.body):
        if INFERRED in node.attrs:
            del edit.edit(node).attrs[INFERRED]
            count += 1
        forget_declared(edit, node)
    edit.apply()
    for attrs in function.proto.arg_attr.values():
        if INFERRED in attrs.attr:
            del attrs.attr[INFERRED]
            count += 1
    return count
