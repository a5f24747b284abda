"""Reshaping: tensors with another shape over the same values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphsurgeon.tensors.tensor import Stored, Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES, Span


class ReshapedTensor(Tensor):
    """A tensor with another shape: the same bytes in the same place, so nothing is rewritten for it.

    Parameters
    ----------
    base : Tensor
        Of any dtype.
    shape : sequence of int
        Of as many elements; one dimension may be -1, which makes it what the others leave.

    Raises
    ------
    UnsupportedError
        The numbers of elements differ.
    """

    __slots__ = ("_base",)

    def __init__(self, base: Tensor, shape: Sequence[int]) -> None:
        super().__init__(base.dtype, _completed(base, shape))
        self._base = base

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor whose values these are."""
        return (self._base,)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self._base.nbytes

    @property
    def span(self) -> Span | None:
        """Those of the base."""
        return self._base.span

    @property
    def stored(self) -> Stored | None:
        """Where the base is stored."""
        return self._base.stored

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the base's values."""
        return self._base.chunks(nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the base's elements."""
        return self._base.strings()


def _completed(base: Tensor, shape: Sequence[int]) -> list[int]:
    """Return the shape without its -1."""
    known = math.prod(dim for dim in shape if dim != -1)
    dims = [base.size // known if dim == -1 and known else dim for dim in shape]
    if min(dims, default=0) < 0 or list(shape).count(-1) > 1 or math.prod(dims) != base.size:
        found = f"{list(base.shape)} has {base.size:,} elements"
        raise UnsupportedError(f"{found}, shape {list(shape)} has another number of them")
    return dims
