r"""NumPy's ``.npy`` files, written front to back without building an array.

::

    93 "NUMPY" | version | header length | {'descr': '<f4', 'fortran_order': False, 'shape': (3, 64)} ... \n | values

What stands in ``descr`` for each dtype, those that numpy lacks too, tells `graphsurgeon.formats.arrays.forms`.
Source: NumPy's ``numpy/lib/format.py``.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.arrays.forms import form_chunks, form_of, plain_descr
from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE, Tensor
from proto_utils import meter
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.sink import Sink

if TYPE_CHECKING:
    import numpy as np

_MAGIC = b"\x93NUMPY"
_LONG = re.compile(r"(?<=\d)L(?=[,)])")
#: What numpy aligns values to, and leaves for the digits of the first axis.
_ALIGNMENT, _GROWTH_NUM_DIGITS = 64, 21
#: Version and length of a header.
_PREFIX_NBYTES = 4
_KEYS = {"descr", "fortran_order", "shape"}
#: numpy reads no longer headers either, because what parses them takes time and memory far beyond their length.
_MAX_HEADER_NBYTES = 10_000


@dataclass(frozen=True)
class NpyHeader:
    """The header of a ``.npy`` file.

    Attributes
    ----------
    form : numpy.dtype
    shape : tuple of int
    is_fortran : bool
        The first index runs fastest.
    nbytes : int
        Where the values begin.
    """

    form: np.dtype[Any]
    shape: tuple[int, ...]
    is_fortran: bool
    nbytes: int

    @property
    def values_nbytes(self) -> int:
        """Length of the values."""
        return math.prod(self.shape) * self.form.itemsize


def write_npy(tensor: Tensor, sink: Sink) -> None:
    """Write a tensor as a ``.npy`` file.

    Parameters
    ----------
    tensor : Tensor
        Read once and streamed; strings twice, because their longest is needed first.
    sink : Sink

    Raises
    ------
    UnsupportedError
        The dtype has no values.
    """
    descr = plain_descr(tensor.dtype)
    if descr is not None:
        header = _encode_header(descr, tensor.shape)
        meter.expect(len(header) + tensor.nbytes, written=True)
        chunks = tensor.chunks()
    else:
        form = form_of(tensor)
        header = encode_header(form, tensor.shape)
        meter.expect(len(header) + form.itemsize * tensor.size, written=True)
        chunks = form_chunks(tensor, form)
    sink.write(header)
    for chunk in chunks:
        sink.write(chunk)


def encode_header(form: np.dtype[Any], shape: Sequence[int]) -> bytes:
    """Return the bytes before the values."""
    import numpy as np

    return _encode_header(np.lib.format.dtype_to_descr(form), shape)


def _encode_header(descr: object, shape: Sequence[int]) -> bytes:
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    if shape:
        # Room for the first axis to grow in place.
        text += " " * (_GROWTH_NUM_DIGITS - len(str(shape[0])))
    length = len(text) + 1
    length += -(len(_MAGIC) + _PREFIX_NBYTES + length) % _ALIGNMENT
    prefix = _MAGIC + b"\1\0" + length.to_bytes(2, "little")
    return prefix + text.encode("latin1").ljust(length - 1) + b"\n"


def read_header(read: Callable[[int], bytes], what: str, path: str) -> NpyHeader:
    """Read the bytes before the values.

    Parameters
    ----------
    read : callable
        Returns the next so many bytes, fewer at the end.
    what, path : str
        What errors call it, and the file.

    Raises
    ------
    UnsupportedError
        It is no array, or of a newer kind.
    CorruptionError
        It is damaged.
    """
    start = read(8)
    if not start.startswith(_MAGIC):
        raise UnsupportedError(f"{what} is no .npy array", path=path)
    if start[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise UnsupportedError(f"{what}: unknown version {list(start[6:])} of the format", path=path)
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(read(width), "little")
    text = read(min(length, _MAX_HEADER_NBYTES))
    if len(text) != length:
        raise CorruptionError(f"{what}: a header of {length} bytes, {len(text)} are there", path=path)
    try:
        form, shape, is_fortran = _parse(text.decode("utf-8" if start[6] == 3 else "latin1"))
    except (ValueError, SyntaxError, TypeError, LookupError, RecursionError, MemoryError) as error:
        raise CorruptionError(f"{what}: a header that makes no sense: {text[:60]!r}", path=path) from error
    return NpyHeader(form, shape, is_fortran, len(start) + width + length)


def _parse(text: str) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """Return form, shape and order; any of several errors when the text is not as it should be."""
    # Python 2 on some systems wrote (3L, 64L).
    header = ast.literal_eval(_LONG.sub("", text))
    if not isinstance(header, dict) or header.keys() != _KEYS:
        raise ValueError("other keys")
    shape, is_fortran = header["shape"], header["fortran_order"]
    if not isinstance(shape, tuple) or not all(type(dim) is int and 0 <= dim <= MAX_SIZE for dim in shape):
        raise TypeError("no shape")
    if len(shape) > MAX_RANK or not isinstance(is_fortran, bool):
        raise TypeError("no order, or too many dimensions")
    form = _form_of(header["descr"])
    if form.subdtype is not None:
        raise TypeError("arrays as elements")
    return form, shape, is_fortran


def _form_of(descr: Any) -> np.dtype[Any]:
    """Return the numpy dtype that a header names; ml_dtypes writes a float8_e5m2 as what numpy would call ``f1``."""
    import numpy as np

    if descr in ("<f1", "|f1", ">f1"):
        from graphsurgeon.tensors.dtypes import FLOAT8_E5M2

        return FLOAT8_E5M2.numpy()
    form: np.dtype[Any] = np.lib.format.descr_to_dtype(descr)
    return form
