"""Reshape tensors: another shape over the same values.

For: a fully connected layer that became a convolution, or the other way: [7, 7, 512, 4096] is [25088, 4096].

Leaves behind: the values where they are, so nothing is rewritten. Where other frameworks flatten [512, 7, 7], and
TensorFlow [7, 7, 512], the values have to be put in another order too: that is a transposition on the way, of the
tensor seen in a shape with these axes.
"""

from __future__ import annotations

from graphsurgeon.edits._values import axis_of, value_edit
from graphsurgeon.tensors.rearranged import TransposedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.tensor import Tensor


@value_edit
def reshape(
    tensor: Tensor, *, shape: tuple[int, ...], view: tuple[int, ...] = (), perm: tuple[int, ...] = ()
) -> Tensor:
    """Reshape tensors: another shape over the same values.

    Parameters
    ----------
    shape : tuple of int
        Of as many elements; one dimension may be -1 for what the others leave.
    view : tuple of int
        The shape in which axes are put in another order first, as 512,7,7,4096; the tensor's own by default.
    perm : tuple of int
        That order, as 1,2,0,3; the values keep theirs by default.

    Raises
    ------
    UnsupportedError
        A tensor has another number of elements, or not these axes.
    """
    if perm:
        seen = ReshapedTensor(tensor, view or tensor.shape)
        tensor = TransposedTensor(seen, [axis_of(axis, len(seen.shape)) for axis in perm])
    return ReshapedTensor(tensor, shape)
