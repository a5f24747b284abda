"""Dtypes as numpy's arrays hold them in ``.npy`` files and HDF5 datasets, and back, bit by bit.

========================================= ======================================================================
dtype                                     form
========================================= ======================================================================
what numpy has                            itself, little-endian
bfloat16, float8, float4, 4 and 2 bits    a record of one field: ``[('bfloat16', '<u2')]``, ``[('int4', '|i1')]``
qint8, quint8, qint16, quint16, qint32    likewise, ``[('qint8', '|i1')]``, as TensorFlow's own Python does
string                                    ``S``, as wide as the longest
string, when one of them ends in NUL      ``[('length', '<u8'), ('bytes', 'V7')]``, because ``S`` loses that end
========================================= ======================================================================

So a file says itself what it holds, and ``numpy.load(...).view(ml_dtypes.bfloat16)`` makes numbers of a record.
Read are also big-endian numbers, Fortran order, ``U`` strings (as UTF-8) and ``V2``, which is how `numpy.save`
writes a bfloat16. Pickled objects are never read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import MAX_REPEATED_STRINGS
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

    Form = np.dtype[Any]

Chunks = Iterator["bytes | memoryview"]

#: Strings are not padded to more than this, all together: one long one makes all of them long.
MAX_PADDED_NBYTES = 1 << 33
_COUNTED = ("length", "bytes")
_LENGTH_NBYTES = 8


def form_of(tensor: Tensor) -> Form:
    """Return the numpy dtype that holds a tensor's values; reads strings once, to find the longest.

    Raises
    ------
    UnsupportedError
        The dtype has no values.
    LimitError
        Strings padded to the longest take more than `MAX_PADDED_NBYTES`.
    """
    import numpy as np

    if tensor.dtype is dtypes.STRING:
        return string_form(tensor)
    record = _record_of(tensor.dtype)
    return np.dtype(tensor.dtype.numpy().newbyteorder("<")) if record is None else record


def plain_descr(dtype: DType) -> str | None:
    """Return what numpy's headers call a dtype that numpy has, little-endian; None for others. It needs no numpy."""
    if not dtype.is_numpys:
        return None
    order = "|" if dtype.itemsize == 1 else "<"
    return f"{order}{dtype.kind}{dtype.itemsize}"


def string_form(tensor: Tensor, *, is_counted: bool = False) -> Form:
    """Return the form of a string tensor, with lengths when asked for or needed. Errors as `form_of`."""
    import numpy as np

    width = 1
    for element in tensor.strings():
        width = max(width, len(element))
        is_counted = is_counted or element.endswith(b"\0")
    form = counted_form(width) if is_counted else np.dtype(f"S{width}")
    if form.itemsize * tensor.size > MAX_PADDED_NBYTES:
        what = f"what {tensor.size} strings take in bytes, as long as the longest, {width},"
        raise LimitError(what, form.itemsize * tensor.size, MAX_PADDED_NBYTES)
    return form


def counted_form(width: int) -> Form:
    """Return the form of strings of at most `width` bytes that come with their lengths."""
    import numpy as np

    return np.dtype([(_COUNTED[0], "<u8"), (_COUNTED[1], f"V{width}")])


def form_name(form: Form) -> str:
    """Return a form for people: ``float32``, ``bfloat16 as uint16``."""
    if form.names is None:
        return str(form.name) if form.kind not in "SV" else form.str
    return "strings with their lengths" if form.names == _COUNTED else f"{form.names[0]} as {form[0].name}"


def form_chunks(tensor: Tensor, form: Form) -> Chunks:
    """Yield a tensor's values in the form that `form_of` gave for it."""
    if tensor.dtype is not dtypes.STRING:
        yield from tensor.chunks()
        return
    batch = bytearray()
    for element in tensor.strings():
        if form.names == _COUNTED:
            batch += len(element).to_bytes(_LENGTH_NBYTES, "little")
        batch += element.ljust(form.itemsize if form.names is None else form[1].itemsize, b"\0")
        if len(batch) >= CHUNK_NBYTES:
            yield bytes(batch)
            batch.clear()
    yield bytes(batch)


def dtype_of(form: Form) -> DType:
    """Return the dtype that an array's elements stand for.

    Raises
    ------
    UnsupportedError
        TensorFlow has no such type, or they are pickled objects.
    """
    if form.hasobject:
        raise UnsupportedError("an array of Python objects, which are pickled and not read")
    if form.kind in "SU" or form.names == _COUNTED:
        if form.names is not None and not (form[0] == "<u8" and form[1].kind == "V" and form[1].names is None):
            raise UnsupportedError(f"records of {form.descr}")
        return dtypes.STRING
    if form.names is not None:
        return _dtype_of_record(form)
    if form.kind == "V":
        if form.str[1:] == "V2":
            return dtypes.BFLOAT16
        raise UnsupportedError(f"elements of {form.itemsize} raw bytes, of which nothing says what they mean")
    return DType.of(form)


class FormTensor(Tensor):
    """A tensor kept in a form in some file.

    Parameters
    ----------
    what : str
        What errors call it: the member, the dataset.
    form : numpy.dtype
    shape : sequence of int
    read : callable
        Begins to read: yields the raw elements in pieces of any length; each piece is valid until the next.
    path : str
        The file.
    is_fortran : bool
        The first index runs fastest. Such a tensor is held in memory while it is read.

    Raises
    ------
    UnsupportedError
        As `dtype_of`, with the file.
    """

    __slots__ = ("_form", "_is_fortran", "_path", "_read", "_what")

    def __init__(
        self,
        what: str,
        form: Form,
        shape: Sequence[int],
        read: Callable[[], Chunks],
        *,
        path: str,
        is_fortran: bool = False,
    ) -> None:
        try:
            super().__init__(dtype_of(form), shape)
        except UnsupportedError as error:
            raise UnsupportedError(f"{what}: {error.reason}", path=path) from error
        except CorruptionError as error:
            raise CorruptionError(f"{what}: {error.reason}", path=path) from error
        self._what = what
        self._form = form
        self._read = read
        self._path = path
        self._is_fortran = is_fortran and len(self.shape) > 1

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Chunks:
        """Yield the values, little-endian and in C order.

        Raises
        ------
        UnsupportedError
            It is a string tensor.
        CorruptionError
            The file has fewer or more values, or a checksum differs.
        """
        if self.dtype is dtypes.STRING:
            raise UnsupportedError(f"{self._what} holds strings, which have no raw values; read its strings()")
        chunks = self._in_order()
        yield from chunks if self._form.newbyteorder("<") == self._form else _swapped(chunks, self._form, nbytes)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor in order; errors as `chunks`."""
        if self.dtype is not dtypes.STRING:
            raise UnsupportedError(f"{self._what} is a {self.dtype.name} and has no strings")
        width = self._form.itemsize
        if width == 0:
            if self.size > MAX_REPEATED_STRINGS:
                raise LimitError("number of strings without any bytes", self.size, MAX_REPEATED_STRINGS)
            yield from repeat(b"", self.size)
            return
        for element in pieces(self._in_order(), width):
            yield self._decode(element)

    def _in_order(self) -> Chunks:
        """Yield all the bytes there must be, in C order."""
        import numpy as np

        chunks = self._counted()
        if not self._is_fortran:
            yield from chunks
            return
        buffer = bytearray()
        for chunk in chunks:
            buffer += chunk
        array = np.frombuffer(buffer, dtype=f"V{self._form.itemsize}").reshape(self.shape, order="F")
        # Row by row: the whole in the other order would take as much again.
        for row in array:
            yield np.ascontiguousarray(row).tobytes()

    def _counted(self) -> Chunks:
        wanted, found = self.size * self._form.itemsize, 0
        for chunk in self._read():
            found += len(chunk)
            if found <= wanted:
                yield chunk
        if found != wanted:
            raise CorruptionError(f"{self._what}: {found} bytes of values, not {wanted}", path=self._path)

    def _decode(self, element: bytes) -> bytes:
        if self._form.kind == "S":
            return element.rstrip(b"\0")
        if self._form.kind == "U":
            return self._decode_text(element)
        length = int.from_bytes(element[:_LENGTH_NBYTES], "little")
        if length > len(element) - _LENGTH_NBYTES:
            raise CorruptionError(f"{self._what}: a string of {length} bytes in {len(element)}", path=self._path)
        return element[_LENGTH_NBYTES : _LENGTH_NBYTES + length]

    def _decode_text(self, element: bytes) -> bytes:
        try:
            text = element.decode("utf-32-be" if self._form.str[0] == ">" else "utf-32-le")
            return text.rstrip("\0").encode()
        except UnicodeError as error:
            raise CorruptionError(f"{self._what}: a string that is no Unicode", path=self._path) from error


def pieces(chunks: Iterable[bytes | memoryview], nbytes: int) -> Iterator[bytes]:
    """Cut a stream into pieces of one length; what is left at the end comes last."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        end = len(pending) - len(pending) % nbytes
        whole = bytes(pending[:end])
        del pending[:end]
        for start in range(0, end, nbytes):
            yield whole[start : start + nbytes]
    if pending:
        yield bytes(pending)


def _record_of(dtype: DType) -> Form | None:
    """Return the one-field record of a type that numpy lacks, None for others."""
    import numpy as np

    held = dtype.numpy()
    if held.isbuiltin == 1 and not dtype.is_quantized:
        return None
    kind = "i" if dtype.kind == "i" else "u"
    plain = held.newbyteorder("<").str if dtype.is_quantized else f"<{kind}{held.itemsize}"
    return np.dtype([(dtype.name, plain)])


def _dtype_of_record(form: Form) -> DType:
    with contextlib.suppress(UnsupportedError):
        dtype = DType.of(form)
        if form.newbyteorder("<") == _record_of(dtype):
            return dtype
    raise UnsupportedError(f"records of {form.descr}"[:200])


def _swapped(chunks: Iterable[bytes | memoryview], form: Form, nbytes: int) -> Iterator[bytes]:
    import numpy as np

    for piece in pieces(chunks, nbytes):
        yield np.frombuffer(piece, dtype=form).astype(form.newbyteorder("<")).tobytes()
