"""Tile tensors: repeat them along axes.

For: a network for grey images that becomes one for colour; one expert that becomes several.

Leaves behind: larger tensors. Repeated inputs of a layer add up; a recipe can scale its weights too.
"""

from __future__ import annotations

from graphsurgeon.edits._values import value_edit
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tiled import tile as tiled


@value_edit
def tile(tensor: Tensor, *, multiples: tuple[int, ...]) -> Tensor:
    """Tile tensors: repeat them along axes.

    Parameters
    ----------
    multiples : tuple of int
        How many times, for each axis.

    Raises
    ------
    UnsupportedError
        A tensor has another number of axes.
    """
    return tiled(tensor, multiples)
