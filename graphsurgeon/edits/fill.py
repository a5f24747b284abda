"""Fill tensors with one value.

For: a step counter back to zero, a bias that is to be learned anew, a tensor that is missing.

Leaves behind: tensors of the same dtypes and shapes; with a shape and a dtype, tensors that were not there too.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import asks_for, change, targets
from graphsurgeon.errors import PassError
from graphsurgeon.names import Names, split_names
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.scalars import raw_scalar
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, StringTensor


@asks_for("select", "add", hint="give `select`, or `add` with `shape` and `dtype`")
@checkpoint_edit
def fill(
    tensors: MutableMapping[str, Tensor],
    *,
    value: str | float,
    select: Names = (),
    exclude: Names = (),
    add: Names = (),
    shape: tuple[int, ...] = (),
    dtype: str | Any = "float32",
    saturate: bool = False,
) -> Remarks:
    """Fill tensors with one value.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; no value is read.
    value : str or number
        What to set them to.
    select : str or sequence of str
        Patterns of what to fill: names, or regular expressions that match the whole name.
    exclude : str or sequence of str
        Patterns of what not to.
    add : str or sequence of str
        Names of tensors to add.
    shape : tuple of int
        Of the tensors to add; scalars by default.
    dtype : str, or dtype of numpy, ml_dtypes or TensorFlow
        Of the tensors to add.
    saturate : bool
        Take the nearest number in range for a value that is out of a tensor's. Otherwise that is an error.

    Raises
    ------
    NotFoundError
        A pattern matches nothing, or there is no such dtype.
    PassError
        Nothing is asked for, a tensor to add is there, its shape is negative, or a dtype has no such value.
    """
    add = tuple(split_names(add))
    there = [name for name in add if name in tensors]
    if there:
        raise PassError(
            "fill", f"to be added, but there already: {', '.join(there)}", hint="`select` fills what is there"
        )
    chosen = targets(tensors, select, exclude) if select else []
    kind = DType.from_name(dtype).base
    if add and not (kind.itemsize or kind is dtypes.STRING):
        raise PassError("fill", f"a tensor of dtype {kind.name} has no values to set")
    if min(shape, default=0) < 0:
        raise PassError("fill", f"no tensor has the shape {list(shape)}", is_usage=True)
    made = {name: FillTensor(kind, shape) if kind.itemsize else StringTensor(shape, []) for name in add}

    def filled(_name: str, base: Tensor) -> Tensor:
        element = raw_scalar(value, base.dtype, saturate=saturate)
        if base.dtype is dtypes.STRING:
            return StringTensor(base.shape, [element])
        return FillTensor(base.dtype, base.shape, element)

    tensors.update(made)
    change("fill", tensors, [*chosen, *add], filled)
    return Remarks()
