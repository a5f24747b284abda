"""Turn tensors around along axes.

For: a first convolution that was trained on BGR images and is to be fed RGB: its input channels are axis 2.

Leaves behind: tensors of the same shapes.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, targets
from graphsurgeon.tensors.rearranged import ReversedTensor
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def reverse(
    tensors: MutableMapping[str, Tensor],
    *,
    axis: tuple[int, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
) -> Remarks:
    """Turn tensors around along axes.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    axis : tuple of int
        Which axes; negative ones count from the end.
    select : tuple of str
        Patterns of what to reverse: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor does not have these axes.
    """

    def turned(_name: str, base: Tensor) -> Tensor:
        return ReversedTensor(base, [axis_of(each, len(base.shape)) for each in axis])

    change("reverse", tensors, targets(tensors, select, exclude), turned)
    return Remarks()
