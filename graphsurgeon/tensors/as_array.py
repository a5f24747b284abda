"""Tensors as numpy asks for them: the array protocol of numpy 1 and 2, and values put into an array that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import bands
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor, array_shape

if TYPE_CHECKING:
    import numpy as np


def as_array(tensor: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """Return the values as numpy's ``__array__`` is to give them.

    Parameters
    ----------
    tensor : Tensor
    dtype : dtype, optional
    copy : bool, optional
        False for an array that shares memory, which is not to be written to: the tensor is others', too. None and True
        for one that the caller owns.

    Raises
    ------
    ValueError
        There is no such array to share; by numpy's protocol it is this error.
    """
    if copy is False:
        shared = tensor._shared()
        if shared is None or (dtype is not None and shared.dtype != dtype):
            what = "another dtype" if shared is not None else "an array"
            raise ValueError(f"{tensor.describe()} is read into a new array: there is no memory of {what} to share")
        view: np.ndarray[Any, Any] = shared.view()
        view.flags.writeable = False
        return view
    values = tensor.numpy()
    return values if dtype is None else values.astype(dtype, copy=False)


def fill(tensor: Tensor, out: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Put all values of a tensor into an array and return it; no second array is made. Errors as `Tensor.numpy`."""
    import numpy as np

    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is a numpy array, not a {type(out).__name__}")
    if tensor.dtype.itemsize == 0 and tensor.dtype is not dtypes.STRING:
        return tensor.numpy()
    wanted = tensor.dtype.numpy()
    if out.shape != array_shape(tensor.shape) or out.dtype != wanted:
        found = f"{out.dtype} {list(out.shape)}"
        raise TypeError(f"out is an array of {found}, the values are {wanted} {list(tensor.shape)}")
    if not out.flags.writeable:
        raise TypeError("out is an array that cannot be written to")
    if tensor.dtype is dtypes.STRING:
        for position, element in enumerate(tensor.strings()):
            out.flat[position] = element
    elif out.flags.c_contiguous:
        tensor._copy(tensor.chunks(), out.reshape(-1).view(np.uint8))
    else:
        reader = ElementReader(tensor, wanted)
        for band in bands(tensor.shape, tensor.dtype.itemsize):
            out[tuple(slice(*bounds) for bounds in band)] = reader.read_box(band)
        reader.end()
    return out
