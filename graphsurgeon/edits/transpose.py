"""Put the axes of tensors in another order.

For: weights of another framework, whose convolutions are [out, in, height, width]; a dense layer stored the other way.

Leaves behind: the tensors with other shapes; a graph that wants the old ones does not go along.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, targets
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def transpose(
    tensors: MutableMapping[str, Tensor],
    *,
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    perm: tuple[int, ...] = (),
) -> Remarks:
    """Put the axes of tensors in another order.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : tuple of str
        Patterns of what to transpose: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.
    perm : tuple of int
        Which axis of the old tensor each axis of the new one is; the axes in reverse by default.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor does not have these axes.
    """

    def transposed(_name: str, base: Tensor) -> Tensor:
        rank = len(base.shape)
        return TransposedTensor(base, [axis_of(axis, rank) for axis in perm] if perm else range(rank)[::-1])

    change("transpose", tensors, targets(tensors, select, exclude), transposed)
    return Remarks()
