"""Put a border of one value around tensors.

For: a head with more classes, a vocabulary with more words, a kernel of more channels, which are to start at zero.

Leaves behind: larger tensors, with the old values in their middle.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, targets
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.padded import PaddedTensor
from graphsurgeon.tensors.scalars import raw_scalar
from graphsurgeon.tensors.tensor import Tensor


@checkpoint_edit
def pad(
    tensors: MutableMapping[str, Tensor],
    *,
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
    before: tuple[int, ...] = (),
    after: tuple[int, ...] = (),
    value: str | float | None = None,
) -> Remarks:
    """Put a border of one value around tensors.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    select : tuple of str
        Patterns of what to pad: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.
    before : tuple of int
        How many elements in front, for each axis.
    after : tuple of int
        How many elements behind, for each axis.
    value : str or number
        What to put there; zero, or the empty string, by default.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor has another number of axes, or its dtype no such value.
    """
    if not before and not after:
        raise PassError(
            "pad", "nothing is asked for", hint="give `before` or `after`, one number for each axis", is_usage=True
        )
    counts = [before or (0,) * len(after), after or (0,) * len(before)]

    def padded(_name: str, base: Tensor) -> Tensor:
        element = None if value is None else raw_scalar(value, base.dtype)
        pairs = list(zip(*counts, strict=False)) if len(counts[0]) == len(counts[1]) else []
        return PaddedTensor(base, pairs, element)

    change("pad", tensors, targets(tensors, select, exclude), padded)
    return Remarks()
