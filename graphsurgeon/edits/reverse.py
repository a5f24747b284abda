"""Reverse the elements of tensors along axes.

For: a first convolution that was trained on BGR images and is to be fed RGB: its input channels are axis 2.

Leaves behind: tensors of the same shapes.
"""

from __future__ import annotations

from graphsurgeon.edits._values import axis_of, value_edit
from graphsurgeon.tensors.rearranged import ReversedTensor
from graphsurgeon.tensors.tensor import Tensor


@value_edit
def reverse(tensor: Tensor, *, axis: tuple[int, ...]) -> Tensor:
    """Reverse the elements of tensors along axes.

    Parameters
    ----------
    axis : tuple of int
        Which axes; negative ones count from the end.

    Raises
    ------
    UnsupportedError
        A tensor does not have these axes.
    """
    return ReversedTensor(tensor, [axis_of(each, len(tensor.shape)) for each in axis])
