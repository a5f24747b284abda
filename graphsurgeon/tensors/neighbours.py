"""Small tensors that lie near each other in a file, read many at a time.

A call of the system for each costs more than its bytes do, and far away a request for each costs seconds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from graphsurgeon.tensors.tensor import Tensor

#: How many are read at a time, and up to what size each, of which there may be a million: that is a few MiB of their
#: file, gaps included.
MAX_NEIGHBOURS, SMALL_NBYTES = 1 << 10, 1 << 12
#: What is read along between two of them.
_MAX_GAP_NBYTES = 1 << 12

#: Where values lie: offset and number of bytes, with whatever belongs to them behind.
Range = tuple[Any, ...]


class NeighbourTensor(Tensor, ABC):
    """A tensor that is stored among others of its kind."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def read_together(cls, tensors: Sequence[Any]) -> list[bytes | None]:
        """Return the raw values of those tensors of this kind that have at most `SMALL_NBYTES`, None for others.

        None stands also for values with which something is wrong: reading that tensor by itself says what.
        """


def read_small(tensors: Sequence[Tensor]) -> list[bytes | None]:
    """Return the raw values of at most `MAX_NEIGHBOURS` tensors, as far as these are small and lie near each other.

    The others, for which None stands, are to be read by themselves; so are those with which something is wrong.
    """
    values: list[bytes | None] = [None] * len(tensors)
    for kind in set(map(type, tensors)):
        if issubclass(kind, NeighbourTensor):
            positions = [position for position, tensor in enumerate(tensors) if type(tensor) is kind]
            found = kind.read_together([tensors[position] for position in positions])
            for position, value in zip(positions, found, strict=True):
                values[position] = value
    return values


def runs(ranges: Sequence[Range]) -> Iterator[tuple[int, int, Sequence[Range]]]:
    """Yield where ranges that lie near each other begin and end together, and these; the ranges are in order."""
    first = 0
    end = ranges[0][0] if ranges else 0
    for number, (offset, nbytes, *_) in enumerate(ranges):
        if offset - end > _MAX_GAP_NBYTES:
            yield ranges[first][0], end, ranges[first:number]
            first = number
        end = max(end, offset + nbytes)
    if ranges:
        yield ranges[first][0], end, ranges[first:]
