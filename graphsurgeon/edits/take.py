"""Take elements of tensors at some indices along an axis, in another order if wanted.

For: the gates of recurrent cells, which libraries keep in different orders: the kernel of an LSTM of Keras (i, f, c, o)
as that of another's (i, c, f, o) is ``indices=(0, 2, 1, 3), blocks=4, axis=-1``; classes or words in another order.

Leaves behind: tensors with as many elements along that axis as there are indices.
"""

from __future__ import annotations

from graphsurgeon.edits._values import axis_of, value_edit
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.taken import TakenTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError


@value_edit
def take(tensor: Tensor, *, indices: tuple[int, ...], axis: int = 0, blocks: int | None = None) -> Tensor:
    """Take elements of tensors at some indices along an axis, in another order if wanted.

    Parameters
    ----------
    indices : tuple of int
        Which ones, in their new order; negative ones count from the end.
    axis : int
        Along which axis; a negative one counts from the end.
    blocks : int
        Divide the axis into so many parts of equal length, which the indices then count: 4 of an LSTM's gates.

    Raises
    ------
    UnsupportedError
        A tensor has no such axis or index, or its axis does not divide so.
    """
    number = axis_of(axis, len(tensor.shape))
    length = tensor.shape[number]
    count = length if blocks is None else blocks
    if blocks is not None and (blocks < 1 or length % blocks):
        raise UnsupportedError(f"axis {axis} of shape {list(tensor.shape)} does not divide into {blocks} blocks")
    beyond = [index for index in indices if not -count <= index < count]
    if beyond or not indices:
        found = f"no index {beyond[0]}" if beyond else "no indices"
        raise UnsupportedError(f"{found} among {count} along axis {axis} of shape {list(tensor.shape)}")
    width = length // count if count else 0
    if not tensor.size:
        # An axis beside one of length 0 may be of any length.
        shape = list(tensor.shape)
        shape[number] = len(indices) * width
        return ReshapedTensor(tensor, shape)
    chosen = [index % count * width + offset for index in indices for offset in range(width)]
    return TakenTensor(tensor, chosen, number)
