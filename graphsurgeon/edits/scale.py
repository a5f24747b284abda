"""Multiply values by a number, and add one.

For: inputs that are in [0, 1] and no more in [0, 255], weights that were repeated along an axis.

Leaves behind: tensors of the same dtypes and shapes, computed in their own dtype as TensorFlow does.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, targets
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.elementwise import ScaledTensor
from graphsurgeon.tensors.scalars import scalar
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def scale(
    tensors: MutableMapping[str, Tensor],
    *,
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    factor: str | float | None = None,
    offset: str | float | None = None,
) -> Remarks:
    """Multiply values by a number, and add one.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : tuple of str
        Patterns of what to scale: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.
    factor : str or number
        What to multiply by.
    offset : str or number
        What to add after that.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Nothing is asked for, a tensor has no numbers, or its dtype not that one.
    """
    if factor is None and offset is None:
        raise PassError("scale", "nothing is asked for", hint="give `factor` or `offset`", is_usage=True)

    def scaled(_name: str, base: Tensor) -> Tensor:
        operands = [None if number is None else scalar(number, base.dtype) for number in (factor, offset)]
        return ScaledTensor(base, *operands)

    change("scale", tensors, targets(tensors, select, exclude), scaled)
    return Remarks()
