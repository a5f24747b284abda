"""Give tensors another shape over the same values.

For: a fully connected layer that became a convolution, or the other way: [7, 7, 512, 4096] is [25088, 4096].

Leaves behind: the values where they are, so nothing is rewritten. Where other frameworks flatten [512, 7, 7], and
TensorFlow [7, 7, 512], the values have to be put in another order too: that is a transposition on the way, of the
tensor seen in a shape with these axes.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import axis_of, change, targets
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def reshape(
    tensors: MutableMapping[str, Tensor],
    *,
    shape: tuple[int, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    view: tuple[int, ...] = (),
    perm: tuple[int, ...] = (),
) -> Remarks:
    """Give tensors another shape over the same values.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    shape : tuple of int
        Of as many elements; one dimension may be -1 for what the others leave.
    select : tuple of str
        Patterns of what to reshape: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.
    view : tuple of int
        The shape in which axes are put in another order first, as 512,7,7,4096; the tensor's own by default.
    perm : tuple of int
        That order, as 1,2,0,3; the values keep theirs by default.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor has another number of elements, or not these axes.
    """

    def reshaped(_name: str, base: Tensor) -> Tensor:
        if perm:
            seen = ReshapedTensor(base, view or base.shape)
            base = TransposedTensor(seen, [axis_of(axis, len(seen.shape)) for axis in perm])
        return ReshapedTensor(base, shape)

    change("reshape", tensors, targets(tensors, select, exclude), reshaped)
    return Remarks()
