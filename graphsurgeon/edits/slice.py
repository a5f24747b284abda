"""Slice tensors, as numpy indexes.

For: the first rows of an embedding, every other channel, a head with fewer classes.

Leaves behind: tensors of that part. Rows stay where they are and are linked; any other part is written anew.
"""

from __future__ import annotations

from graphsurgeon.edits._values import value_edit
from graphsurgeon.tensors.index_syntax import parse_index
from graphsurgeon.tensors.indexing import along
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import NotFoundError, UnsupportedError


@value_edit
def slice(tensor: Tensor, *, part: str) -> Tensor:  # noqa: A001 -- TensorFlow's and numpy's word for it
    """Slice tensors, as numpy indexes.

    Parameters
    ----------
    part : str
        As numpy indexes: "0:10, :" or "..., ::2" or "3"; a single index takes its axis away.

    Raises
    ------
    UnsupportedError
        A tensor has no such part.
    """
    try:
        ranges, shape = parse_index(part.strip().removeprefix("[").removesuffix("]"), tensor.shape)
    except NotFoundError as error:
        raise UnsupportedError(error.message) from None
    return along(tensor, ranges, shape, checked=True)
