"""Slices of partitioned variables, as savers spell them in ``shape_and_slices``.

``"10 4 3,2:-"`` is the whole shape, then ``start,length`` per dimension (``-`` takes all of it), separated by colons.

Source: tensorflow/core/framework/tensor_slice.cc, `ParseShapeAndSlice` in
tensorflow/core/util/saved_tensor_slice_util.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.tensors.boxes import Box
from proto_utils.errors import CorruptionError


def parse_shape_and_slice(spec: str) -> tuple[tuple[int, ...], Box] | None:
    """Parse an element of a saver's ``shape_and_slices``: a shape, and a box that may lie outside of it.

    The empty string, which takes the whole tensor, is None; what is no such text is a CorruptionError.
    """
    if not spec.strip():
        return None
    *dims, parts = spec.split()
    try:
        shape = tuple(int(dim) for dim in dims)
        pairs = [None if part == "-" else tuple(map(int, part.split(","))) for part in parts.split(":")]
        box = tuple(
            (0, dim) if pair is None else (pair[0], pair[0] + pair[1]) for pair, dim in zip(pairs, shape, strict=True)
        )
    except (ValueError, IndexError):
        raise CorruptionError(f"not a shape and slice: {spec!r}") from None
    return shape, box


def format_shape_and_slice(shape: Sequence[int], box: Box) -> str:
    """Return the text of a box of a tensor, every length in numbers: ``"10 4 3,2:0,4"``."""
    return f"{' '.join(map(str, shape))} {':'.join(f'{start},{stop - start}' for start, stop in box)}"
