"""A signature that trains: what a serving signature gives, with the updates of moving averages, in training mode.

Programs that have a graph by its signatures alone run ``train`` for a step's forward pass::

    train    inputs those of serving, and ``training``; outputs Identities that wait for ``update_op``
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.arguments import SERVING_DEFAULT
from graphsurgeon.meta_graph.dependencies import INIT_SIGNATURE
from graphsurgeon.names import node_of, scope_of, unique_name
from graphsurgeon.rewrites.training.made_nodes import Maker
from graphsurgeon.tensors import dtypes
from proto_utils import schema

TRAIN: Final = "train"


def add_train_signature(model: Model, guards: Iterable[str], update_op: str) -> str:
    """Add a signature for training beside the one that serves, fed the `guards`, too; return its key, if there is one.

    Where there are several, it goes by ``serving_default``. One that was made before gets the guards that are new.
    """
    signatures = {} if model.meta is None else model.meta.signature_def
    guards = [guard for guard in guards if model.graph[guard].op.startswith("Placeholder")]
    if TRAIN in signatures and _is_made(model, signatures[TRAIN], guards, update_op):
        _feed(signatures[TRAIN], guards)
        return ""
    keys = [key for key in sorted(signatures) if key != INIT_SIGNATURE and signatures[key].outputs]
    if model.meta is None or not keys or (len(keys) > 1 and SERVING_DEFAULT not in keys):
        return ""
    base = SERVING_DEFAULT if SERVING_DEFAULT in keys else keys[0]
    made = schema.SignatureDef()
    made.CopyFrom(signatures[base])
    _feed(made, guards)
    make = Maker(model.graph)
    for _, info in sorted(made.outputs.items()):
        if update_op and info.name:
            scope = scope_of(node_of(info.name))
            name = f"{scope}/{TRAIN}" if scope else TRAIN
            info.name = make(name, "Identity", [info.name.removesuffix(":0")], waits=[update_op]) + ":0"
    key = unique_name(TRAIN, {*signatures})
    model.meta.signature_def[key].CopyFrom(made)
    return key


def _is_made(model: Model, signature: schema.SignatureDef, guards: Sequence[str], update_op: str) -> bool:
    """Whether a signature runs the updates, or, where there are none, is fed the guards."""
    if not update_op:
        return bool(guards) and _fed(signature) >= {*guards}
    nodes = [model.graph.get(node_of(info.name)) for info in signature.outputs.values()]
    return bool(nodes) and all(node is not None and f"^{update_op}" in node.inputs for node in nodes)


def _fed(signature: schema.SignatureDef) -> set[str]:
    return {node_of(info.name) for info in signature.inputs.values()}


def _feed(signature: schema.SignatureDef, guards: Iterable[str]) -> None:
    """Let a signature be fed guards, too."""
    for guard in guards:
        if guard not in _fed(signature):
            info = schema.TensorInfo(name=f"{guard}:0", dtype=dtypes.BOOL.number)
            info.tensor_shape.SetInParent()
            signature.inputs[unique_name(guard.rpartition("/")[2], {*signature.inputs})].CopyFrom(info)
