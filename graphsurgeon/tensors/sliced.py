"""Slicing: a range of indices, with a step, along every axis; and partitioning of a tensor into slices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.boxes import Box, bands, is_within, num_elements, shape_of
from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype
from graphsurgeon.tensors.tensor import Stored, Tensor, array_shape
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource, Span, is_on_disk
from proto_utils.named_tuple import NamedTuple
from proto_utils.strided import fill_strided

if TYPE_CHECKING:
    import numpy as np


#: What lies between two runs of values is read with them up to this: a call of the system takes as long.
_MIN_GAP_NBYTES = 1 << 13


class _Runs(NamedTuple):
    """Runs of elements of one length at equal distances; `first` is where the first one begins."""

    first: int
    length: int
    stride: int
    number: int


class SlicedTensor(DerivedTensor):
    """A slice of a tensor: the elements whose indices are in a range along every axis.

    Nothing has to be written for a part that is one run of values, such as some rows.

    Parameters
    ----------
    base : Tensor
    ranges : sequence of range
        One for each axis, within it and going up; ``range(*slice.indices(dim))`` makes one of a slice.
    shape : sequence of int, optional
        The part's shape, when not the lengths: of as many elements.
    checked : bool
        Read all of the base, whatever the part, because its checksum is of the whole. Otherwise, where the base lies
        raw in a file, only the pieces of it that have something of the part are read, of a partitioned one only such
        slices, and nothing vouches for the values.

    Raises
    ------
    UnsupportedError
        The number of ranges is another than that of axes, one of them goes down or leaves its axis.
    """

    __slots__ = ("_is_checked", "_ranges")

    def __init__(
        self, base: Tensor, ranges: Sequence[range], *, shape: Sequence[int] | None = None, checked: bool = True
    ) -> None:
        fits = len(ranges) == len(base.shape) and all(
            not r or (r.step > 0 and r[0] >= 0 and r[-1] < dim) for r, dim in zip(ranges, base.shape, strict=True)
        )
        if not fits:
            raise UnsupportedError(f"{[*map(_spell, ranges)]} is not a part of shape {list(base.shape)}")
        super().__init__(base, [*map(len, ranges)] if shape is None else shape)
        self._ranges = tuple(ranges)
        self._is_checked = checked

    @classmethod
    def of_box(cls, base: Tensor, box: Box, *, checked: bool = True) -> SlicedTensor:
        """Return the slice that is a box of a tensor.

        Raises
        ------
        CorruptionError
            The box, which some file names, is not within the tensor.
        """
        if not is_within(box, base.shape):
            extents = [(start, stop - start) for start, stop in box]
            raise CorruptionError(f"slice {extents} is not within a tensor of shape {list(base.shape)}")
        return cls(base, [range(*bounds) for bounds in box], checked=checked)

    def narrowed(self, ranges: Sequence[range], shape: Sequence[int] | None = None) -> SlicedTensor:
        """Return a slice of this slice; of the base, where that is possible, so that as little of it is read.

        Parameters
        ----------
        ranges, shape
            As of the class.
        """
        # Axes of length 1 may have gone, or be new ones.
        own = [indices for indices in ranges if len(indices) != 1 or indices.start]
        long = [each for each in self._ranges if len(each) != 1]
        dims = [dim for dim in self.shape if dim != 1]
        wanted = [indices for indices, dim in zip(ranges, self.shape, strict=True) if dim != 1]
        if self._is_checked or not self.size or [*map(len, long)] != dims or not all(map(len, own)):
            return SlicedTensor(self, ranges, shape=shape, checked=False)
        each = iter(wanted)
        composed = [
            base if len(base) == 1 else base[(r := next(each)).start : r.stop : r.step] for base in self._ranges
        ]
        length = [*map(len, ranges)] if shape is None else shape
        return SlicedTensor(self._base, composed, shape=length, checked=False)

    @property
    def stored(self) -> Stored | None:
        """Where the part is stored, when it is one run of the base's values and these lie in a data file as they are.

        It has no checksum of its own, and whoever computes it reads `chunks`, which verifies that of the base.
        """
        first, ranges, dims = self._run()
        stored = self._base.stored if self.dtype.itemsize and _is_all(ranges, dims) else None
        if stored is None or stored.is_big_endian or not self.size:
            return None
        offset = stored.offset + first * self.dtype.itemsize
        return Stored(stored.source, offset, self.nbytes, None, is_big_endian=False)

    def _run(self) -> tuple[int, list[range], tuple[int, ...]]:
        """Return the run of the base's values that holds the part: its first element, the part in it, its shape.

        Where leading axes have one index, the run is rows of the first other axis.
        """
        dims = self._base.shape
        axis = next((a for a, r in enumerate(self._ranges) if len(r) != 1), len(dims))
        first = sum(r[0] * math.prod(dims[a + 1 :]) for a, r in enumerate(self._ranges[: axis + 1]) if r)
        rows = [range(0, r[-1] - r[0] + 1 if r else 0, r.step) for r in self._ranges[axis : axis + 1]]
        return first, [*rows, *self._ranges[axis + 1 :]], (*(r.stop for r in rows), *dims[axis + 1 :])

    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        import numpy as np

        if not self._is_checked and self._base.parts is not None:
            yield from self._of_parts(self._base.parts, nbytes)
            return
        first, ranges, dims = self._run()
        span = None if self._is_checked else _raw_span(self._base)
        if span is not None:
            itemsize = self.dtype.itemsize
            alone = span.sub(first * itemsize, (first + math.prod(dims)) * itemsize)
            yield from _of_span(alone, itemsize, ranges, dims, nbytes)
            return
        reader = ElementReader(self._base, nbytes=nbytes)
        reader.skip(first)
        if _is_all(ranges, dims):
            yield from reader.pieces(self.size)
        else:
            for band in bands(dims, self.dtype.itemsize, nbytes):
                box = _box_within(ranges, band)
                if box is None:
                    reader.skip(num_elements(band))
                else:
                    piece = reader.read_box(band)[_index(ranges, box, band)]
                    yield from raw_chunks(np.ascontiguousarray(piece), nbytes)
        reader.end()

    def _of_parts(self, parts: Sequence[tuple[Box, Tensor]], nbytes: int) -> Iterator[bytes | memoryview]:
        """Yield the values of a part of a partitioned tensor: of its slices, what is in this one."""
        shared = []
        for frame, tensor in parts:
            box = _box_within(self._ranges, frame)
            if box is not None:
                ranges = [range(s.start, s.stop, s.step) for s in _index(self._ranges, box, frame)]
                shared.append((box, SlicedTensor(tensor, ranges, checked=False)))
        path = self._base.path if isinstance(self._base, JoinedTensor) else None
        found = sum(piece.size for _, piece in shared)
        if found != self.size:
            reason = f"the tensor's slices have {found} of the {self.size} elements of this part"
            raise CorruptionError(reason, path=path)
        if shared:
            yield from JoinedTensor([*map(len, self._ranges)], shared, path=path).chunks(nbytes)

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        # The dots keep the array of a scalar an array.
        where: tuple[Any, ...] = (*(slice(r.start, r.stop, r.step) for r in self._ranges), ...)
        found: np.ndarray[Any, Any] = elements[where]
        return found


class DividedTensor(Tensor):
    """A partitioned tensor made of a whole one: to be stored in slices along one axis.

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
    def bases(self) -> Sequence[Tensor]:
        """The whole."""
        return (self._base,)

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]]:
        """The slices and their bounds."""
        return [
            (box, SlicedTensor.of_box(self._base, box, checked=number == 0)) for number, box in enumerate(self._boxes)
        ]

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the base's values."""
        return self._base.chunks(nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the base's elements."""
        return self._base.strings()


def _of_span(
    span: Span, itemsize: int, ranges: Sequence[range], dims: Sequence[int], nbytes: int
) -> Iterator[bytes | memoryview]:
    """Yield the values of a part of a run of values in a file; pieces of it that have none of them are not read."""
    import numpy as np

    if _is_all(ranges, dims):
        yield from span.chunks(nbytes)
        return
    runs = _runs(ranges, dims)
    if runs is not None and is_on_disk(span.source) and (runs.stride - runs.length) * itemsize >= _MIN_GAP_NBYTES:
        yield from _of_runs(span.source, span, itemsize, runs, nbytes)
        return
    start = 0
    for band in bands(dims, itemsize, nbytes):
        stop = start + num_elements(band) * itemsize
        box = _box_within(ranges, band)
        if box is not None:
            values = np.frombuffer(span.sub(start, stop).read(), raw_dtype(itemsize)).reshape(
                array_shape(shape_of(band))
            )
            yield from raw_chunks(np.ascontiguousarray(values[_index(ranges, box, band)]), nbytes)
        start = stop


def _runs(ranges: Sequence[range], dims: Sequence[int]) -> _Runs | None:
    """Return a part of a run of values, which is not all of it, as runs at equal distances; None when it is not."""
    axis = max(axis for axis, dim in enumerate(dims) if ranges[axis] != range(dim))
    inner = math.prod(dims[axis + 1 :])
    along = ranges[axis]
    if axis == 0:
        return _Runs(along.start * inner, inner, along.step * inner, len(along))
    if not along or along.step != 1 or any(ranges[other] != range(dims[other]) for other in range(axis)):
        return None
    return _Runs(along.start * inner, len(along) * inner, dims[axis] * inner, math.prod(dims[:axis]))


def _of_runs(source: FileSource, span: Span, itemsize: int, runs: _Runs, nbytes: int) -> Iterator[memoryview]:
    """Yield runs of values in a file, as many as a piece may take; what lies between them is not read."""
    first, length, stride = (count * itemsize for count in runs[:3])
    if length > nbytes:
        for start in range(first, first + runs.number * stride, stride):
            yield from span.sub(start, start + length).chunks(nbytes)
        return
    step = nbytes // length
    buffer = memoryview(bytearray(min(step, runs.number) * length))
    for number in range(0, runs.number, step):
        view = buffer[: (runs.number - number) * length]
        fill_strided(source, view, span.start + first + number * stride, length, stride)
        yield view


def _raw_span(tensor: Tensor) -> Span | None:
    """Return where a file holds the values of a tensor as they are, None when none does."""
    if tensor.span is not None:
        return tensor.span
    stored = tensor.stored
    if stored is None or stored.is_big_endian:
        return None
    return Span(stored.source, stored.offset, stored.offset + stored.nbytes)


def _is_all(ranges: Sequence[range], dims: Sequence[int]) -> bool:
    return all(r == range(dim) for r, dim in zip(ranges, dims, strict=True)) or 0 in dims


def _box_within(ranges: Sequence[range], frame: Box) -> Box | None:
    """Return what of a part lies in a box of the base, as a box of the part; None when that is nothing."""
    box = []
    for wanted, (start, stop) in zip(ranges, frame, strict=True):
        first, last = (-(-(bound - wanted.start) // wanted.step) for bound in (start, stop))
        first, last = max(first, 0), min(last, len(wanted))
        if first >= last:
            return None
        box.append((first, last))
    return tuple(box)


def _index(ranges: Sequence[range], box: Box, frame: Box) -> tuple[slice, ...]:
    """Return where a box of the part is in an array that holds a box of the base."""
    chosen = [wanted[first:last] for wanted, (first, last) in zip(ranges, box, strict=True)]
    return tuple(slice(r.start - start, r.stop - start, r.step) for r, (start, _) in zip(chosen, frame, strict=True))


def _spell(indices: range) -> str:
    return f"{indices.start}:{indices.stop}" + (f":{indices.step}" if indices.step != 1 else "")
