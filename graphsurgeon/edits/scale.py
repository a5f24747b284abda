"""Multiply values by a factor, and add an offset.

For: inputs that are in [0, 1] and no more in [0, 255], weights that were repeated along an axis.

Leaves behind: tensors of the same dtypes and shapes, computed in their own dtype as TensorFlow does.
"""

from __future__ import annotations

from graphsurgeon.edits._values import asks_for, value_edit
from graphsurgeon.tensors.elementwise import ScaledTensor
from graphsurgeon.tensors.scalars import scalar
from graphsurgeon.tensors.tensor import Tensor


@asks_for("factor", "offset", hint="give `factor` or `offset`")
@value_edit
def scale(tensor: Tensor, *, factor: str | float | None = None, offset: str | float | None = None) -> Tensor:
    """Multiply values by a factor, and add an offset.

    Parameters
    ----------
    factor : str or number
        What to multiply by.
    offset : str or number
        What to add after that.

    Raises
    ------
    UnsupportedError
        Nothing is asked for, a tensor has no numbers, or its dtype not that one.
    """
    return ScaledTensor(tensor, *(None if each is None else scalar(each, tensor.dtype) for each in (factor, offset)))
