"""Tiling: tensors repeated along axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, run
from graphsurgeon.tensors.rearranged import MIN_WINDOW_NBYTES
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np


def tile(base: Tensor, multiples: Sequence[int]) -> Tensor:
    """Repeat a tensor along its axes, as ``tf.tile`` does.

    Parameters
    ----------
    base : Tensor
    multiples : sequence of int
        How many times, for each axis; 0 leaves nothing.

    Raises
    ------
    UnsupportedError
        They are not one number for each axis, or one is negative.
    """
    if len(multiples) != len(base.shape) or min(multiples, default=0) < 0:
        raise UnsupportedError(f"multiples {list(multiples)} for shape {list(base.shape)}")
    result = base
    for axis in reversed(range(len(multiples))):
        if multiples[axis] != 1:
            result = TiledTensor(result, axis, multiples[axis])
    return result


class TiledTensor(DerivedTensor):
    """A tensor repeated along one axis.

    What is repeated is a block of consecutive elements: all that share the indices in front of the axis. A block is
    held in memory; one of more than `MIN_WINDOW_NBYTES` is read from the base every time.
    """

    __slots__ = ("_axis", "_multiple")

    def __init__(self, base: Tensor, axis: int, multiple: int) -> None:
        super().__init__(base, [dim * multiple if i == axis else dim for i, dim in enumerate(base.shape)])
        self._axis = axis
        self._multiple = multiple

    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        itemsize = self.dtype.itemsize
        num_blocks = math.prod(self._base.shape[: self._axis])
        block_size = math.prod(self._base.shape[self._axis :])
        block_nbytes = block_size * itemsize
        if block_nbytes > MIN_WINDOW_NBYTES:
            for start in range(0, num_blocks * block_size, block_size):
                for _ in range(self._multiple):
                    yield from run(self._base, start, start + block_size, nbytes)
            return
        reader = ElementReader(self._base, nbytes=nbytes)
        per_read = max(1, nbytes // max(1, block_nbytes * self._multiple))
        for first in range(0, num_blocks if self.size else 0, per_read):
            count = min(per_read, num_blocks - first)
            yield from self._repeated(reader.read(count * block_size).reshape(count, block_size), nbytes)
        reader.end()

    def _repeated(self, blocks: np.ndarray[Any, Any], nbytes: int) -> Iterator[memoryview]:
        import numpy as np

        count, block_size = blocks.shape
        if count > 1:
            yield from raw_chunks(np.repeat(blocks[:, None], self._multiple, axis=1), nbytes)
            return
        # One block, which may be a single element that repeats a billion times.
        per_chunk = min(self._multiple, max(1, nbytes // blocks.nbytes))
        pattern = np.tile(blocks[0], per_chunk) if per_chunk > 1 else blocks[0]
        for done in range(0, self._multiple, per_chunk):
            yield from raw_chunks(pattern[: min(per_chunk, self._multiple - done) * block_size], nbytes)

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        return np.tile(elements, [self._multiple if i == self._axis else 1 for i in range(elements.ndim)])
