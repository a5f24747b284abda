"""Elementwise arithmetic: tensors computed from others of the same shape.

Everything is computed in the tensor's own dtype, as TensorFlow's kernels do: float16, bfloat16 and float8 by way of
float32, rounded after each operation. Integers wrap around. Quotients of complex numbers may differ from TensorFlow's
in the last bit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

Operation = Literal["add", "subtract", "multiply", "divide"]


class ElementwiseTensor(Tensor, ABC):
    """A function of the elements that have one place in all of the bases.

    Parameters
    ----------
    bases : sequence of Tensor
        At least one; of one shape.
    dtype : DType
        Of the result.

    Raises
    ------
    UnsupportedError
        The shapes differ, or the elements of a base are no numbers.
    """

    __slots__ = ("_bases",)

    def __init__(self, bases: Sequence[Tensor], dtype: DType) -> None:
        super().__init__(dtype, bases[0].shape)
        for base in bases:
            if not has_values(base.dtype):
                raise UnsupportedError(f"elements of dtype {base.dtype.name} are no numbers")
            if base.shape != self.shape:
                raise UnsupportedError(f"shapes {list(self.shape)} and {list(base.shape)} differ")
        self._bases = tuple(bases)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the computed values; each base is read once meanwhile."""
        import numpy as np

        readers = [ElementReader(base, base.dtype.numpy(), nbytes) for base in self._bases]
        step = nbytes // max(self.dtype.itemsize, *(base.dtype.itemsize for base in self._bases))
        for first in range(0, self.size, step):
            pieces = [reader.read(min(step, self.size - first)) for reader in readers]
            # What is computed may overflow or divide by zero: then it is infinite or not a number, as in TensorFlow.
            with np.errstate(all="ignore"):
                result = self._compute(first, pieces)
            yield np.ascontiguousarray(result).view(np.uint8).data
        for reader in readers:
            reader.end()

    @abstractmethod
    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]], /) -> np.ndarray[Any, Any]:
        """Return the result for one flat piece of every base, which begins at the element `first`."""


class ScaledTensor(ElementwiseTensor):
    """``scale * x + offset``.

    Parameters
    ----------
    base : Tensor
    scale, offset : Tensor or None
        Scalars of the base's dtype; None leaves that operation out.
    """

    __slots__ = ("_offset", "_scale")

    def __init__(self, base: Tensor, scale: Tensor | None = None, offset: Tensor | None = None) -> None:
        super().__init__([base], base.dtype)
        _refuse_bool(base.dtype)
        self._scale = scale
        self._offset = offset

    def _compute(self, _first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        (result,) = pieces
        if self._scale is not None:
            result = computed(np.multiply, result, self._scale.numpy())
        if self._offset is not None:
            result = computed(np.add, result, self._offset.numpy())
        return result


class CombinedTensor(ElementwiseTensor):
    """The sum, difference, product or quotient of two tensors.

    Parameters
    ----------
    operation : {"add", "subtract", "multiply", "divide"}
    left, right : Tensor
        Of one dtype and shape.

    Raises
    ------
    UnsupportedError
        Their dtypes or shapes differ, they are no numbers, or integers are to be divided.
    """

    __slots__ = ("_operation",)

    def __init__(self, operation: Operation, left: Tensor, right: Tensor) -> None:
        super().__init__([left, right], left.dtype)
        _refuse_bool(left.dtype)
        if left.dtype is not right.dtype:
            raise UnsupportedError(f"dtypes {left.dtype.name} and {right.dtype.name} differ")
        if operation == "divide" and left.dtype.is_integer:
            raise UnsupportedError(f"the quotient of {left.dtype.name} numbers is none")
        self._operation = operation

    def _compute(self, _first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        return computed(getattr(np, self._operation), *pieces)


class MeanTensor(ElementwiseTensor):
    """The weighted mean of tensors, summed up in double precision and rounded once.

    Parameters
    ----------
    bases : sequence of Tensor
        Of one floating-point or complex dtype, and one shape.
    weights : sequence of float, optional
        One for each; they need not sum up to 1. All alike by default.

    Raises
    ------
    UnsupportedError
        Dtypes or shapes differ, the dtype has no means, or the weights do not fit or sum up to nothing.
    """

    __slots__ = ("_weights",)

    def __init__(self, bases: Sequence[Tensor], weights: Sequence[float] | None = None) -> None:
        dtype = bases[0].dtype
        super().__init__(bases, dtype)
        for base in bases:
            if base.dtype is not dtype:
                raise UnsupportedError(f"dtypes {dtype.name} and {base.dtype.name} differ")
        if not (dtype.is_floating or dtype.is_complex):
            raise UnsupportedError(f"a mean of {dtype.name} numbers is none")
        self._weights = tuple(weights) if weights is not None else (1.0,) * len(bases)
        if len(self._weights) != len(bases) or not abs(sum(self._weights)) > 0:
            raise UnsupportedError(f"weights {list(self._weights)} for {len(bases)} tensors")

    def _compute(self, _first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        total = np.zeros(pieces[0].shape, np.complex128 if self.dtype.is_complex else np.float64)
        for piece, weight in zip(pieces, self._weights, strict=True):
            # A factor of 1 saves a pass over the piece.
            total += piece if weight == 1 else np.multiply(piece, weight, dtype=total.dtype)
        total /= sum(self._weights)
        return total.astype(self.dtype.numpy())


def has_values(dtype: DType) -> bool:
    """Return whether elements of a dtype are numbers or bools; quantized ones mean nothing without their range."""
    return dtype.kind in "fiucb"


def is_small_float(dtype: DType) -> bool:
    """Return whether it is a floating-point type of at most 16 bits, which is computed by way of float32."""
    return dtype.is_floating and dtype.itemsize <= 2


def computed(function: Any, *operands: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Apply a ufunc to arrays of one dtype and round to it: what their own arithmetic gives, and faster."""
    import numpy as np

    dtype = operands[0].dtype
    if is_small_float(DType.of(dtype)):
        operands = tuple(operand.astype(np.float32) for operand in operands)
    result: np.ndarray[Any, Any] = function(*operands)
    return result.astype(dtype, copy=False)


def _refuse_bool(dtype: DType) -> None:
    if dtype is dtypes.BOOL:
        raise UnsupportedError("elements of dtype bool are no numbers")
