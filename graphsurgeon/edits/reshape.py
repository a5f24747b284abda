"""Give tensors another shape over the same values.

For: a fully connected layer that became a convolution, or the other way: [7, 7, 512, 4096] is [25088, 4096].

Leaves behind: the values where they are, so nothing is rewritten. Another order of the values takes a recipe that
reshapes, transposes and reshapes again.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.checkpoint_edit import Remarks, checkpoint_edit
from graphsurgeon.tensor import Tensor
from graphsurgeon.transforms.reshaped import ReshapedTensor
from graphsurgeon.value_edit import change, targets


@checkpoint_edit
def reshape(
    tensors: MutableMapping[str, Tensor],
    *,
    shape: tuple[int, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
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

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor has another number of elements.
    """
    change("reshape", tensors, targets(tensors, select, exclude), lambda _, base: ReshapedTensor(base, shape))
    return Remarks()
