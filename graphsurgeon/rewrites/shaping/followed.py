"""What was written down of inferred shapes, brought in step with those that hold now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_attr
from graphsurgeon.ir.traversal import successors
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

#: The attr that holds the inferred shapes of a node's outputs.
INFERRED = "_output_shapes"
_MAX_LISTED = 10


def update_inferred(node: Node, outputs: Any) -> None:
    """Let inferred shapes be those that are known now, and go where none is."""
    noted = node.attrs[INFERRED]
    number = len(noted) if isinstance(noted, list) else 0
    found = [Shape(outputs[i] if i < len(outputs) else None) for i in range(number)]
    if any(each.dims is not None for each in found):
        node.attrs[INFERRED] = found
    else:
        del node.attrs[INFERRED]


def update_signatures(meta: schema.MetaGraphDef | None, after: ShapeInference, changed: set[str]) -> Iterator[str]:
    """Let signatures say the new shapes of what is among the changed nodes."""
    signatures = {} if meta is None else meta.signature_def
    for key in sorted(signatures):
        infos = [*signatures[key].inputs.values(), *signatures[key].outputs.values()]
        is_other = False
        for info in infos:
            (text, *more) = tensor_names(info)
            node, _, output = text.partition(":")
            if more or node not in changed:
                continue
            dims = after.dims(node if output in ("", "0") else text)
            now = Shape(dims).to_proto()
            is_other |= now != info.tensor_shape
            info.tensor_shape.CopyFrom(now)
        if is_other:
            yield key


def forget_declared(edit: GraphEdit, node: Node) -> None:
    """Drop the shapes that conditions and loops declare of what they return."""
    if node.op in ("If", "StatelessIf", "Case", "StatelessCase", "While", "StatelessWhile") and node.attrs.get(
        "output_shapes"
    ):
        edit.edit(node).attrs["output_shapes"] = []


class FollowedShapes(NamedTuple):
    """Nodes whose inferred shapes were looked at anew, and signatures that tell other shapes now."""

    nodes: list[str]
    signatures: list[str]


def mismatches(model: Model) -> set[str]:
    """Return the nodes at which shapes do not go together, as far as that can be told."""
    inference = ShapeInference(Index(model.graph), model.library.functions, {})
    return {each.node for each in inference.conflicts}


def follow_shapes(model: Model, names: Iterable[str], known: Collection[str], operation: str) -> FollowedShapes:
    """Let all that is noted of shapes follow nodes of the graph that give other ones now.

    Shapes that do not go together, but where they are `known` not to, are a PassError.
    """
    index = Index(model.graph)
    changed = {*names, *successors(index, names, by_data=True)}
    after = ShapeInference(index, model.library.functions, {}, lambda name: name not in changed)
    found = [f"{each.node}: {each.reason}" for each in after.conflicts if each.node not in known]
    if found:
        reason = f"what stands behind does not go with it: {some_of(found, _MAX_LISTED, '; ')}"
        raise PassError(operation, reason, listed=found)
    edit = GraphEdit(model.graph)
    noted = [node for node, _ in with_attr(model.graph, INFERRED) if node.name in changed]
    for node in noted:
        update_inferred(edit.edit(node), after.outputs(node.name))
    for name in changed:
        if name in index.producers:
            forget_declared(edit, index.producers[name])
    edit.apply()
    return FollowedShapes([node.name for node in noted], list(update_signatures(model.meta, after, changed)))
