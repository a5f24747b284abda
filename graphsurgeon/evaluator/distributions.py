"""Random distributions, sampled from a generator's numbers as TensorFlow's random ops do.

Each takes a generator, the first of the groups wanted and how many, and returns a row per group::

    group     4 numbers of 32 bits or 2 of 64: one counter, but 256 numbers per element for a truncated normal,
              which throws away what is off and takes the next
    uniform   the low bits of a number as the mantissa of a float in [1, 2), less 1
    normal    Box and Muller: two uniform numbers give two normal ones
    integer   low + number % (high - low)

Source: TensorFlow's lib/random/random_distributions.h, and kernels/random_op_cpu.h for how
groups of the output begin in the sequence.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from graphsurgeon.evaluator.philox import WIDTH, Philox
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

_CUT = 2.0
_LEAST = 1e-7
_RESERVED = 256

# The types of floats: (integer of that size, bits of the mantissa).
_UNIFORM = {
    dtypes.HALF: ("uint16", 10),
    dtypes.BFLOAT16: ("uint16", 7),
    dtypes.FLOAT: ("uint32", 23),
    dtypes.DOUBLE: ("uint64", 52),
}
FLOATS = frozenset(_UNIFORM)
INTEGERS = frozenset({dtypes.INT32, dtypes.INT64, dtypes.UINT32, dtypes.UINT64})


class Distribution(NamedTuple):
    """A random distribution: ``uniform``, ``normal``, ``truncated_normal``, ``integer`` or ``full_integer``.

    Only for integers, `low` and `high` are the ends of its half-open interval.
    """

    kind: str
    dtype: DType
    low: int = 0
    high: int = 0

    @property
    def group_size(self) -> int:
        """How many elements a group has."""
        return WIDTH * 4 // max(self.dtype.itemsize, 4)

    def draw(self, generator: Philox, first: int, count: int) -> np.ndarray[Any, Any]:
        """Sample groups of elements: ``[count, group_size]``, of the dtype."""
        import numpy as np

        groups = np.arange(first, first + count, dtype=np.uint64)
        if self.kind == "truncated_normal":
            return _truncated(generator, groups, self)
        numbers = generator.numbers(groups)
        if self.kind == "uniform":
            return _uniform(numbers, self.dtype)
        if self.kind == "normal":
            return _normal(numbers, self.dtype is dtypes.DOUBLE).astype(self.dtype.numpy())
        return _integers(numbers, self)


def _uniform(numbers: np.ndarray[Any, Any], dtype: DType) -> np.ndarray[Any, Any]:
    import numpy as np

    if dtype is dtypes.DOUBLE:
        # The first number of a pair is the upper half here; of an integer, the lower one.
        numbers = numbers[:, 0::2].astype(np.uint64) << np.uint64(32) | numbers[:, 1::2]
    name, num_bits = _UNIFORM[dtype]
    integer = np.dtype(name).type
    mantissa = numbers.astype(name) & integer((1 << num_bits) - 1)
    one = np.ones((), dtype.numpy())
    floats = (mantissa | one.view(name)).view(dtype.numpy())
    difference: np.ndarray[Any, Any] = floats - one
    return difference


def _normal(numbers: np.ndarray[Any, Any], is_double: bool) -> np.ndarray[Any, Any]:
    """Return normal numbers in the precision in which TensorFlow computes them."""
    import numpy as np

    uniform = _uniform(numbers, dtypes.DOUBLE if is_double else dtypes.FLOAT)
    kind = uniform.dtype.type
    angle = (2 * math.pi * uniform[:, 1::2].astype(np.float64)).astype(kind).astype(np.float64)
    # Computed as doubles and rounded: nearer to what the C library gives than numpy's functions of floats.
    logarithm = np.log(np.maximum(uniform[:, 0::2], kind(_LEAST)).astype(np.float64)).astype(kind)
    radius = np.sqrt(kind(-2) * logarithm)
    out = np.empty_like(uniform)
    np.multiply(np.sin(angle).astype(kind), radius, out=out[:, 0::2])
    np.multiply(np.cos(angle).astype(kind), radius, out=out[:, 1::2])
    return out


def _truncated(generator: Philox, groups: np.ndarray[Any, Any], of: Distribution) -> np.ndarray[Any, Any]:
    import numpy as np

    size, is_double = of.group_size, of.dtype is dtypes.DOUBLE
    starts = groups * np.uint64(size * _RESERVED // WIDTH)
    out = _normal(generator.numbers(starts), is_double)
    missing = np.flatnonzero((np.abs(out) >= _CUT).any(axis=1))
    each = 2
    while len(missing):
        # Of one group in six some element was thrown away: these begin again, and go further.
        drawn = _normal(generator.numbers(starts[missing], each), is_double)
        is_taken = np.abs(drawn) < _CUT
        rank = np.cumsum(is_taken, axis=1)
        rows, columns = np.nonzero(is_taken & (rank <= size))
        out[missing[rows], rank[rows, columns] - 1] = drawn[rows, columns]
        missing = missing[rank[:, -1] < size]
        each *= 4
    return out.astype(of.dtype.numpy(), copy=False)


def _integers(numbers: np.ndarray[Any, Any], of: Distribution) -> np.ndarray[Any, Any]:
    import numpy as np

    if of.dtype.itemsize == 8:
        numbers = numbers[:, 1::2].astype(np.uint64) << np.uint64(32) | numbers[:, 0::2]
    if of.kind == "integer":
        unsigned = numbers.dtype.type
        # Wraps around, as it does in C.
        mask = (1 << 8 * of.dtype.itemsize) - 1
        numbers = numbers % unsigned(of.high - of.low & mask) + unsigned(of.low & mask)
    return numbers.view(of.dtype.numpy())
