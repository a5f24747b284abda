"""Tensors that are plain values: behind each of them a node may be put that reads it, and is read in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from graphsurgeon.errors import PassError
from graphsurgeon.ir.frames import NEXT_ITERATION_OPS
from graphsurgeon.ir.model import Model
from graphsurgeon.names import some_of
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenTensor, choose_tensor
from graphsurgeon.rewrites.editing.rewiring import as_refusal
from graphsurgeon.tensors.dtypes import RESOURCE

_LOOP_OPS: Final = NEXT_ITERATION_OPS | {"LoopCond"}


def require_plain(at: ChosenTensor, operation: str) -> None:
    """Require that a tensor is a value, and not the way by which a variable is changed or a loop goes round."""
    node, dtype = at.tensor.node, at.tensor.dtype
    if dtype is not None and (dtype.is_ref or dtype.base is RESOURCE):
        what = "a reference to a variable" if dtype.is_ref else "the handle of a resource"
        readers = [reader.name for reader in at.tensor.consumers()]
        hint = f"{operation} behind what reads it: {some_of(readers)}" if readers else None
        raise PassError(operation, f"is {what}, not a value", node=at.name, hint=hint)
    if node is not None and node.op in _LOOP_OPS:
        raise PassError(operation, f"op {node.op} makes a loop go round, which needs it as it is", node=at.name)


def not_plain(model: Model, names: Iterable[str], operation: str) -> dict[str, str]:
    """Return those of the tensors of these names that are no plain values, and why."""
    found = {}
    for name in names:
        try:
            with as_refusal(operation):
                require_plain(choose_tensor(model, name, operation), operation)
        except PassError as error:
            found[name] = error.reason
    return found
