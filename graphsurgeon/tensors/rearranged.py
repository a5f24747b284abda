"""Transposition and reversal: tensors whose elements are in another order.

Seen through the right strides, the result *is* the base. So the result is laid out in memory, looked at as if it were
the base, and the base is streamed into it front to back; then the result is handed out. Axes in front of the first one
that moves only divide the tensor into blocks, and one block at a time is in memory.

A block of more than `MIN_WINDOW_NBYTES` is made in up to eight windows, or in windows of `MAX_WINDOW_NBYTES`. The first
one reads all of the base, which verifies it; each of the others reads what it needs, which in a transposed matrix is a
part of every row. That comes out of the page cache as a rule, and memory does not grow.
"""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors.boxes import Box, bands, intersection, num_elements, shape_of, whole, within
from graphsurgeon.tensors.derived import DerivedTensor
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype
from graphsurgeon.tensors.sliced import SlicedTensor
from graphsurgeon.tensors.tensor import Tensor, array_shape
from proto_utils.errors import UnsupportedError
from proto_utils.files import is_on_disk
from proto_utils.threads import in_order, num_threads

if TYPE_CHECKING:
    import numpy as np

#: What is laid out in memory: all of a block of up to this.
MIN_WINDOW_NBYTES = 1 << 26
#: Of a larger one, up to this.
MAX_WINDOW_NBYTES = 1 << 28
_NUM_WINDOWS = 8
#: A window may be larger by so much when there is one less for it.
_LARGER = 1.1
#: What is filled of a line of the target at a time.
_SLAB_NBYTES = 512
#: Elements beside one along the axis that is divided; a call of numpy costs more than copying fewer.
_MIN_SLAB = 256


class RearrangedTensor(DerivedTensor):
    """A tensor of which a box is a box of its base, with the axes in another order or direction.

    Parameters
    ----------
    num_fixed : int
        Leading axes that are the base's.
    """

    __slots__ = ("_num_fixed",)

    def __init__(self, base: Tensor, shape: Sequence[int], num_fixed: int) -> None:
        super().__init__(base, shape)
        self._num_fixed = num_fixed

    @abstractmethod
    def _base_box(self, box: Box) -> Box:
        """Return where in the base a box of the result comes from."""

    @abstractmethod
    def _as_base(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Look at an array that holds a box of the result as the box of the base."""

    def _raw(self, nbytes: int) -> Iterator[bytes | memoryview]:
        import numpy as np

        itemsize = self.dtype.itemsize
        block = self.shape[self._num_fixed :]
        block_nbytes = math.prod(block) * itemsize
        if block_nbytes > MIN_WINDOW_NBYTES:
            window_nbytes = max(MIN_WINDOW_NBYTES, min(MAX_WINDOW_NBYTES, block_nbytes // _NUM_WINDOWS))
            # A small rest would be another reading.
            larger = -(-block_nbytes // (block_nbytes // window_nbytes))
            yield from self._in_windows(larger if larger <= window_nbytes * _LARGER else window_nbytes, nbytes)
            return
        reader = ElementReader(self._base, nbytes=nbytes)
        # One buffer for all blocks: memory that was never used costs more than what is done with it.
        buffer = np.empty(min(self.size, max(nbytes, block_nbytes) // itemsize), raw_dtype(itemsize))
        for outer in bands(self.shape[: self._num_fixed], block_nbytes, nbytes) if self.size else ():
            box = (*outer, *whole(block))
            yield from raw_chunks(self._filled(buffer, box, reader, self._base_box(box), nbytes), nbytes)
        reader.end()

    def _in_windows(self, window_nbytes: int, nbytes: int) -> Iterator[memoryview]:
        import numpy as np

        itemsize = self.dtype.itemsize
        dims = self._base.shape
        buffer = np.empty(min(self.size, max(1, window_nbytes // itemsize)), raw_dtype(itemsize))
        for number, box in enumerate(bands(self.shape, itemsize, window_nbytes)):
            if number == 0:
                reader = ElementReader(self._base, nbytes=nbytes)
                result = self._filled(buffer, box, reader, whole(dims), nbytes)
                reader.end()
            else:
                result = self._filled_again(buffer, box, nbytes)
            yield from raw_chunks(result, nbytes)

    def _filled_again(self, buffer: np.ndarray[Any, Any], box: Box, nbytes: int) -> np.ndarray[Any, Any]:
        """Return a box of the result, laid out in a buffer: threads read what belongs there, each some of the rows."""
        wanted = self._base_box(box)
        first, stop = wanted[0]
        # What is computed, or unpacked, would be so by each of them, up to its rows.
        place = self._base.stored or self._base.span
        is_shared = place is not None and is_on_disk(place.source)
        count = max(1, min(num_threads(), len(buffer) * self.dtype.itemsize // nbytes)) if is_shared else 1
        cuts = [first + (stop - first) * number // count for number in range(count + 1)]

        def fill(rows: tuple[int, int]) -> np.ndarray[Any, Any]:
            run = (rows, *wanted[1:])
            reader = ElementReader(SlicedTensor.of_box(self._base, run, checked=False), nbytes=nbytes)
            result = self._filled(buffer, box, reader, run, nbytes)
            reader.end()
            return result

        parts = [*in_order(fill, [rows for rows in itertools.pairwise(cuts) if rows[0] < rows[1]])]
        return parts[-1]

    def _filled(
        self, buffer: np.ndarray[Any, Any], box: Box, reader: ElementReader, run: Box, nbytes: int
    ) -> np.ndarray[Any, Any]:
        """Return a box of the result, laid out in a buffer: what belongs there of a run of the base's elements."""
        result = buffer[: num_elements(box)].reshape(array_shape(shape_of(box)))
        target = self._as_base(result)
        wanted = self._base_box(box)
        for band in bands(shape_of(run), self.dtype.itemsize, nbytes):
            piece = reader.read_box(band)
            place = tuple((start + a, start + b) for (a, b), (start, _) in zip(band, run, strict=True))
            shared = intersection(place, wanted)
            if shared is not None:
                # The dots keep a view a view where there are no axes.
                here: tuple[Any, ...] = (*within(shared, wanted), ...)
                there: tuple[Any, ...] = (*within(shared, place), ...)
                _assign(target[here], piece[there])
        return result


def _assign(target: np.ndarray[Any, Any], piece: np.ndarray[Any, Any]) -> None:
    """Copy a piece to where it belongs, in slabs: of each line of the target some cache lines in a row.

    numpy goes through a transposed copy line by line of the target, in calls that are worth their while from a hundred
    elements on; what it takes these from is to be in a cache still when the next line takes what lies beside.
    """
    moving = [axis for axis, dim in enumerate(piece.shape) if dim > 1]
    fast = min(moving, key=lambda axis: abs(target.strides[axis]), default=0)
    step = _SLAB_NBYTES // piece.itemsize
    if moving and fast != moving[-1] and piece.shape[fast] > step and piece.size >= _MIN_SLAB * piece.shape[fast]:
        for start in range(0, piece.shape[fast], step):
            slab = (slice(None),) * fast + (slice(start, start + step),)
            target[slab] = piece[slab]
    else:
        target[...] = piece


class TransposedTensor(RearrangedTensor):
    """A tensor with its axes in another order, as ``tf.transpose`` gives.

    Parameters
    ----------
    base : Tensor
    perm : sequence of int
        Axis i of the result is axis ``perm[i]`` of the base.

    Raises
    ------
    UnsupportedError
        `perm` is not a permutation of the base's axes.
    """

    __slots__ = ("_perm",)

    def __init__(self, base: Tensor, perm: Sequence[int]) -> None:
        if sorted(perm) != list(range(len(base.shape))):
            raise UnsupportedError(f"{list(perm)} is not an order of the axes of shape {list(base.shape)}")
        num_fixed = next((i for i, axis in enumerate(perm) if i != axis), len(perm))
        super().__init__(base, [base.shape[axis] for axis in perm], num_fixed)
        self._perm = tuple(perm)

    def _base_box(self, box: Box) -> Box:
        return tuple(bounds for _, bounds in sorted(zip(self._perm, box, strict=True)))

    def _as_base(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        inverse = tuple(sorted(range(len(self._perm)), key=self._perm.__getitem__))
        view: np.ndarray[Any, Any] = result.transpose(inverse)
        return view

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        view: np.ndarray[Any, Any] = elements.transpose(self._perm)
        return view


class ReversedTensor(RearrangedTensor):
    """A tensor with some axes in the other direction, as ``tf.reverse`` gives.

    Parameters
    ----------
    base : Tensor
    axes : sequence of int
        From 0; each at most once.

    Raises
    ------
    UnsupportedError
        An axis does not exist, or is given twice.
    """

    __slots__ = ("_axes",)

    def __init__(self, base: Tensor, axes: Sequence[int]) -> None:
        self._axes = frozenset(axes)
        if len(self._axes) != len(axes) or not self._axes <= set(range(len(base.shape))):
            raise UnsupportedError(f"{list(axes)} are not different axes of shape {list(base.shape)}")
        super().__init__(base, base.shape, min(axes, default=len(base.shape)))

    def _base_box(self, box: Box) -> Box:
        return tuple(
            (dim - stop, dim - start) if axis in self._axes else (start, stop)
            for axis, ((start, stop), dim) in enumerate(zip(box, self.shape, strict=True))
        )

    def _as_base(self, result: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        turned = (slice(None, None, -1 if axis in self._axes else 1) for axis in range(result.ndim))
        # The dots keep a view a view where there are no axes, which numpy's flip does not.
        index: tuple[Any, ...] = (*turned, ...)
        view: np.ndarray[Any, Any] = result[index]
        return view

    def _arranged(self, elements: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return self._as_base(elements)
