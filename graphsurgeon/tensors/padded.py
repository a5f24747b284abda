"""Constant padding: tensors with a border of one value around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import bands, intersection, shape_of, within
from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype
from graphsurgeon.tensors.tensor import Tensor, array_shape
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np


class PaddedTensor(DerivedTensor):
    """A tensor with elements of one value before and after its own, as ``tf.pad`` with a constant gives.

    Parameters
    ----------
    base : Tensor
    paddings : sequence of (int, int)
        How many before and after, for each axis.
    value : bytes, optional
        The raw element of the border, for a string tensor the string; zero or the empty string by default.

    Raises
    ------
    UnsupportedError
        `paddings` has a negative number or is not one pair for each axis; `value` is of another size.
    """

    __slots__ = ("_box", "_value")

    def __init__(self, base: Tensor, paddings: Sequence[tuple[int, int]], value: bytes | None = None) -> None:
        if len(paddings) != len(base.shape) or any(min(pair) < 0 for pair in paddings):
            raise UnsupportedError(f"paddings {list(paddings)} for shape {list(base.shape)}")
        pairs = list(zip(paddings, base.shape, strict=True))
        super().__init__(base, [before + dim + after for (before, after), dim in pairs])
        self._box = tuple((before, before + dim) for (before, _), dim in pairs)
        self._value = bytes(self.dtype.itemsize) if value is None else value
        if self.dtype is not dtypes.STRING and len(self._value) != self.dtype.itemsize:
            raise UnsupportedError(f"a value of {len(self._value)} bytes in a tensor of {self.dtype.name}")

    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        import numpy as np

        value = np.frombuffer(self._value, raw_dtype(self.dtype.itemsize))
        reader = ElementReader(self._base, nbytes=nbytes)
        for band in bands(self.shape, self.dtype.itemsize, nbytes):
            inner = intersection(band, self._box)
            if inner == band:
                # A view of what was read: no copy.
                yield from raw_chunks(reader.read_box(band), nbytes)
                continue
            result = np.full(array_shape(shape_of(band)), value)
            if inner is not None:
                result[within(inner, band)] = reader.read_box(inner)
            yield from raw_chunks(result, nbytes)
        reader.end()

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        result = np.empty(self.shape, dtype=object)
        result.fill(self._value)
        result[tuple(slice(*bounds) for bounds in self._box)] = elements
        return result
