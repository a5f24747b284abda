"""Pad tensors with one value.

For: a head with more classes, a vocabulary with more words, a kernel of more channels, which are to start at zero.

Leaves behind: larger tensors, with the old values in their middle.
"""

from __future__ import annotations

from graphsurgeon.edits._values import asks_for, value_edit
from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.scalars import raw_scalar
from graphsurgeon.tensors.tensor import Tensor


@asks_for("before", "after", hint="give `before` or `after`, one number for each axis")
@value_edit
def pad(
    tensor: Tensor,
    *,
    before: tuple[int, ...] = (),
    after: tuple[int, ...] = (),
    value: str | float | None = None,
    saturate: bool = False,
) -> Tensor:
    """Pad tensors with one value.

    Parameters
    ----------
    before : tuple of int
        How many elements in front, for each axis.
    after : tuple of int
        How many elements behind, for each axis.
    value : str or number
        What to put there; zero, or the empty string, by default.
    saturate : bool
        Take the nearest number in range for a value that is out of a tensor's. Otherwise that is an error.

    Raises
    ------
    UnsupportedError
        A tensor has another number of axes, or its dtype no such value.
    """
    element = None if value is None else raw_scalar(value, tensor.dtype, saturate=saturate)
    counts = before or (0,) * len(after), after or (0,) * len(before)
    pairs = list(zip(*counts, strict=False)) if len(counts[0]) == len(counts[1]) else []
    return PaddedTensor(tensor, pairs, element)
