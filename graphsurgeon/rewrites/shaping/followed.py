"""What was written down of inferred shapes, brought in step with those that hold now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.meta_graph.references import tensor_names
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils import schema

#: The attr that holds the inferred shapes of a node's outputs.
INFERRED = "_output_shapes"


def update_inferred(node: Node, outputs: Any) -> None:
    """Let inferred shapes be those that are known now, and go where none is."""
    number = len(node.attrs[INFERRED])
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
