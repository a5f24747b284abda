"""How the values of two tensors differ, found while both stream.

An element differs when its bits do. Of those, the ones that are the same number all the
same (0.0 and -0.0, NaN and NaN) count apart, and so do those with a NaN or an infinity
on one side, which have no distance. Distances of integers are exact at every width;
those of floating-point numbers are computed in float64, of complex ones as magnitudes.
The relative distance is to the larger of the two magnitudes, so it neither depends on
the order of the two nor divides by zero.

With a `Tolerance` the elements within it do not differ, nor do those that are the same number.

Pieces of equal bytes cost one comparison at memory speed and no arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from graphsurgeon.compare.plain import number
from graphsurgeon.display import Displayed
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import aligned, are_small_and_equal, index_of, is_same_place, same_bytes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Elements that are computed with at a time: in float64 they fit a core's own cache, and stay below the size
# from which malloc maps fresh pages for every array, which takes longer than the arithmetic.
_BLOCK = 1 << 13


class Tolerance(NamedTuple):
    """How far numbers may be apart and count as equal: ``|a - b| <= atol + rtol * |b|``, as in `numpy.isclose`.

    NaN is equal to NaN, 0.0 to -0.0, and an infinity to the same one only. Bools and strings are compared exactly.
    """

    rtol: float
    atol: float

    def holds(self, a: Array, b: Array) -> Array:
        """Return where widened numbers are equal by it."""
        import numpy as np

        with np.errstate(over="ignore", invalid="ignore"):
            limit = self.atol + self.rtol * np.abs(b.astype(np.float64) if b.dtype.kind in "iu" else b)
            distance = _integer_distances(a, b)[0] if a.dtype.kind in "iu" else np.abs(a - b)
            near: Array = (distance <= limit) & np.isfinite(a) & np.isfinite(b)
        near |= (a == b) | (np.isnan(a) & np.isnan(b))
        return near


@dataclass(frozen=True)
class Element:
    """One element of two tensors, as JSON types: bool, int, float, ``"nan"``, ``[real, imaginary]``, text."""

    index: list[int]
    a: Any
    b: Any


@dataclass(frozen=True)
class ValueDiff(Displayed):
    """How the values of two tensors of one dtype and shape differ.

    Of the `num_different` elements whose bits, or strings, differ, `num_same_number` are the same number (0.0 and -0.0,
    NaN and NaN), and `num_nonfinite` others are NaN or infinite on a side or both. `max_absolute`, at `largest`, is the
    largest distance, None when no differing element has one; `max_relative` is in units of the larger magnitude.
    """

    num_elements: int
    num_different: int
    num_same_number: int
    num_nonfinite: int
    max_absolute: int | float | None
    max_relative: float | None
    first: Element
    largest: Element | None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        facts: dict[str, object] = {**vars(self), "first": vars(self.first)}
        facts["max_absolute"] = None if self.max_absolute is None else number(self.max_absolute)
        facts["largest"] = None if self.largest is None else vars(self.largest)
        return facts


def diff_values(a: Tensor, b: Tensor, tolerance: Tolerance | None = None) -> ValueDiff | None:
    """Compare the values of two tensors of one dtype and shape; None when all bits are equal.

    They are read once from front to back in pieces, so that checksums are verified, and not at all where both are the
    same place of one file. UnsupportedError when the dtype has no values outside a session (resource, variant),
    CorruptionError or NotFoundError when they cannot be read.
    """
    if is_same_place(a, b):
        return None
    if a.dtype is dtypes.STRING:
        return _diff_strings(a, b)
    if are_small_and_equal(a, b):
        return None
    distances = _Distances(a.dtype, tolerance)
    position = 0
    for x, y in aligned(a, b):
        if not same_bytes(x, y):
            for start in range(0, len(x), _BLOCK * a.dtype.itemsize):
                block = slice(start, start + _BLOCK * a.dtype.itemsize)
                distances.add(x[block], y[block], (position + start) // a.dtype.itemsize)
        position += len(x)
    return distances.result(a.shape)


def diff_read(
    dtype: DType, shape: tuple[int, ...], values: tuple[bytes, bytes], tolerance: Tolerance | None = None
) -> ValueDiff | None:
    """Compare the raw values, already read, of two small tensors of one dtype and shape; None when they are equal."""
    a, b = values
    if a == b:
        return None
    distances = _Distances(dtype, tolerance)
    distances.add(memoryview(a), memoryview(b), 0)
    return distances.result(shape)


class _Distances:
    """Gathers the differences of one pair of tensors, block by block."""

    def __init__(self, dtype: DType, tolerance: Tolerance | None) -> None:
        import numpy as np

        self._dtype = dtype
        self._tolerance = None if dtype.kind == "b" else tolerance
        self._held = dtype.numpy()
        self._bits = np.dtype(f"u{min(dtype.itemsize, 8)}")
        self._num_different = self._num_same_number = self._num_nonfinite = 0
        self._max_absolute: int | float | None = None
        self._max_relative: float | None = None
        self._first: tuple[int, Any, Any] | None = None
        self._largest: tuple[int, Any, Any] | None = None

    def add(self, x: memoryview, y: memoryview, offset: int) -> None:
        """Compare two blocks that begin at element `offset`."""
        import numpy as np

        different = self._differing(x, y)
        count = int(np.count_nonzero(different))
        if count == 0:
            return
        a, b = np.frombuffer(x, self._held), np.frombuffer(y, self._held)
        where = None if count == len(a) else np.flatnonzero(different)
        if where is not None:
            a, b = a[where], b[where]
        if self._tolerance is not None:
            apart = np.flatnonzero(~self._tolerance.holds(self._widened(a), self._widened(b)))
            if not len(apart):
                return
            a, b, where = a[apart], b[apart], apart if where is None else where[apart]
        self._num_different += len(a)
        if self._first is None:
            self._first = offset + _at(where, 0), a[0], b[0]
        if self._dtype.kind == "b":
            return
        a, b, kept = self._with_distance(a, b)
        if len(a):
            where = kept if where is None else where if kept is None else where[kept]
            self._measure(a, b, where, offset)

    def result(self, shape: tuple[int, ...]) -> ValueDiff | None:
        """Return what was gathered; None when nothing differed."""
        if self._first is None:
            return None
        return ValueDiff(
            math.prod(shape),
            self._num_different,
            self._num_same_number,
            self._num_nonfinite,
            self._max_absolute,
            self._max_relative,
            _element(self._first, shape),
            None if self._largest is None else _element(self._largest, shape),
        )

    def _differing(self, x: memoryview, y: memoryview) -> Array:
        import numpy as np

        different: Array = np.frombuffer(x, self._bits) != np.frombuffer(y, self._bits)
        if self._dtype.itemsize > 8:
            different = different[::2] | different[1::2]
        return different

    def _with_distance(self, a: Array, b: Array) -> tuple[Array, Array, Array | None]:
        """Widen elements, see `_widened`, and leave out those that have no distance.

        Also return the indices of those that are left, None for all.
        """
        import numpy as np

        a, b = self._widened(a), self._widened(b)
        if a.dtype.kind in "iu" or (np.isfinite(a).all() and np.isfinite(b).all()):
            return a, b, None
        kept = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
        num_nan = int((np.isnan(a) & np.isnan(b)).sum())
        self._num_same_number += num_nan
        self._num_nonfinite += len(a) - len(kept) - num_nan
        return a[kept], b[kept], kept

    def _widened(self, values: Array) -> Array:
        """Return elements as int64, uint64, float64 or complex128."""
        import numpy as np

        if self._dtype.kind in ("i", "u", "q"):
            return values.astype(np.int64 if "uint" not in self._held.name else np.uint64)
        return values.astype(np.complex128 if self._dtype.is_complex else np.float64, copy=False)

    def _measure(self, a: Array, b: Array, where: Array | None, offset: int) -> None:
        import numpy as np

        absolute, magnitude = _integer_distances(a, b) if a.dtype.kind in "iu" else _float_distances(a, b)
        self._num_same_number += len(a) - int(np.count_nonzero(absolute))
        at = int(absolute.argmax())
        largest = absolute[at].item()
        if largest == 0:
            return
        if self._max_absolute is None or largest > self._max_absolute:
            self._max_absolute = largest
            self._largest = offset + _at(where, at), a[at], b[at]
        # A distance past the largest float64 is still at most twice a magnitude.
        relative = absolute / magnitude if largest < math.inf else np.abs(a / magnitude - b / magnitude)
        self._max_relative = max(self._max_relative or 0.0, float(relative.max()))


def _integer_distances(a: Array, b: Array) -> tuple[Array, Array]:
    """Return exact distances as uint64, and the larger magnitudes."""
    import numpy as np

    # The difference of two int64 fits uint64, where arithmetic is modulo 2**64.
    absolute: Array = np.maximum(a, b).astype(np.uint64) - np.minimum(a, b).astype(np.uint64)
    magnitude: Array = np.maximum(np.abs(a.astype(np.float64)), np.abs(b.astype(np.float64)))
    return absolute, np.maximum(magnitude, 1.0)


def _float_distances(a: Array, b: Array) -> tuple[Array, Array]:
    """Return distances, which may overflow, and the larger magnitudes, which are not zero."""
    import numpy as np

    with np.errstate(over="ignore"):
        absolute: Array = np.abs(a - b)
    magnitude: Array = np.maximum(np.abs(a), np.abs(b))
    return absolute, np.maximum(magnitude, math.ulp(0.0))


def _at(where: Array | None, position: int) -> int:
    return position if where is None else int(where[position])


def _diff_strings(a: Tensor, b: Tensor) -> ValueDiff | None:
    num_different, first = 0, None
    for position, (x, y) in enumerate(zip_longest(a.strings(), b.strings(), fillvalue=b"")):
        if x != y:
            num_different += 1
            first = first or (position, x, y)
    if first is None:
        return None
    return ValueDiff(a.size, num_different, 0, 0, None, None, _element(first, a.shape), None)


def _element(found: tuple[int, Any, Any], shape: tuple[int, ...]) -> Element:
    position, a, b = found
    return Element(index_of(position, shape), number(a), number(b))
