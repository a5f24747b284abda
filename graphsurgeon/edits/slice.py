"""Keep a part of tensors.

For: the first rows of an embedding, every other channel, a head with fewer classes.

Leaves behind: tensors of that part. Rows stay where they are and are linked; any other part is written anew.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from graphsurgeon.edits._contract import Remarks, checkpoint_edit
from graphsurgeon.edits._values import change, targets
from graphsurgeon.tensors.index_syntax import parse_index
from graphsurgeon.tensors.rearranged import ReversedTensor
from graphsurgeon.tensors.reshaped import ReshapedTensor
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import NotFoundError, UnsupportedError


@checkpoint_edit
def slice(  # noqa: A001 -- TensorFlow's and numpy's word for it
    tensors: MutableMapping[str, Tensor],
    *,
    part: str,
    select: tuple[str, ...],
    exclude: tuple[str, ...] = (),
) -> Remarks:
    """Keep a part of tensors.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Edited in place.
    part : str
        As numpy indexes: "0:10, :" or "..., ::2" or "3"; a single index takes its axis away.
    select : tuple of str
        Patterns of what to slice: names, or regular expressions that match the whole name.
    exclude : tuple of str
        Patterns of what not to.

    Raises
    ------
    NotFoundError
        A pattern matches nothing.
    PassError
        A tensor has no such part.
    """
    change("slice", tensors, targets(tensors, select, exclude), lambda _, base: _part(base, part))
    return Remarks()


def _part(base: Tensor, text: str) -> Tensor:
    try:
        ranges, shape = parse_index(text.strip().removeprefix("[").removesuffix("]"), base.shape)
    except NotFoundError as error:
        raise UnsupportedError(error.message) from None
    upwards = [indices if indices.step > 0 else indices[::-1] for indices in ranges]
    result: Tensor = SlicedTensor(base, upwards)
    downwards = [axis for axis, indices in enumerate(ranges) if indices.step < 0]
    if downwards:
        result = ReversedTensor(result, downwards)
    return result if result.shape == shape else ReshapedTensor(result, shape)
