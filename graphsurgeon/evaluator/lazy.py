"""Lazy tensors that are computed when they are read, in blocks where they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.evaluator.distributions import Distribution
from graphsurgeon.evaluator.philox import Philox
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import LimitError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

#: Elements computed at once.
BLOCK_SIZE = 1 << 17

#: What has to be held as a whole, in bytes.
MAX_HELD_NBYTES = 1 << 32

#: What is kept once it was computed, in bytes; larger values are computed anew each time they are read.
_MAX_KEPT_NBYTES = 1 << 24

Array = Any


class RandomTensor(Tensor):
    """A stream of random numbers: samples of a distribution, made as they are read."""

    __slots__ = ("_distribution", "_generator")

    def __init__(self, distribution: Distribution, shape: Sequence[int], generator: Philox) -> None:
        super().__init__(distribution.dtype, shape)
        self._distribution = distribution
        self._generator = generator

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values."""
        import numpy as np

        width = self._distribution.group_size
        size = min(BLOCK_SIZE, nbytes // self.dtype.itemsize)
        per_block, num_groups = max(1, size // width), -(-self.size // width)
        for first in range(0, num_groups, per_block):
            groups = self._distribution.draw(self._generator, first, min(per_block, num_groups - first))
            values = groups.reshape(-1)[: self.size - first * width]
            yield np.ascontiguousarray(values).view(np.uint8).data


class MappedTensor(Tensor):
    """An elementwise function of tensors, each of one shape or of one element, computed block by block.

    Parameters
    ----------
    function : callable
        Takes arrays of one dimension, or scalars, and returns one.
    operands, dtype, shape
        `dtype` and `shape` are those of the result.
    """

    __slots__ = ("_function", "_operands")

    def __init__(
        self, function: Callable[..., Array], operands: Sequence[Tensor], dtype: DType, shape: Sequence[int]
    ) -> None:
        super().__init__(dtype, shape)
        self._function = function
        self._operands = tuple(operands)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values."""
        import numpy as np

        kind, size, step = self.dtype.numpy(), self.size, max(1, min(BLOCK_SIZE, nbytes // self.dtype.itemsize))
        scalars = [tensor.numpy().reshape(()) if tensor.size == 1 else None for tensor in self._operands]
        readers = [
            None if scalar is not None else ElementReader(tensor, tensor.dtype.numpy(), nbytes)
            for scalar, tensor in zip(scalars, self._operands, strict=True)
        ]
        for start in range(0, size, step):
            count = min(step, size - start)
            arguments = [scalars[i] if reader is None else reader.read(count) for i, reader in enumerate(readers)]
            with np.errstate(all="ignore"):
                result = np.asarray(self._function(*arguments)).astype(kind, copy=False)
            yield np.ascontiguousarray(np.broadcast_to(result, (count,))).view(np.uint8).data
        for reader in readers:
            if reader is not None:
                reader.end()


class Computation:
    """A deferred call of a function of whole arrays, whose tuple of results several tensors may share."""

    __slots__ = ("_function", "_kept", "_operands")

    def __init__(self, function: Callable[..., tuple[Array, ...]], operands: Sequence[Tensor]) -> None:
        self._function = function
        self._operands = tuple(operands)
        self._kept: tuple[np.ndarray[Any, Any], ...] | None = None

    def results(self) -> tuple[np.ndarray[Any, Any], ...]:
        """Compute; small results are memoized.

        Raises
        ------
        LimitError
            The operands are too large to be held.
        """
        import numpy as np

        if self._kept is not None:
            return self._kept
        check_held(sum(tensor.nbytes for tensor in self._operands))
        with np.errstate(all="ignore"):
            results = tuple(np.asarray(each) for each in self._function(*(t.numpy() for t in self._operands)))
        if sum(each.nbytes for each in results) <= _MAX_KEPT_NBYTES:
            self._kept = results
        return results


def check_held(nbytes: int) -> None:
    """Raise a `LimitError` if so many bytes are too many to be held at once."""
    if nbytes > MAX_HELD_NBYTES:
        raise LimitError("what has to be held at once, in bytes,", nbytes, MAX_HELD_NBYTES)


class ComputedTensor(Tensor):
    """One of the results of a `Computation`; all of it is in memory while it is read."""

    __slots__ = ("_computation", "_output")

    def __init__(self, dtype: DType, shape: Sequence[int], computation: Computation, output: int = 0) -> None:
        super().__init__(dtype, shape)
        self._computation = computation
        self._output = output

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values as one view."""
        import numpy as np

        result = self._computation.results()[self._output].astype(self.dtype.numpy(), copy=False)
        yield from raw_chunks(np.ascontiguousarray(result), nbytes)
