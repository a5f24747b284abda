"""Transpose tensors: permute their axes.

For: weights of another framework, whose convolutions are [out, in, height, width]; a dense layer stored the other way.

Leaves behind: the tensors with other shapes; a graph that wants the old ones does not go along.
"""

from __future__ import annotations

from graphsurgeon.edits._values import axis_of, value_edit
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.tensor import Tensor


@value_edit
def transpose(tensor: Tensor, *, perm: tuple[int, ...] = ()) -> Tensor:
    """Transpose tensors: permute their axes.

    Parameters
    ----------
    perm : tuple of int
        The permutation: the old axis of each new one; the axes in reverse by default.

    Raises
    ------
    UnsupportedError
        A tensor does not have these axes.
    """
    rank = len(tensor.shape)
    return TransposedTensor(tensor, [axis_of(axis, rank) for axis in perm] if perm else range(rank)[::-1])
