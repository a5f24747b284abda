"""Tensors that come in pieces which fit nothing, as far as their readers may rely on; and any tensors at all."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, RawTensor, StringTensor
from proto_utils.files import CHUNK_NBYTES, BytesSource, Span

#: Every dtype whose elements have a raw form: bool, int4, bfloat16, quint8, complex128 ...
RAW_DTYPES = [dtype for dtype in map(DType.from_number, range(1, 34)) if dtype.itemsize]
SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


class DrippingTensor(ArrayTensor):
    """An array in chunks of a few bytes, through one reused buffer; it counts how often it is read, and to the end."""

    __slots__ = ("content", "num_reads", "num_starts", "sizes")

    def __init__(self, array, dtype=None, *, sizes=(7,)):
        super().__init__(np.asarray(array), dtype)
        self.content = self._held.tobytes()
        self.sizes = sizes
        self.num_reads = self.num_starts = 0

    def chunks(self, nbytes=0):
        self.num_starts += 1
        buffer, position = bytearray(max(self.sizes)), 0
        for size in itertools.cycle(self.sizes):
            if position == len(self.content):
                break
            piece = self.content[position : position + size]
            position += len(piece)
            buffer[:] = b"\xee" * len(buffer)
            buffer[: len(piece)] = piece
            if position == len(self.content):
                self.num_reads += 1
            yield memoryview(buffer)[: len(piece)]
        if not self.content:
            self.num_reads += 1


class ShortTensor(Tensor):
    """A tensor that yields another number of bytes than it should."""

    __slots__ = ("num_missing",)

    def __init__(self, dtype, shape, num_missing=1):
        super().__init__(dtype, shape)
        self.num_missing = num_missing

    def chunks(self, nbytes=0):
        yield bytes(self.nbytes - self.num_missing)


class UnreadTensor(Tensor):
    """A tensor that must not be read."""

    __slots__ = ()

    def chunks(self, nbytes=0):
        raise AssertionError("was read")


def content(tensor, nbytes=CHUNK_NBYTES):
    """The raw values of a tensor, and the length of its longest piece."""
    pieces = [bytes(piece) for piece in tensor.chunks(nbytes)]
    return b"".join(pieces), max(map(len, pieces), default=0)


def bits(tensor):
    """What a tensor holds, bit by bit, in whatever way its dtype is read."""
    return list(tensor.strings()) if tensor.dtype is dtypes.STRING else content(tensor)[0]


@st.composite
def values(draw, shape, dtype):
    """An array of any bits, or of strings."""
    size = math.prod(shape)
    if dtype is dtypes.STRING:
        array = np.empty(size, dtype=object)
        array[:] = draw(st.lists(st.binary(max_size=3), min_size=size, max_size=size))
    else:
        raw = draw(st.randoms(use_true_random=False)).randbytes(size * dtype.itemsize)
        array = np.frombuffer(raw, dtype.numpy())
    return array.reshape(shape)


@st.composite
def tensors(draw, array, dtype):
    """A tensor with those values, in any of the forms in which they come."""
    if dtype is dtypes.STRING:
        return StringTensor(array.shape, array.reshape(-1).tolist())
    kind = draw(st.sampled_from(["array", "raw", "dripping"]))
    if kind == "array":
        return ArrayTensor(array, dtype)
    if kind == "raw":
        raw = array.tobytes()
        return RawTensor(dtype, array.shape, Span(BytesSource(b"." + raw), 1, 1 + len(raw)))
    return DrippingTensor(array, dtype, sizes=draw(SIZES))


def expected(array, dtype):
    """What `bits` is to be."""
    return array.reshape(-1).tolist() if dtype is dtypes.STRING else array.tobytes()


@st.composite
def tilings(draw, min_dim=0):
    """A shape, from a scalar's to one without elements, and boxes that tile it: cut again and again at any axis."""
    shape = draw(st.lists(st.integers(min_dim, 5), max_size=4))
    boxes = [tuple((0, dim) for dim in shape)]
    for _ in range(draw(st.integers(0, 6)) if shape else 0):
        box = boxes.pop(draw(st.integers(0, len(boxes) - 1)))
        axis = draw(st.integers(0, len(shape) - 1))
        start, stop = box[axis]
        middle = draw(st.integers(start, stop))
        boxes += [(*box[:axis], bounds, *box[axis + 1 :]) for bounds in ((start, middle), (middle, stop))]
    return tuple(shape), draw(st.permutations(boxes))
