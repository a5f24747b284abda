"""Repeat tensors along axes.

For: a network for grey images that becomes one for colour; one expert that becomes several.

Leaves behind: larger tensors. Repeated inputs of a layer add up; a recipe can scale its weights too.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, targets
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tiled import tile as tiled


@checkpoint_edit
def tile(
    tensors: MutableMapping[str, Tensor],
    *,
    multiples: tuple[int, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
) -> Remarks:
    """Repeat tensors along axes.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    multiples : tuple of int
        How many times, for each axis.
    select : tuple of str
        Patterns of what to repeat: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor has another number of axes.
    """
    change("tile", tensors, targets(tensors, select, exclude), lambda _, base: tiled(base, multiples))
    return Remarks()
