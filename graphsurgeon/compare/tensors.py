"""Diff of two sets of named tensors: checkpoints, or the variables of models."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from graphsurgeon.compare.report import TensorDiff, TensorRow, TensorsDiff
from graphsurgeon.compare.values import Tolerance, diff_values
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import is_same_kind
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor
from graphsurgeon.variables.checkpoint_keys import SavedAs, saved_keys, variable_nodes
from proto_utils import meter


def diff_tensors(a: Mapping[str, Tensor], b: Mapping[str, Tensor], tolerance: Tolerance | None = None) -> TensorsDiff:
    """Compare tensors of one name with each other, sorted by name.

    What both have in one dtype and shape is read once from front to back, a piece of each at a time: memory stays flat,
    and checksums are verified. Equal checksums are not taken for equal values: 32 bits prove nothing, and reading costs
    no more than a look at memory. CorruptionError or NotFoundError when values cannot be read.
    """
    missing = [_row(name, a[name]) for name in sorted(a) if name not in b]
    extra = [_row(name, b[name]) for name in sorted(b) if name not in a]
    changed, not_compared, num_equal = [], [], 0
    expect_reading(side[name] for side in (a, b) for name in a if name in b and is_same_kind(a[name], b[name]))
    for name in sorted(a):
        if name not in b:
            continue
        x, y = a[name], b[name]
        values = None
        meter.at(name)
        if is_same_kind(x, y):
            if not (has_values(x) and has_values(y)):
                is_same = _same_encoding(x, y)
                if is_same is None:
                    not_compared.append(name)
                    continue
            else:
                values = diff_values(x, y, tolerance)
                is_same = values is None
            num_equal += is_same
        else:
            is_same = False
        if not is_same:
            changed.append(TensorDiff(name, x.dtype.name, y.dtype.name, list(x.shape), list(y.shape), values))
    return TensorsDiff(missing, extra, changed, not_compared, num_equal)


def has_values(tensor: Tensor) -> bool:
    """Whether a tensor has values that can be read outside a session."""
    return not isinstance(tensor, OpaqueTensor) and (tensor.dtype.itemsize > 0 or tensor.dtype is dtypes.STRING)


def _same_encoding(a: Tensor, b: Tensor) -> bool | None:
    """Whether checkpoints hold two variants as the same bytes; None of what is in none."""
    if a.stored is None or b.stored is None:
        return None
    return _digest(a) == _digest(b)


def _digest(tensor: Tensor) -> bytes:
    digest = hashlib.blake2b()
    for chunk in tensor.encoded():
        digest.update(chunk)
    return digest.digest()


def tensors_of(model: Model, others: Mapping[str, Tensor]) -> tuple[Mapping[str, Tensor], list[str]]:
    """Return what a model without values of variables has to hold against a checkpoint, and notes on it.

    These are its variables by checkpoint key, with dtype and shape and no values, and the constants that have the name
    of a tensor in `others`, the checkpoint.
    """
    saved = saved_keys(model, Index(model.graph))
    tensors: dict[str, Tensor] = {}
    for node in variable_nodes(model.graph):
        place = saved.get(node.name, SavedAs(node.name))
        shape = node.attrs.get("shape", Shape(None)).dims
        if place.box is not None or shape is None or None in shape:
            shape = others[place.key].shape if place.key in others else ()
        tensors[place.key] = OpaqueTensor(node.attrs["dtype"], shape)
    notes = ["one side has no values of its variables: only their dtypes and shapes were compared"] if tensors else []
    constants = {
        n.name: n.tensor for n in model.graph if n.op == "Const" and n.name in others and n.name not in tensors
    }
    if constants:
        notes.append("one side is frozen: its constants were compared with the other's variables of the same name")
    return {**tensors, **constants}, notes


def _row(name: str, tensor: Tensor) -> TensorRow:
    return TensorRow(name, tensor.dtype.name, list(tensor.shape))
