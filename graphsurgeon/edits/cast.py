"""Cast values to another dtype.

For: half the bytes for a model that is served in float16 or bfloat16; a float64 experiment for a float32 graph.

Leaves behind: tensors of the new dtype, rounded as TensorFlow rounds. A value that has no place in the new dtype is an
error that tells where, unless values are to be clamped. Without patterns only floating-point tensors are cast to
floating-point dtypes, integers to integers and complex numbers to complex ones, so that step counters stay as they are.
The constants of a frozen graph are cast back where they are read: the graph computes in the dtypes that it did.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, refuse_unfit, targets
from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.names import Names
from graphsurgeon.rewrites.editing.constant_values import is_frozen
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import has_values
from graphsurgeon.tensors.selection import Skipped
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def cast(
    tensors: MutableMapping[str, Tensor],
    *,
    dtype: str | Any,
    select: Names = (),
    exclude: Names = (),
    saturate: bool = False,
    model: Model | None = None,
) -> Remarks:
    """Cast values to another dtype.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place; values are cast, and checked, when they are read.
    dtype : str, or dtype of numpy, ml_dtypes or TensorFlow
        What to cast to: float16, bfloat16, int8 ...
    select : str or sequence of str
        Patterns of what to cast: names, or regular expressions that match the whole name. All tensors of the same kind
        of numbers by default.
    exclude : str or sequence of str
        Patterns of what not to cast.
    saturate : bool
        Clamp values to the range of the dtype. Otherwise one out of range is an error.
    model : Model
        The graph beside the tensors. In a frozen one, single numbers are cast only when they are selected.

    Raises
    ------
    NotFoundError
        A pattern matches nothing, or there is no such dtype.
    PassError
        A dtype cannot be cast, as that of what `select` names; while values are read: one is out of range.
    """
    wanted = DType.from_name(dtype).base
    if not has_values(wanted):
        raise PassError("cast", f"elements of dtype {wanted.name} are no numbers to cast to")
    chosen, skipped = [], []
    # An epsilon of 1e-12 would be 0.
    are_constants = model is not None and is_frozen(model)
    for name in targets(tensors, select, exclude):
        held = tensors[name].dtype
        if held is wanted:
            continue
        if not has_values(held):
            skipped.append(Skipped(name, f"of dtype {held.name}, which is no numbers"))
        elif not select and are_constants and tensors[name].size == 1:
            skipped.append(Skipped(name, "a single number; `select` it to cast it"))
        elif not select and not _is_alike(held, wanted):
            skipped.append(Skipped(name, f"of dtype {held.name}; `select` it to cast it"))
        else:
            chosen.append(name)
    refuse_unfit("cast", skipped, select, chosen)
    change("cast", tensors, chosen, lambda name, base: CastTensor(base, wanted, name=name, saturate=saturate))
    return Remarks(skipped)


def _is_alike(a: DType, b: DType) -> bool:
    return (a.is_floating and b.is_floating) or (a.is_integer and b.is_integer) or (a.is_complex and b.is_complex)
