"""Concatenation and overlay: tensors made of several others, each of which is read forward exactly once.

A tensor of any size is assembled in a few buffers, and the checksum of every part is verified on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import Box, bands, in_sequence, intersection, is_tiling, shape_of, whole, within
from graphsurgeon.tensors.pieces import ElementReader, raw_chunks, raw_dtype, run
from graphsurgeon.tensors.tensor import Extents, Tensor, array_shape
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES

_MIN_CHUNK_NBYTES = 1 << 12


class JoinedTensor(Tensor):
    """The concatenation of boxes, along any axes: a partitioned tensor, assembled as it is read.

    Parameters
    ----------
    shape : sequence of int
    parts : sequence of (Box, Tensor)
        At least one; all of one dtype. Whether they cover the whole, without overlap, is checked when it is read.
    name : str
        What errors call the tensor.
    slices : sequence of Extents, optional
        The boxes as an index has them.
    path : str, optional
        The file that says which parts there are, for errors.
    """

    __slots__ = ("_name", "_parts", "_slices", "path")

    def __init__(
        self,
        shape: Sequence[int],
        parts: Sequence[tuple[Box, Tensor]],
        *,
        name: str = "",
        slices: Sequence[Extents] | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(parts[0][1].dtype, shape)
        self._name = name
        #: The file that says which parts there are.
        self.path = path
        self._parts = tuple(parts)
        self._slices = slices

    @property
    def bases(self) -> Sequence[Tensor]:
        """The slices."""
        return [part for _, part in self._parts]

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]]:
        """The slices and their bounds."""
        return self._parts

    @property
    def slices(self) -> Sequence[Extents]:
        """The slices as an index has them."""
        return super().slices if self._slices is None else self._slices

    @property
    def is_complete(self) -> bool:
        """True when the parts are of the shapes of their boxes, cover the whole, and no two of them overlap."""
        fits = all(part.shape == shape_of(box) for box, part in self._parts)
        return fits and is_tiling([box for box, _ in self._parts], self.shape)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values: parts that follow one another as they are, others woven together in bands.

        Raises
        ------
        CorruptionError
            The parts do not cover the tensor, one of them is too short or too long, or a checksum differs.
        """
        if not self.dtype.itemsize:
            yield from super().chunks(nbytes)
        parts = self._covering()
        ordered = in_sequence(parts, self.shape)
        if ordered is None:
            yield from self._woven(parts, nbytes)
        else:
            for part in ordered:
                yield from run(part, 0, part.size, nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor; parts that do not follow one another are held in memory."""
        if self.dtype is not dtypes.STRING:
            yield from super().strings()
        parts = self._covering()
        ordered = in_sequence(parts, self.shape)
        if ordered is None:
            yield from self._woven_strings(parts)
        else:
            for part in ordered:
                yield from part.strings()

    def _covering(self) -> list[tuple[Box, Tensor]]:
        """Return the parts that have elements, which together are the whole."""
        parts = [(box, part) for box, part in self._parts if part.size]
        stored = sum(part.size for _, part in parts)
        what = f"tensor {self._name!r}" if self._name else self.describe()
        if stored != self.size:
            have = "its only slice has" if len(parts) == 1 else f"its {len(parts)} slices have"
            raise CorruptionError(
                f"{what}: {have} {stored} of {self.size} elements",
                path=self.path,
                hint="a checkpoint of part of a variable has no whole value",
            )
        if not self.is_complete:
            raise CorruptionError(f"{what}: its {len(parts)} slices do not lie side by side", path=self.path)
        return parts

    def _woven(self, parts: Sequence[tuple[Box, Tensor]], nbytes: int) -> Iterator[memoryview]:
        import numpy as np

        # The parts' buffers together take what one would.
        share = max(_MIN_CHUNK_NBYTES, nbytes // len(parts) & ~15)
        readers = [(box, ElementReader(part, nbytes=share)) for box, part in parts]
        for band in bands(self.shape, self.dtype.itemsize, nbytes):
            out = np.empty(array_shape([stop - start for start, stop in band]), raw_dtype(self.dtype.itemsize))
            for box, reader in readers:
                shared = intersection(band, box)
                if shared is not None:
                    out[within(shared, band)] = reader.read_box(shared)
            yield from raw_chunks(out, nbytes)
        for _, reader in readers:
            reader.end()

    def _woven_strings(self, parts: Sequence[tuple[Box, Tensor]]) -> Iterator[bytes]:
        import numpy as np

        joined = np.empty(array_shape(self.shape), dtype=object)
        for box, part in parts:
            joined[within(box, whole(self.shape))] = part.numpy()
        yield from joined.reshape(-1).tolist()


class OverlaidTensor(Tensor):
    """A tensor whose first elements along every axis are those of another one: a head that got more classes.

    Both are read forward, in bands of about 1 MiB.

    Parameters
    ----------
    base : Tensor
        What is below, and shows where `top` does not reach.
    top : Tensor
        Of the same dtype and rank, and nowhere longer.

    Raises
    ------
    UnsupportedError
        It is not so, or they are strings.
    """

    __slots__ = ("_base", "_top")

    def __init__(self, base: Tensor, top: Tensor) -> None:
        super().__init__(base.dtype, base.shape)
        is_below = len(top.shape) == len(base.shape) and all(
            dim <= below for dim, below in zip(top.shape, base.shape, strict=True)
        )
        if not (is_below and top.dtype is base.dtype and base.dtype.itemsize):
            raise UnsupportedError(f"{top!r} does not lie within {base!r}")
        self._base = base
        self._top = top

    @property
    def bases(self) -> Sequence[Tensor]:
        """Both."""
        return (self._base, self._top)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values."""
        below, above = ElementReader(self._base, nbytes=nbytes), ElementReader(self._top, nbytes=nbytes)
        box = whole(self._top.shape)
        for band in bands(self.shape, self.dtype.itemsize, nbytes):
            values = below.read_box(band)
            shared = intersection(band, box)
            if shared is not None:
                values = values.copy()
                values[within(shared, band)] = above.read_box(shared)
            yield from raw_chunks(values, nbytes)
        below.end()
        above.end()
