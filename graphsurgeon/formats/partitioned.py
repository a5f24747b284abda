"""Tensors that are stored in slices: put together as they are read.

Whatever the slices, each is read front to back exactly once while the whole is
handed out front to back: the elements of a slice come in the same order in both.
So a tensor of any size is assembled in a few buffers, and the checksum of every
slice is verified on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphsurgeon.formats.bundle_tensors import BundleTensor
from graphsurgeon.formats.v1_tensors import V1Slice
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.bands import in_sequence, shared_nbytes, weave
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Box, Slice, Tensor
from proto_utils.errors import CorruptionError, UnsupportedError


class PartitionedTensor(Tensor):
    """A tensor stored in slices, assembled as it is read; never whole in memory.

    Parameters
    ----------
    name : str
    dtype : DType
    shape : tuple of int
    parts : sequence of (Box, Tensor)
        Slices and their bounds; no two overlap.
    slices : sequence of Slice, optional
        The slices as an index has them, where a length of -1 means all of a dimension.
    """

    __slots__ = ("_all_parts", "_name", "_parts", "_slices")

    def __init__(
        self,
        name: str,
        dtype: DType,
        shape: Sequence[int],
        parts: Sequence[tuple[Box, Tensor]],
        slices: Sequence[Slice] | None = None,
    ) -> None:
        super().__init__(dtype, shape)
        self._name = name
        self._all_parts = tuple(parts)
        self._parts = [(box, tensor) for box, tensor in parts if tensor.size]
        self._slices = slices

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]]:
        """The slices and their bounds."""
        return self._all_parts

    @property
    def slices(self) -> Sequence[Slice]:
        """The slices as an index has them."""
        return super().slices if self._slices is None else self._slices

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the values of the whole tensor in order.

        Slices along the leading axis follow one another; others are woven together
        in bands of about 1 MiB.

        Raises
        ------
        CorruptionError
            The slices do not cover the tensor, or a checksum differs.
        """
        self._check_covered()
        ordered = in_sequence(self._parts, self.shape)
        if ordered is None:
            yield from self._woven()
        else:
            for part in ordered:
                yield from part.chunks()

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of the whole tensor in order; slices off the leading axis are held in memory."""
        if self.dtype is not dtypes.STRING:
            raise UnsupportedError(f"tensor {self._name!r} is a {self.dtype.name} and has no strings")
        self._check_covered()
        ordered = in_sequence(self._parts, self.shape)
        if ordered is None:
            yield from self._woven_strings()
        else:
            for part in ordered:
                yield from part.strings()

    def _check_covered(self) -> None:
        stored = sum(tensor.size for _, tensor in self._parts)
        if stored != self.size:
            raise CorruptionError(
                f"tensor {self._name!r}: its {len(self._parts)} slices hold {stored} of {self.size} elements",
                hint="a checkpoint of part of a variable has no whole value",
            )

    def _woven(self) -> Iterator[memoryview]:
        nbytes = shared_nbytes(len(self._parts))
        streams = [(box, _chunks(tensor, nbytes)) for box, tensor in self._parts]
        return weave(self.shape, self.dtype.itemsize, streams)

    def _woven_strings(self) -> Iterator[bytes]:
        import numpy as np

        out = np.empty(self.shape, dtype=object)
        for box, tensor in self._parts:
            out[tuple(slice(start, stop) for start, stop in box)] = tensor.numpy()
        yield from out.reshape(-1)


def _chunks(tensor: Tensor, nbytes: int) -> Iterator[bytes | memoryview]:
    return tensor.chunks(nbytes) if isinstance(tensor, (BundleTensor, V1Slice)) else tensor.chunks()
