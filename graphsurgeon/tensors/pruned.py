"""Tensors in which the elements of least magnitude are zero, and masks that say which, decided as they are read.

=============  ======================================================================================================
a rule         keeps
=============  ======================================================================================================
`ByMagnitude`  elements that are not below a threshold
`ByBlocks`     blocks of a matrix whose mean magnitude is not below a threshold; blocks at its ends may be smaller
`ByGroups`     the n largest of each m elements in a row on the axis before the last; of equal ones the first
=============  ======================================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.magnitudes import magnitudes, require_magnitudes
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class PruningRule(Protocol):
    """Says which elements of a tensor are kept."""

    def pieces(self, base: Tensor, nbytes: int) -> Iterator[tuple[Array, Array]]:
        """Yield the bits of the next elements, and whether each is kept."""
        ...


class ByMagnitude:
    """Keeps elements whose magnitude (see `magnitudes`) is not below a threshold."""

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold

    def pieces(self, base: Tensor, nbytes: int) -> Iterator[tuple[Array, Array]]:
        """Yield the bits of the next elements, and whether each is kept."""
        reader, step = ElementReader(base, nbytes=nbytes), max(1, nbytes // base.dtype.itemsize)
        for start in range(0, base.size, step):
            bits = reader.read(min(step, base.size - start))
            yield bits, magnitudes(bits) >= self._threshold
        reader.end()


class ByBlocks:
    """Keeps blocks of a matrix, axes of length 1 left out, whose mean magnitude is not below a threshold.

    Means are summed up row by row in float32, in float64 for elements of float64.
    """

    def __init__(self, height: int, width: int, threshold: float = 0.0) -> None:
        self._height = height
        self._width = width
        self._threshold = threshold

    def means(self, base: Tensor, nbytes: int = CHUNK_NBYTES) -> Iterator[Array]:
        """Yield the mean magnitudes of rows of blocks."""
        for _, means in self._bands(base, nbytes):
            yield means

    def pieces(self, base: Tensor, nbytes: int) -> Iterator[tuple[Array, Array]]:
        """Yield the bits of the next elements, and whether each is kept."""
        import numpy as np

        for bits, means in self._bands(base, nbytes):
            kept = np.repeat(np.repeat(means >= self._threshold, self._height, 0), self._width, 1)
            yield bits.reshape(-1), kept[: bits.shape[0], : bits.shape[1]].reshape(-1)

    def _bands(self, base: Tensor, nbytes: int) -> Iterator[tuple[Array, Array]]:
        import numpy as np

        rows, columns = matrix_shape(base.shape)
        reader, kind = ElementReader(base, nbytes=nbytes), base.dtype.numpy()
        step = self._height * max(1, nbytes // max(1, self._height * columns * base.dtype.itemsize))
        exact = np.float64 if base.dtype.itemsize == 8 else np.float32
        for start in range(0, rows, step):
            bits = reader.read(min(step, rows - start) * columns).reshape(-1, columns)
            sizes = np.abs(bits.view(kind).astype(exact))
            num_blocks = (-(-len(bits) // self._height), -(-columns // self._width))
            total, counts = np.zeros(num_blocks, exact), np.zeros(num_blocks, exact)
            for row in range(min(self._height, len(bits))):
                for column in range(min(self._width, columns)):
                    part = sizes[row :: self._height, column :: self._width]
                    total[: part.shape[0], : part.shape[1]] += part
                    counts[: part.shape[0], : part.shape[1]] += 1
            if np.isnan(total).any():
                raise UnsupportedError("an element is no number (NaN), which has no magnitude")
            yield bits, total / counts
        reader.end()


class ByGroups:
    """Keeps the n largest of each m elements in a row on the axis before the last; of equal ones the first."""

    def __init__(self, n: int, m: int) -> None:
        self._n = n
        self._m = m

    def pieces(self, base: Tensor, nbytes: int) -> Iterator[tuple[Array, Array]]:
        """Yield the bits of the next elements, and whether each is kept."""
        if len(base.shape) < 2:
            raise UnsupportedError(f"shape {list(base.shape)} has no axis before the last, along which groups lie")
        length, inner = base.shape[-2:]
        outer = math.prod(base.shape[:-2])
        if length % self._m == 0:
            # No group is cut: all are one long axis.
            length, outer = length * outer, 1
        reader = ElementReader(base, nbytes=nbytes)
        step = self._m * max(1, nbytes // max(1, self._m * inner * base.dtype.itemsize))
        for _ in range(outer if base.size else 0):
            for start in range(0, length, step):
                bits = reader.read(min(step, length - start) * inner)
                yield bits, self._kept(bits.reshape(-1, inner)).reshape(-1)
        reader.end()

    def _kept(self, bits: Array) -> Array:
        import numpy as np

        sizes = magnitudes(bits)
        missing = -len(sizes) % self._m
        if missing:
            sizes = np.concatenate([sizes, np.zeros((missing, sizes.shape[1]), sizes.dtype)])
        groups = sizes.reshape(-1, self._m, sizes.shape[1])
        kept = np.empty(groups.shape, bool)
        for one in range(self._m):
            above = np.zeros((len(groups), groups.shape[2]), np.uint16)
            for other in range(self._m):
                if other != one:
                    order = np.greater_equal if other < one else np.greater
                    above += order(groups[:, other], groups[:, one])
            kept[:, one] = above < self._n
        rows: Array = kept.reshape(sizes.shape)[: len(bits)]
        return rows


def count_zeros(base: Tensor, rule: PruningRule) -> tuple[int, int]:
    """Return how many elements are 0, and how many are when it is pruned; reads the tensor once."""
    before = after = 0
    for bits, kept in rule.pieces(base, CHUNK_NBYTES):
        is_zero = magnitudes(bits) == 0
        before += int(is_zero.sum())
        after += int((is_zero | ~kept).sum())
    return before, after


class PrunedTensor(Tensor):
    """A tensor whose elements are 0 where a rule does not keep them.

    Raises
    ------
    UnsupportedError
        Its elements are no floating-point numbers.
    """

    __slots__ = ("_base", "_rule")

    def __init__(self, base: Tensor, rule: PruningRule) -> None:
        super().__init__(base.dtype, base.shape)
        require_magnitudes(base.dtype)
        self._base = base
        self._rule = rule

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor that is pruned."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values; the base is read while they are."""
        import numpy as np

        for bits, kept in self._rule.pieces(self._base, nbytes):
            yield (bits * kept).view(np.uint8).data


class MaskTensor(Tensor):
    """A tensor of ones where a rule keeps the elements of another, and of zeros where it does not.

    Of the other's shape; of its dtype, unless another is given.
    """

    __slots__ = ("_base", "_rule")

    def __init__(self, base: Tensor, rule: PruningRule, dtype: DType | None = None) -> None:
        super().__init__(dtype or base.dtype, base.shape)
        require_magnitudes(base.dtype)
        self._base = base
        self._rule = rule

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor that decides."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values; the base is read while they are."""
        import numpy as np

        for _, kept in self._rule.pieces(self._base, nbytes):
            yield kept.astype(self.dtype.numpy()).view(np.uint8).data


def matrix_shape(shape: Sequence[int]) -> tuple[int, int]:
    """Return the rows and columns of what is a matrix without its axes of length 1; an UnsupportedError for others."""
    dims = [dim for dim in shape if dim != 1]
    if len(dims) != 2:
        raise UnsupportedError(f"shape {list(shape)} is no matrix, of which there are blocks")
    return dims[0], dims[1]


def is_mask(tensor: Tensor) -> bool:
    """Return whether all elements of a tensor of floating-point numbers are 0 or 1; reads it."""
    reader, kind = ElementReader(tensor, tensor.dtype.numpy()), tensor.dtype.itemsize
    step = max(1, CHUNK_NBYTES // kind)
    for start in range(0, tensor.size, step):
        values = reader.read(min(step, tensor.size - start))
        if not ((values == 0) | (values == 1)).all():
            return False
    return True
