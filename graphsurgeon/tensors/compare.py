"""Comparison of two tensors, bit by bit.

Both stream, in whatever pieces each comes in, so any two tensors compare in a few
buffers. Everything is read, which is also what makes checksums be verified, except
where both tensors are the same range of the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.neighbours import SMALL_NBYTES, read_small
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor
from proto_utils.files import CHUNK_NBYTES


def aligned(a: Tensor, b: Tensor) -> Iterator[tuple[memoryview, memoryview]]:
    """Yield the raw values of two tensors side by side.

    Parameters
    ----------
    a, b : Tensor
        Of one dtype and shape, with raw values.

    Yields
    ------
    (memoryview, memoryview)
        Equally long, whole elements, valid until the next.

    Raises
    ------
    CorruptionError
        A tensor yields fewer or more bytes than its dtype and shape ask for.
    """
    left, right = ElementReader(a), ElementReader(b)
    step = CHUNK_NBYTES // a.dtype.itemsize
    for first in range(0, a.size, step):
        count = min(step, a.size - first)
        yield left.take(count), right.take(count)
    left.end()
    right.end()


def are_small_and_equal(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors of one dtype and shape, which is not of strings, have the same few bytes.

    False also of those that are large, as is to be found out in pieces. Errors are those of reading both to the end.
    """
    if a.size * a.dtype.itemsize > SMALL_NBYTES:
        return False
    return b"".join(map(bytes, a.chunks())) == b"".join(map(bytes, b.chunks()))


def read_small_pairs(pairs: Sequence[tuple[Tensor, Tensor]]) -> list[tuple[bytes, bytes] | None]:
    """Return the raw values of pairs of one dtype and shape that are small, read with those that lie near them.

    None stands for all others, which `read_small` leaves out on either side, and for what is the same in one file.

    Parameters
    ----------
    pairs : sequence of (Tensor, Tensor)
        At most `MAX_NEIGHBOURS`.
    """
    found: list[tuple[bytes, bytes] | None] = [None] * len(pairs)
    alike = [position for position, (a, b) in enumerate(pairs) if is_same_kind(a, b)]
    # Where the first is, the others are.
    if alike and not is_same_place(*pairs[alike[0]]):
        left, right = (read_small([pairs[position][side] for position in alike]) for side in (0, 1))
        for position, a, b in zip(alike, left, right, strict=True):
            if a is not None and b is not None:
                found[position] = a, b
    return found


def same_values(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors are bit for bit the same: dtype, shape and values.

    Raises
    ------
    UnsupportedError
        The dtype has no values outside a session, so nobody can tell.
    CorruptionError, NotFoundError
        The values cannot be read.
    """
    return is_same_kind(a, b) and first_difference(a, b) is None


def first_difference(a: Tensor, b: Tensor) -> list[int] | None:
    """Return the index of the first element whose bits differ, None when all are equal.

    Parameters
    ----------
    a, b : Tensor
        Of one dtype and shape. Read as far as they are equal, at memory speed.

    Raises
    ------
    UnsupportedError
        The dtype has no values outside a session, so nobody can tell.
    CorruptionError, NotFoundError
        The values cannot be read.
    """
    if is_same_place(a, b):
        return None
    if a.dtype is dtypes.STRING:
        for position, (text, other) in enumerate(zip_longest(a.strings(), b.strings())):
            if text != other:
                return index_of(position, a.shape)
        return None
    if are_small_and_equal(a, b):
        return None
    position = 0
    for x, y in aligned(a, b):
        if not same_bytes(x, y):
            import numpy as np

            byte = int((np.frombuffer(x, np.uint8) != np.frombuffer(y, np.uint8)).argmax())
            return index_of((position + byte) // a.dtype.itemsize, a.shape)
        position += len(x)
    return None


def index_of(position: int, shape: Sequence[int]) -> list[int]:
    """Return the index of an element from its place in C order."""
    index = []
    for dim in reversed(shape):
        position, last = divmod(position, dim)
        index.append(last)
    return index[::-1]


def is_same_kind(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors have one dtype and shape."""
    return a.dtype is b.dtype and a.shape == b.shape


def is_same_place(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors of one dtype and shape are the same without a look at their values.

    They are one object, the same range of the same file, or described alike.
    """
    if a is b:
        return True
    if isinstance(a, FillTensor) and isinstance(b, FillTensor) and a.head == b.head:
        return True
    if isinstance(a, OpaqueTensor) or isinstance(b, OpaqueTensor):
        return False
    here, there = a.stored, b.stored
    if here is not None and there is not None:
        return here.source.identity == there.source.identity and here[1:5] == there[1:5]
    x, y = a.span, b.span
    return x is not None and y is not None and x.source is y.source and (x.start, x.end) == (y.start, y.end)


def same_bytes(a: memoryview, b: memoryview) -> bool:
    """Return whether two pieces of one length are equal; at memory speed, which memoryview's own comparison is not."""
    import numpy as np

    word = np.dtype(np.uint64 if len(a) % 8 == 0 else np.uint8)
    return bool((np.frombuffer(a, word) == np.frombuffer(b, word)).all())
