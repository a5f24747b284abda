"""Tensors rounded to few values, which compress better, computed as they are read.

The values lie at equal distances between the least and the greatest, which are two of them; where both signs are
there, 0 is one too, and the negative and the positive ones have distances of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.threads import in_order, num_places

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BLOCK: Final = 1 << 14
#: Past so many values, or below such a distance, float32 does not tell them apart.
_MAX_SINGLE: Final = 1 << 12
_MIN_SINGLE: Final = 1e-30


class _Place:
    """Where a piece is rounded: memory that was never used costs more than what is done with it."""

    __slots__ = ("_kept", "indices", "numbers", "others", "out", "whole")

    def __init__(self, size: int, kind: np.dtype[Any], work: np.dtype[Any]) -> None:
        import numpy as np

        self._kept, self.out = np.empty(size, kind), np.empty(size, kind)
        self.numbers, self.others = np.empty(_BLOCK, work), np.empty(_BLOCK, work)
        self.whole, self.indices = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.intp)

    def keep(self, piece: Array) -> Array:
        """Return a copy of a piece, in the same place for every one."""
        kept = self._kept[: len(piece)]
        kept[:] = piece
        return kept


class RoundedTensor(Tensor):
    """Floating-point numbers, each replaced by the nearest of a few; streams.

    Parameters
    ----------
    base : Tensor
        All of its values within the range.
    low, high : float
        The least and the greatest value.
    num_values : int
        So many values at most are left.

    Attributes
    ----------
    values : numpy.ndarray
        What values there are, in their order.
    largest_error : float
        How far a value is at most from what it was: half of the greatest distance, and what rounding adds.

    Raises
    ------
    UnsupportedError
        The elements are no floating-point numbers, or there are too few values for both ends and 0, or too many to tell
        apart.
    """

    __slots__ = ("_base", "_num_negative", "_scales", "largest_error", "values")

    def __init__(self, base: Tensor, low: float, high: float, num_values: int) -> None:
        import numpy as np

        super().__init__(base.dtype, base.shape)
        if not base.dtype.is_floating:
            raise UnsupportedError(f"elements of dtype {base.dtype.name} are no floating-point numbers")
        has_both = low < 0 < high
        if num_values < 2 + has_both:
            ends = "both ends and 0" if has_both else "both ends"
            raise UnsupportedError(f"{num_values} values are too few for {ends}, which stay")
        self._base = base
        count = num_values - 1
        # Written so that no difference of great numbers overflows.
        share = 1 / (1 + high / -low) if has_both else 0.0
        self._num_negative = min(max(round(count * share), 1), count - 1) if has_both else 0
        num_positive = count - self._num_negative
        first = 0.0 if has_both else low
        negative = [low * (number / self._num_negative) for number in range(self._num_negative, 0, -1)]
        with np.errstate(over="ignore"):
            between = np.arange(num_positive + 1) / num_positive * (high - first) + first
        between[-1] = high
        steps = (-low / self._num_negative if has_both else 0.0, (high - first) / num_positive)
        self._scales = tuple(0.0 if step == 0 else 1 / step for step in steps)
        if not np.isfinite(self._scales).all() or not np.isfinite(between).all():
            raise UnsupportedError(f"its values lie too close to each other for {num_values} of them")
        exact = np.concatenate([np.array(negative), between])
        self.values = exact.astype(base.dtype.numpy())
        # As halves: distances of great numbers are past the greatest.
        apart = float(np.diff(exact / 2).max())
        self.largest_error = apart + float(np.abs(self.values.astype(np.float64) - exact).max())

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor whose values are rounded."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the values; the base is read while they are."""
        import numpy as np

        kind = self.dtype.numpy()
        is_single = kind.itemsize <= 4 and len(self.values) <= _MAX_SINGLE and 1 / max(self._scales) > _MIN_SINGLE
        work = np.dtype(np.float32 if is_single else np.float64)
        reader = ElementReader(self._base, kind, nbytes)
        step = max(1, nbytes // kind.itemsize)
        is_long = self.size > step
        places = [_Place(min(step, self.size), kind, work) for _ in range(num_places() if is_long else 1)]

        def pieces() -> Iterator[tuple[Array, _Place]]:
            for number, start in enumerate(range(0, self.size, step)):
                place = places[number % len(places)]
                piece = reader.read(min(step, self.size - start))
                # What a reader gives is valid until the next, and threads are not done with it by then.
                yield place.keep(piece) if len(places) > 1 else piece, place

        yield from in_order(self._rounded, pieces(), beside_caller=True)
        reader.end()

    def _rounded(self, job: tuple[Array, _Place]) -> memoryview:
        """Return the values that a piece becomes."""
        import numpy as np

        piece, place = job
        # As many as a power of two, so that the bits of an index are bits of one that there is: to wrap around is three
        # times faster than to clip, and without an end for what is far off.
        last = (1 << (len(self.values) - 1).bit_length()) - 1
        table = np.resize(self.values, last + 1)
        for at in range(0, len(piece), _BLOCK):
            size = min(_BLOCK, len(piece) - at)
            numbers, whole, indices = place.numbers[:size], place.whole[:size], place.indices[:size]
            self._number(piece[at : at + size], numbers, place.others[:size])
            np.copyto(whole, numbers, casting="unsafe")
            np.bitwise_and(whole, last, out=indices)
            table.take(indices, out=place.out[at : at + size], mode="wrap")
        return place.out[: len(piece)].view(np.uint8).data

    def _number(self, piece: Array, numbers: Array, others: Array) -> None:
        """Put into `numbers` which value each number of a block becomes: whole numbers from 0."""
        import numpy as np

        kind = numbers.dtype.type
        negative, positive = (kind(scale) for scale in self._scales)
        if piece.dtype != numbers.dtype:
            np.copyto(others, piece)
            piece = others
        if self._num_negative:
            np.multiply(piece, positive, out=numbers)
            np.multiply(piece, negative, out=others)
            # The scale of its own sign gives a number the value on that side of the other, whichever is greater.
            choose = np.maximum if positive >= negative else np.minimum
            choose(numbers, others, out=numbers)
        else:
            np.subtract(piece, kind(self.values[0]), out=numbers)
            np.multiply(numbers, positive, out=numbers)
        np.rint(numbers, out=numbers)
        # As whole numbers, which have no last bits to lose.
        np.add(numbers, kind(self._num_negative), out=numbers)
