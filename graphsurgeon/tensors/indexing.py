"""numpy's basic indexing of tensors: ``tensor[2:5, ..., -1]`` is a lazy tensor of that part.

=============== ==================================================================
an integer      one index; its axis is gone from the part's shape
``2:5:-1``      a range with a step, cut off at the tensor's ends
``...``         all of as many axes as are not spoken of
``None``        a new axis of length 1
=============== ==================================================================

Lists, arrays and bools, which choose any elements, are for arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from graphsurgeon.tensors.rearranged import ReversedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor


def part_of(tensor: Tensor, index: Any) -> Tensor:
    """Return a part of a tensor, lazy; the tensor itself for all of it. Errors as `Tensor.__getitem__`."""
    ranges, shape = _parsed(tensor, index if isinstance(index, tuple) else (index,))
    return along(tensor, ranges, shape, checked=False)


def along(tensor: Tensor, ranges: Sequence[range], shape: Sequence[int], *, checked: bool) -> Tensor:
    """Return the elements whose indices are in a range along every axis.

    Parameters
    ----------
    tensor : Tensor
    ranges : sequence of range
        One for each axis, within it, going up or down.
    shape : sequence of int
        Of the part, when not the lengths: of as many elements.
    checked : bool
        As of `SlicedTensor`.
    """
    upwards = [indices if indices.step > 0 else indices[::-1] for indices in ranges]
    downwards = [axis for axis, indices in enumerate(ranges) if indices.step < 0]
    if all(indices == range(dim) for indices, dim in zip(upwards, tensor.shape, strict=True)):
        result = tensor
    elif isinstance(tensor, SlicedTensor) and not checked:
        result = tensor.narrowed(upwards, None if downwards else shape)
    else:
        result = SlicedTensor(tensor, upwards, shape=None if downwards else shape, checked=checked)
    if downwards:
        result = ReversedTensor(result, downwards)
    return result if result.shape == tuple(shape) else ReshapedTensor(result, shape)


def _parsed(tensor: Tensor, items: tuple[Any, ...]) -> tuple[list[range], list[int]]:
    """Return the indices along every axis, and the shape of that part."""
    dims = list(tensor.shape)
    num_missing = len(dims) - sum(item is not None and item is not Ellipsis for item in items)
    if num_missing < 0 or sum(item is Ellipsis for item in items) > 1:
        raise _no_part(tensor, items, "it has no more axes than its shape, and dots stand once")
    if not any(item is Ellipsis for item in items):
        items += (Ellipsis,)
    ranges: list[range] = []
    shape: list[int] = []
    for item in items:
        if item is None:
            shape.append(1)
            continue
        for one in [slice(None)] * num_missing if item is Ellipsis else [item]:
            dim = dims[len(ranges)]
            ranges.append(_indices(tensor, one, dim, items))
            if isinstance(one, slice):
                shape.append(len(ranges[-1]))
    return ranges, shape


def _indices(tensor: Tensor, item: Any, dim: int, items: tuple[Any, ...]) -> range:
    if isinstance(item, slice):
        return range(*item.indices(dim))
    # To Python, True is the number 1; to numpy it is a mask.
    if isinstance(item, bool) or not hasattr(item, "__index__") or bool(getattr(item, "shape", None)):
        kind = type(item).__name__
        raise TypeError(
            f"a tensor is indexed by integers, slices, ... and None, not by a {kind}: tensor.numpy()[...] takes others"
        )
    position = operator.index(item)
    if not -dim <= position < dim:
        raise _no_part(tensor, items, f"index {position} is not on an axis of length {dim}")
    return range(position % dim, position % dim + 1)


def _no_part(tensor: Tensor, items: tuple[Any, ...], reason: str) -> IndexError:
    written = ", ".join("..." if item is Ellipsis else _spelled(item) for item in items)
    return IndexError(f"no part [{written}] of a tensor of shape {list(tensor.shape)}: {reason}")


def _spelled(item: Any) -> str:
    if not isinstance(item, slice):
        return str(item)
    bounds = ("" if end is None else str(end) for end in (item.start, item.stop))
    return ":".join(bounds) + ("" if item.step is None else f":{item.step}")
