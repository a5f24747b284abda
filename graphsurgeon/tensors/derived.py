"""The base class of lazy rearrangements of one tensor: slices, padding, tiling, transposition, reversal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np


class DerivedTensor(Tensor, ABC):
    """Elements of another tensor, in another arrangement.

    A subclass yields raw values in `_raw` and says in `_arranged` what happens to an array.

    Raises
    ------
    UnsupportedError
        The base is a resource or a variant, which have no elements to arrange.
    """

    __slots__ = ("_base",)

    def __init__(self, base: Tensor, shape: Sequence[int]) -> None:
        super().__init__(base.dtype, shape)
        if base.dtype.itemsize == 0 and base.dtype is not dtypes.STRING:
            raise UnsupportedError(f"a tensor of dtype {base.dtype.name} has no elements to arrange")
        self._base = base

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor whose elements these are."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values; the base is read while they are.

        Raises
        ------
        UnsupportedError
            It is a string tensor.
        """
        return super().chunks(nbytes) if self.dtype is dtypes.STRING else self._raw(nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; all of the base's are in memory meanwhile.

        Raises
        ------
        UnsupportedError
            It is not a string tensor.
        """
        if self.dtype is not dtypes.STRING:
            yield from super().strings()
        yield from self._arranged(self._base.numpy()).reshape(-1).tolist()

    @abstractmethod
    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        """Yield the raw values in pieces of about `nbytes`."""

    @abstractmethod
    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Do to an array of the base's elements what is done to the base."""
