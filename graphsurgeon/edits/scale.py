"""Multiply values by a factor, and add an offset.

For: inputs that are in [0, 1] and no more in [0, 255], weights that were repeated along an axis.

Leaves behind: tensors of the same dtypes and shapes, computed in their own dtype as TensorFlow does, but for what
overflows there.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import asks_for, change, targets
from graphsurgeon.names import Names
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import ScaledTensor
from graphsurgeon.tensors.scalars import scalar
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError


@asks_for("factor", "offset", hint="give `factor` or `offset`")
@checkpoint_edit
def scale(
    tensors: MutableMapping[str, Tensor],
    *,
    select: Names,
    exclude: Names = (),
    factor: str | float | None = None,
    offset: str | float | None = None,
    saturate: bool = False,
) -> Remarks:
    """Multiply values by a factor, and add an offset.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; values are computed, and checked, when they are read.
    select : str or sequence of str
        Patterns of what to scale: names, or regular expressions that match the whole name.
    exclude : str or sequence of str
        Patterns of what not to.
    factor : str or number
        What to multiply by.
    offset : str or number
        What to add after that.
    saturate : bool
        Clamp results to the range of the dtype. Otherwise one out of range is an error.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        Nothing is asked for, a tensor has no numbers, or its dtype not that one; while values are read: a result is
        out of range.
    """

    def scaled(name: str, base: Tensor) -> Tensor:
        operands = (None if each is None else _operand(each, base.dtype) for each in (factor, offset))
        return ScaledTensor(base, *operands, name=name, saturate=saturate)

    change("scale", tensors, targets(tensors, select, exclude), scaled)
    return Remarks()


def _operand(value: str | float, dtype: DType) -> Tensor:
    """Return a factor or offset, which need not be of the range in which results of integers are to be."""
    is_wide = dtype.is_integer or dtype is dtypes.BOOL
    for wide in (dtypes.INT64, dtypes.UINT64) if is_wide else ():
        try:
            return scalar(value, wide)
        except UnsupportedError:
            continue
    return scalar(value, dtype)
