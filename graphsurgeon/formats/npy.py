r"""NumPy's ``.npy`` files, written front to back without building an array.

::

    93 "NUMPY" | version | header length | {'descr': '<f4', 'fortran_order': False, 'shape': (3, 64)} ... \n | values

Types that NumPy lacks are written as the raw bytes they take (``|V2`` for bfloat16), as
`numpy.save` does for most; ``numpy.load(...).view(ml_dtypes.bfloat16)`` brings them back.
Source: NumPy's ``numpy/lib/format.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphsurgeon import dtypes
from graphsurgeon.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.sink import Sink


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
        The dtype has no values, or a string ends in NUL, which a fixed-width array would lose.
    """
    import numpy as np

    width = _width(tensor) if tensor.dtype is dtypes.STRING else 0
    header: dict[str, Any] = {"descr": _descr(tensor, width), "fortran_order": False, "shape": tensor.shape}
    np.lib.format.write_array_header_1_0(_File(sink), header)
    for chunk in _padded(tensor, width) if width else tensor.chunks():
        sink.write(chunk)


def _descr(tensor: Tensor, width: int) -> str:
    if width:
        return f"|S{width}"
    held = tensor.dtype.numpy()
    # What ml_dtypes says of its own types is not always understood by numpy.load: '<f1'.
    return held.newbyteorder("<").str if held.isbuiltin == 1 else f"|V{held.itemsize}"


class _File:
    """A sink with the one method that NumPy's header writer calls."""

    def __init__(self, sink: Sink) -> None:
        self.write = sink.write


def _width(tensor: Tensor) -> int:
    """Return how many bytes the longest string takes, at least one."""
    width = 1
    for element in tensor.strings():
        if element.endswith(b"\0"):
            raise UnsupportedError(
                "a string ends in NUL, which a .npy file of fixed-width strings cannot keep",
                hint="without -o the values are printed; --json gives them all",
            )
        width = max(width, len(element))
    return width


def _padded(tensor: Tensor, width: int) -> Iterator[bytes]:
    for element in tensor.strings():
        yield element.ljust(width, b"\0")
