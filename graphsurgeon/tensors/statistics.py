"""Descriptive statistics of a tensor's values, and their histogram, in one pass over them and constant memory.

The histogram has the buckets of ``tf.compat.v1.summary.histogram``: 10 % wide, from 1e-12 to 1e20 on both sides of
zero. Values of up to 16 bits are counted by their codes, of which everything follows; of float32 the upper 16 bits tell
the bucket of most values, the rest is searched for. Costs O(elements).
Source: TensorFlow's ``core/lib/histogram/histogram.cc``.
"""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.elementwise import has_values
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_LEAST, _END, _GROWTH = 1e-12, 1e20, 1.1
#: The bits of a float32 that are looked up; the exponent is among them.
_CODE_NBITS = 16


class Statistics(NamedTuple):
    """What the values of a tensor are like.

    All but the first four are about the finite values. A bucket holds what is less than its limit, and not less than
    that of the bucket before; runs of empty buckets are one.

    Attributes
    ----------
    num_elements, num_nan, num_infinite, num_zeros : int
    minimum, maximum : float
        NaN where there is no finite value.
    sum, sum_squares : float
    limits : list of float
        Where the buckets end.
    counts : list of int
    """

    num_elements: int
    num_nan: int
    num_infinite: int
    num_zeros: int
    minimum: float
    maximum: float
    sum: float
    sum_squares: float
    limits: list[float]
    counts: list[int]

    @property
    def num_finite(self) -> int:
        """How many values are finite."""
        return self.num_elements - self.num_nan - self.num_infinite

    @property
    def mean(self) -> float:
        """The arithmetic mean; NaN without values."""
        return self.sum / self.num_finite if self.num_finite else math.nan

    @property
    def standard_deviation(self) -> float:
        """The standard deviation of the population; NaN without values."""
        return math.sqrt(max(0.0, self.sum_squares / self.num_finite - self.mean**2)) if self.num_finite else math.nan

    @property
    def norm(self) -> float:
        """The Euclidean norm."""
        return math.sqrt(self.sum_squares)


def has_statistics(tensor: Tensor) -> bool:
    """Return whether the elements of a tensor are real numbers, booleans among them."""
    return has_values(tensor.dtype) and not tensor.dtype.is_complex


def statistics(tensor: Tensor) -> Statistics:
    """Return the statistics of a tensor of real numbers, booleans among them, which is read once.

    Raises
    ------
    UnsupportedError
        The elements are no real numbers.
    CorruptionError
        The values do not match their checksum.
    """
    if not has_statistics(tensor):
        raise UnsupportedError(f"elements of dtype {tensor.dtype.name} have no statistics")
    import numpy as np

    kind = tensor.dtype.numpy()
    counted = _ByCode(kind) if kind.itemsize <= 2 else _ByBucket(kind)
    # Sums of very large numbers are infinite, as TensorFlow has them.
    with np.errstate(all="ignore"):
        if isinstance(tensor, FillTensor) and tensor.size:
            head = np.frombuffer(tensor.head or bytes(kind.itemsize), kind)
            counted.add(head)
            counted.add(head[-1:], tensor.size - head.size)
        else:
            reader = ElementReader(tensor, kind)
            step = CHUNK_NBYTES // kind.itemsize
            for start in range(0, tensor.size, step):
                counted.add(reader.read(min(step, tensor.size - start)))
            reader.end()
        return counted.result()


class _ByBucket:
    """Statistics gathered from values."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        import numpy as np

        self._kind = kind
        self._counts = np.zeros(_limits().size, np.int64)
        self._halves = np.zeros(1 << _CODE_NBITS, np.int64)
        self._nan = self._infinite = self._zeros = self._num = 0
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._sum = self._squares = 0.0

    def add(self, values: Array, times: int = 1) -> None:
        """Take in more values, each as many times."""
        import numpy as np

        self._num += times * values.size
        if self._kind.kind == "f":
            is_finite = np.isfinite(values)
            if not is_finite.all():
                num_nan = int(np.count_nonzero(np.isnan(values)))
                self._nan += times * num_nan
                self._infinite += times * (values.size - int(np.count_nonzero(is_finite)) - num_nan)
                values = values[is_finite]
        if not values.size or not times:
            return
        exact = values.astype(np.float64)
        self._zeros += times * (values.size - int(np.count_nonzero(values)))
        self._lows.append(float(values.min()))
        self._highs.append(float(values.max()))
        self._sum += times * float(exact.sum())
        # A dot product would go to a library with threads of its own, which these few values do not need.
        self._squares += times * float(np.einsum("i,i->", exact, exact))
        if self._kind == np.float32:
            # Where the upper half of the bits tells the bucket, it is enough to count it.
            halves = np.right_shift(values.view(np.uint32), np.uint32(_CODE_NBITS))
            self._halves += times * np.bincount(halves, minlength=self._halves.size)
            exact = exact[_float32_buckets()[1][halves]]
        self._counts += times * np.bincount(_buckets_of(exact), minlength=self._counts.size)

    def result(self) -> Statistics:
        """Return what the values were like."""
        import numpy as np

        bucket_of, is_split = _float32_buckets()
        np.add.at(self._counts, bucket_of, np.where(is_split, 0, self._halves))
        low, high = min(self._lows, default=math.nan), max(self._highs, default=math.nan)
        special = self._num, self._nan, self._infinite, self._zeros
        return Statistics(*special, low, high, self._sum, self._squares, *_gathered(self._counts))


class _ByCode:
    """Statistics gathered from how often each of up to 65,536 codes is there."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        import numpy as np

        self._kind = kind
        self._codes = np.dtype(f"u{kind.itemsize}")
        self._counts = np.zeros(1 << 8 * kind.itemsize, np.int64)

    def add(self, values: Array, times: int = 1) -> None:
        """Take in more values, each as many times."""
        import numpy as np

        self._counts += times * np.bincount(values.view(self._codes), minlength=self._counts.size)

    def result(self) -> Statistics:
        """Return what the values were like."""
        import numpy as np

        codes = np.flatnonzero(self._counts)
        counts, values = self._counts[codes], codes.astype(self._codes).view(self._kind).astype(np.float64)
        is_finite, is_nan = np.isfinite(values), np.isnan(values)
        num, num_nan, num_finite = (int(counts[each].sum()) for each in (slice(None), is_nan, is_finite))
        counts, values = counts[is_finite], values[is_finite]
        special = num, num_nan, num - num_nan - num_finite, int(counts[values == 0].sum())
        buckets = np.bincount(_buckets_of(values), counts, _limits().size)
        low, high = (float(values.min()), float(values.max())) if values.size else (math.nan, math.nan)
        sums = float((values * counts).sum()), float((values * values * counts).sum())
        return Statistics(*special, low, high, *sums, *_gathered(buckets.astype(np.int64)))


@functools.cache
def _limits() -> Array:
    """Return where TensorFlow's buckets end, in ascending order; the last holds what is in no other."""
    import numpy as np

    positive, value = [], _LEAST
    while value < _END:
        positive.append(value)
        value *= _GROWTH
    positive.append(sys.float_info.max)
    return np.array([*(-each for each in reversed(positive)), 0.0, *positive])


def _buckets_of(values: Array) -> Array:
    import numpy as np

    return np.searchsorted(_limits()[:-1], values, "right")


@functools.cache
def _float32_buckets() -> tuple[Array, Array]:
    """Return the bucket of the first float32 with each upper half, and whether others with it are in another bucket."""
    import numpy as np

    codes = np.arange(1 << _CODE_NBITS, dtype=np.uint32) << np.uint32(_CODE_NBITS)
    ends = [codes, codes | np.uint32((1 << _CODE_NBITS) - 1)]
    with np.errstate(invalid="ignore"):
        first, last = (_buckets_of(each.view(np.float32).astype(np.float64)) for each in ends)
    return first, first != last


def _gathered(counts: Array) -> tuple[list[float], list[int]]:
    """Return the limits and counts of buckets with each run of empty ones as one, as TensorFlow writes them."""
    import numpy as np

    is_last = np.ones(counts.size, bool)
    is_last[:-1] = (counts[:-1] > 0) | (counts[1:] > 0)
    return _limits()[is_last].tolist(), counts[is_last].tolist()
