"""The signature by which a loss is trained, and one for serving where a model has none."""

from __future__ import annotations

from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.serving.signature import make_signature
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from proto_utils import schema

_TRAIN: Final = "train"


def add_loss_signature(model: Model, loss: str, prob: str) -> list[str]:
    """Add the signature ``train`` that gives two nodes, ``loss`` and ``prob``; return notes.

    A model without any signature gets ``serving_default`` too, which gives ``prob``. One that is there stays. A model
    whose inputs could not be told apart by their names gets none.
    """
    meta = model.meta
    if meta is None:
        return []
    notes = []
    served, trained = f"prob={prob}", f"loss={loss}"
    wanted = {} if meta.signature_def else {SERVING_DEFAULT: [served]}
    index = Index(model.graph)
    shapes = NodeShapes(model, index=index)
    for key, outputs in {**wanted, _TRAIN: [trained, served]}.items():
        if key in meta.signature_def:
            notes.append(f"signature {key!r} stays as it is, and says nothing of {loss!r}")
            continue
        signature = _signature(model, index, shapes, outputs)
        if signature is not None:
            meta.signature_def[key].CopyFrom(signature)
            some = some_of(sorted(signature.inputs))
            notes.append(f"signature {key!r} takes {some}, and gives {some_of(sorted(signature.outputs))}")
    return notes


def _signature(model: Model, index: Index, shapes: NodeShapes, outputs: list[str]) -> schema.SignatureDef | None:
    """Make a signature of what outputs need; its inputs are called as those of others are."""
    try:
        made = make_signature(model, index, outputs=outputs, shapes=shapes)
    except PassError:
        # Names of arguments that nobody could tell apart: who serves the model names them.
        return None
    if made is None or model.meta is None:
        return None
    proto = made.to_proto()
    known = {info.name: key for each in model.meta.signature_def.values() for key, info in each.inputs.items()}
    called = {known.get(info.name, key): info for key, info in proto.inputs.items()}
    if len(called) == len(proto.inputs):
        return schema.SignatureDef(method_name=proto.method_name, inputs=called, outputs=proto.outputs)
    return proto
