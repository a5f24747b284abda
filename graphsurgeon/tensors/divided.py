"""Tensors divided into slices, as a partitioned variable is saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Box, Tensor
from proto_utils.errors import UnsupportedError


class DividedTensor(Tensor):
    """A tensor that is to be stored in slices along one axis.

    The slices are those of ``tf.fixed_size_partitioner``: of as equal a length as can be, the longer ones first. The
    first one reads all of the base, whose checksum is of the whole; the others, of a tensor in a file, their rows.

    Parameters
    ----------
    base : Tensor
    num_shards : int
        From 1 to the length of the axis.
    axis : int
        From 0.

    Raises
    ------
    UnsupportedError
        There is no such axis, or it is too short.
    """

    __slots__ = ("_base", "_boxes")

    def __init__(self, base: Tensor, num_shards: int, axis: int = 0) -> None:
        super().__init__(base.dtype, base.shape)
        if not 0 <= axis < len(base.shape):
            raise UnsupportedError(f"no axis {axis} in shape {list(base.shape)}")
        if not 0 < num_shards <= base.shape[axis]:
            raise UnsupportedError(f"{num_shards} slices of an axis of length {base.shape[axis]}")
        self._base = base
        length, num_longer = divmod(base.shape[axis], num_shards)
        starts = [number * length + min(number, num_longer) for number in range(num_shards + 1)]
        bounds = itertools.pairwise(starts)
        self._boxes = [tuple(bound if i == axis else (0, dim) for i, dim in enumerate(base.shape)) for bound in bounds]

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]]:
        """The slices and their bounds."""
        return [
            (box, SlicedTensor(self._base, [range(*bounds) for bounds in box], checked=number == 0))
            for number, box in enumerate(self._boxes)
        ]

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the base's values."""
        return self._base.chunks()

    def strings(self) -> Iterator[bytes]:
        """Yield the base's elements."""
        return self._base.strings()
