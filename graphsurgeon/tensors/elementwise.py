"""Elementwise arithmetic: tensors computed from others of the same shape.

Floating-point numbers are computed in the tensor's own dtype, as TensorFlow's kernels do: float16, bfloat16 and float8
by way of float32, rounded after each operation. Quotients of complex numbers may differ from TensorFlow's in the last
bit. Integers are computed exactly.

A result that overflows, where TensorFlow's kernels wrap around or give an infinity, is an error here, or with
`saturate` the nearest number that there is. What is infinite before stays so, and what is divided by zero becomes so.
"""

from __future__ import annotations

import itertools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.half import to_half
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.threads import in_order, num_places

if TYPE_CHECKING:
    import numpy as np

Operation = Literal["add", "subtract", "multiply", "divide"]
_EXACT: dict[str, Callable[..., Any]] = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul}
_SATURATE = "`saturate=True` clamps values to the range that there is"


class ElementwiseTensor(Tensor, ABC):
    """A function of the elements that have one place in all of the bases.

    Parameters
    ----------
    bases : sequence of Tensor
        At least one; of one shape.
    dtype : DType
        Of the result.
    name : str
        What errors call the tensor.
    saturate : bool
        Clamp results to the range of `dtype`.

    Raises
    ------
    UnsupportedError
        The shapes differ, or the elements of a base are no numbers.
    PassError
        While it is read: a result has no place in `dtype`. It names the tensor and the index.
    """

    __slots__ = ("_bases", "_name", "_saturate")

    #: The edit that computes such tensors, for errors.
    edit: ClassVar[str]

    def __init__(self, bases: Sequence[Tensor], dtype: DType, *, name: str, saturate: bool) -> None:
        super().__init__(dtype, bases[0].shape)
        self._name = name
        self._saturate = saturate
        for base in bases:
            if not has_values(base.dtype):
                raise UnsupportedError(f"elements of dtype {base.dtype.name} are no numbers")
            if base.shape != self.shape:
                raise UnsupportedError(f"shapes {list(self.shape)} and {list(base.shape)} differ")
        self._bases = tuple(bases)

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensors whose elements it is a function of."""
        return self._bases

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the computed values; each base is read once meanwhile."""
        import numpy as np

        readers = [ElementReader(base, base.dtype.numpy(), nbytes) for base in self._bases]
        step = nbytes // max(self.dtype.itemsize, *(base.dtype.itemsize for base in self._bases))

        # What a reader gives is valid until the next, and threads are not done with it by then.
        kept = [
            [np.empty(step, base.dtype.numpy()) for base in self._bases]
            for _ in range(num_places() if self.size > step else 0)
        ]

        def pieces() -> Iterator[tuple[int, list[np.ndarray[Any, Any]]]]:
            for number, first in enumerate(range(0, self.size, step)):
                read = [reader.read(min(step, self.size - first)) for reader in readers]
                yield first, read if len(kept) < 2 else _copied(read, kept[number % len(kept)])

        def computed_piece(job: tuple[int, list[np.ndarray[Any, Any]]]) -> memoryview:
            # What overflows is looked for in the result; numpy's warnings do not tell where.
            with np.errstate(all="ignore"):
                result = self._compute(*job)
            return np.ascontiguousarray(result).view(np.uint8).data

        yield from in_order(computed_piece, pieces(), beside_caller=True)
        for reader in readers:
            reader.end()

    @abstractmethod
    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]], /) -> np.ndarray[Any, Any]:
        """Return the result for one flat piece of every base, which begins at the element `first`."""

    def _integers(
        self,
        first: int,
        function: Callable[..., Any],
        pieces: Sequence[np.ndarray[Any, Any]],
        constants: Sequence[int] = (),
    ) -> np.ndarray[Any, Any]:
        """Compute integers exactly with a function that is extreme where all its arguments are, and its `constants`."""
        import numpy as np

        if not pieces[0].size:
            return pieces[0]
        low, high = limits(self.dtype)
        corners = [function(*ends) for ends in itertools.product(*((int(p.min()), int(p.max())) for p in pieces))]
        # Arithmetic modulo 2**64 is exact as long as the result is in range; beyond that there are Python's numbers.
        wide = dtypes.UINT64 if self.dtype is dtypes.UINT64 else dtypes.INT64
        least, greatest = limits(wide)
        is_exact = least <= min(*corners, *constants) and max(*corners, *constants) <= greatest
        kind = wide.numpy() if is_exact else np.dtype(object)
        result = np.asarray(function(*(piece.astype(kind) for piece in pieces)))
        if not (low <= min(corners) and max(corners) <= high):
            if self._saturate:
                result = np.clip(result, low, high)
            lost = ((result < low) | (result > high)).astype(bool)
            if lost.any():
                self._refuse(first, lost, f"the value {result[int(np.argmax(lost))]}")
        return result.astype(self.dtype.numpy())

    def _finite(
        self, first: int, result: np.ndarray[Any, Any], pieces: Sequence[np.ndarray[Any, Any]]
    ) -> np.ndarray[Any, Any]:
        """Return floating-point results, which are to be finite wherever all that they come from is."""
        import numpy as np

        is_finite = np.isfinite(result)
        if not is_finite.all():
            lost = ~is_finite & np.logical_and.reduce([np.isfinite(piece) for piece in pieces])
            if lost.any():
                self._refuse(first, lost, "the result")
        return result

    def _refuse(self, first: int, lost: np.ndarray[Any, Any], what: str, hint: str | None = _SATURATE) -> None:
        """Raise PassError about the first element that is lost."""
        import numpy as np

        index = [int(i) for i in np.unravel_index(first + int(np.argmax(lost)), self.shape)]
        raise PassError(
            self.edit, f"tensor {self._name!r}: {what} at {index} has no place in {self.dtype.name}", hint=hint
        )


class ScaledTensor(ElementwiseTensor):
    """``scale * x + offset``.

    Parameters
    ----------
    base : Tensor
    scale, offset : Tensor or None
        Scalars of the base's dtype, or any integers when that is one; None leaves that operation out.
    name, saturate
        As of `ElementwiseTensor`.
    """

    __slots__ = ("_offset", "_scale")
    edit = "scale"

    def __init__(
        self,
        base: Tensor,
        scale: Tensor | None = None,
        offset: Tensor | None = None,
        *,
        name: str = "",
        saturate: bool = False,
    ) -> None:
        super().__init__([base], base.dtype, name=name, saturate=saturate)
        _refuse_bool(base.dtype)
        self._scale = scale
        self._offset = offset

    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        if self.dtype.is_integer:
            factor = 1 if self._scale is None else int(self._scale.numpy())
            term = 0 if self._offset is None else int(self._offset.numpy())
            return self._integers(first, lambda values: values * factor + term, pieces, (factor, term))
        (result,) = pieces
        for function, operand in ((np.multiply, self._scale), (np.add, self._offset)):
            if operand is not None:
                result = computed(function, result, operand.numpy(), saturate=self._saturate)
        return self._finite(first, result, pieces)


class CombinedTensor(ElementwiseTensor):
    """The sum, difference, product or quotient of two tensors.

    Parameters
    ----------
    operation : {"add", "subtract", "multiply", "divide"}
    left, right : Tensor
        Of one dtype and shape.
    name, saturate
        As of `ElementwiseTensor`.

    Raises
    ------
    UnsupportedError
        Their dtypes or shapes differ, they are no numbers, or integers are to be divided.
    """

    __slots__ = ("_operation",)
    edit = "arithmetic"

    def __init__(
        self, operation: Operation, left: Tensor, right: Tensor, *, name: str = "", saturate: bool = False
    ) -> None:
        super().__init__([left, right], left.dtype, name=name, saturate=saturate)
        _refuse_bool(left.dtype)
        if left.dtype is not right.dtype:
            raise UnsupportedError(f"dtypes {left.dtype.name} and {right.dtype.name} differ")
        if operation == "divide" and left.dtype.is_integer:
            raise UnsupportedError(f"{left.dtype.name} numbers have no quotient of their dtype")
        self._operation = operation

    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        if self.dtype.is_integer:
            return self._integers(first, _EXACT[self._operation], pieces)
        left, right = pieces
        result = computed(getattr(np, self._operation), left, right, saturate=self._saturate)
        if self._operation == "divide":
            # What is divided by zero is infinite, or no number, rather than too large.
            pieces = (
                [left, np.where(right == 0, np.array(np.inf, right.dtype), right)] if (right == 0).any() else pieces
            )
        return self._finite(first, result, pieces)


class MeanTensor(ElementwiseTensor):
    """The weighted mean of tensors, summed up in double precision and rounded once.

    Parameters
    ----------
    bases : sequence of Tensor
        Of one floating-point or complex dtype, and one shape.
    weights : sequence of float, optional
        One for each; they need not sum up to 1. All alike by default.
    name, saturate
        As of `ElementwiseTensor`.

    Raises
    ------
    UnsupportedError
        Dtypes or shapes differ, the dtype has no means, or the weights do not fit or sum up to nothing.
    """

    __slots__ = ("_weights",)
    edit = "average"

    def __init__(
        self, bases: Sequence[Tensor], weights: Sequence[float] | None = None, *, name: str = "", saturate: bool = False
    ) -> None:
        dtype = bases[0].dtype
        super().__init__(bases, dtype, name=name, saturate=saturate)
        for base in bases:
            if base.dtype is not dtype:
                raise UnsupportedError(f"dtypes {dtype.name} and {base.dtype.name} differ")
        if not (dtype.is_floating or dtype.is_complex):
            raise UnsupportedError(f"{dtype.name} numbers have no mean of their dtype")
        self._weights = tuple(weights) if weights is not None else (1.0,) * len(bases)
        if len(self._weights) != len(bases) or not abs(sum(self._weights)) > 0:
            raise UnsupportedError(f"weights {list(self._weights)} for {len(bases)} tensors")

    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        import numpy as np

        total = np.zeros(pieces[0].shape, np.complex128 if self.dtype.is_complex else np.float64)
        for piece, weight in zip(pieces, self._weights, strict=True):
            # A factor of 1 saves a pass over the piece.
            total += piece if weight == 1 else np.multiply(piece, weight, dtype=total.dtype)
        total /= sum(self._weights)
        if self._saturate:
            total = _clamped(total, self.dtype)
        return self._finite(first, total.astype(self.dtype.numpy()), pieces)


def has_values(dtype: DType) -> bool:
    """Return whether elements of a dtype are numbers or bools; quantized ones mean nothing without their range."""
    return dtype.kind in "fiucb"


def is_small_float(dtype: DType) -> bool:
    """Return whether it is a floating-point type of at most 16 bits, which is computed by way of float32."""
    return dtype.is_floating and dtype.itemsize <= 2


def limits(dtype: DType) -> tuple[Any, Any]:
    """Return the least and the greatest finite number of a dtype: ints, or floats; of a complex one, of its parts."""
    import ml_dtypes

    if dtype is dtypes.BOOL:
        return 0, 1
    if dtype.is_floating or dtype.is_complex:
        bounds = ml_dtypes.finfo(dtype.numpy())  # type: ignore[no-untyped-call]
        return float(bounds.min), float(bounds.max)
    whole = ml_dtypes.iinfo(dtype.numpy())  # type: ignore[no-untyped-call]
    return int(whole.min), int(whole.max)


def computed(function: Any, *operands: np.ndarray[Any, Any], saturate: bool = False) -> np.ndarray[Any, Any]:
    """Apply a ufunc to floating-point arrays of one dtype and round to it: what their own arithmetic gives, faster."""
    import numpy as np

    held = DType.of(operands[0].dtype)
    if is_small_float(held):
        operands = tuple(operand.astype(np.float32) for operand in operands)
    result: np.ndarray[Any, Any] = function(*operands)
    if saturate:
        result = _clamped(result, held)
    return to_half(result) if held is dtypes.HALF else result.astype(held.numpy(), copy=False)


def _clamped(values: np.ndarray[Any, Any], wanted: DType) -> np.ndarray[Any, Any]:
    """Bring floating-point or complex numbers of any width into the range of a dtype."""
    import numpy as np

    parts = np.ascontiguousarray(values).view(values.real.dtype) if values.dtype.kind == "c" else values
    # Of the values' own dtype: numpy below 2 makes doubles of floats that meet the largest one as a Python number.
    low, high = (parts.dtype.type(limit) for limit in limits(wanted))
    clamped: np.ndarray[Any, Any] = np.clip(parts, low, high)
    return clamped.view(values.dtype)


def _copied(pieces: Sequence[np.ndarray[Any, Any]], to: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """Copy pieces to where those before have been; return them there."""
    copies = [place[: len(piece)] for piece, place in zip(pieces, to, strict=True)]
    for piece, copy in zip(pieces, copies, strict=True):
        copy[:] = piece
    return copies


def _refuse_bool(dtype: DType) -> None:
    if dtype is dtypes.BOOL:
        raise UnsupportedError("elements of dtype bool are no numbers")
