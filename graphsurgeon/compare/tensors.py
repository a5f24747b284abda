"""Diff of two sets of named tensors: checkpoints, or the variables of models."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from graphsurgeon.compare.report import TensorDiff, TensorRow, TensorsDiff
from graphsurgeon.compare.values import Tolerance, diff_read, diff_values
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import is_same_kind, read_small_pairs
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.neighbours import MAX_NEIGHBOURS
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
    names = sorted(a)
    both = [name for name in names if name in b]
    missing = [_row(name, a[name]) for name in names if name not in b] if len(both) < len(a) else []
    extra = [_row(name, b[name]) for name in sorted(b) if name not in a] if len(both) < len(b) else []
    changed, not_compared, num_equal = [], [], 0
    expect_reading(side[name] for side in (a, b) for name in both if is_same_kind(a[name], b[name]))
    for name, x, y, values_read in _pairs(a, b, both):
        values = None
        is_same: bool | None = False
        if values_read is not None:
            values = diff_read(x.dtype, x.shape, values_read, tolerance)
            is_same = values is None
        elif is_same_kind(x, y):
            meter.at(name)
            if has_values(x) and has_values(y):
                values = diff_values(x, y, tolerance)
                is_same = values is None
            else:
                is_same = _same_encoding(x, y)
        if is_same is None:
            not_compared.append(name)
        elif is_same:
            num_equal += 1
        else:
            changed.append(TensorDiff(name, x.dtype.name, y.dtype.name, list(x.shape), list(y.shape), values))
    return TensorsDiff(missing, extra, changed, not_compared, num_equal)


def _pairs(
    a: Mapping[str, Tensor], b: Mapping[str, Tensor], names: Sequence[str]
) -> Iterator[tuple[str, Tensor, Tensor, tuple[bytes, bytes] | None]]:
    """Yield what both sides have under each name, and the values of both where these are small and were read."""
    for first in range(0, len(names), MAX_NEIGHBOURS):
        some = names[first : first + MAX_NEIGHBOURS]
        pairs = [(a[name], b[name]) for name in some]
        meter.at(some[0])
        for name, (x, y), values_read in zip(some, pairs, read_small_pairs(pairs), strict=True):
            yield name, x, y, values_read


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
