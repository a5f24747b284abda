"""How tensors show themselves: the first values, when that costs next to nothing.

What is in memory or lies raw in a file costs a read of a few bytes. Up to 16 kB are read whole, and so verified;
nothing vouches for the first values of more. What has to be computed, unpacked or read whole is not, and what cannot
be read shows no values: to look at an object is no reason to fail.
"""

from __future__ import annotations

from typing import Any

from graphsurgeon.display import escaped, format_nbytes, format_shape
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, StringTensor
from proto_utils.errors import GraphSurgeonError

_FEW = 3
_SMALL_NBYTES = 1 << 14
_MAX_STRING = 24


def first_values(tensor: Tensor) -> str | None:
    """Return the first values as ``[0.5, 1, 2, ...]``, of a scalar its value; None when they are not at hand."""
    try:
        values = _at_hand(tensor)
    except (GraphSurgeonError, OSError):
        return None
    if values is None:
        return None
    texts = [_text(value) for value in values[:_FEW]]
    if not tensor.shape:
        return texts[0]
    return "[" + ", ".join(texts + ["..."] * (tensor.size > _FEW)) + "]"


def as_html(tensor: Tensor) -> str:
    """Return what notebooks show of a tensor."""
    size = "" if tensor.dtype.itemsize == 0 else f", {format_nbytes(tensor.nbytes)}"
    head = f"{tensor.dtype.name} {format_shape(tensor.shape)}{size}"
    values = first_values(tensor)
    below = "" if values is None else f"<pre>{escaped(values)}</pre>"
    return f"<div><strong>{type(tensor).__name__}</strong> <code>{escaped(head)}</code>{below}</div>"


def _at_hand(tensor: Tensor) -> list[Any] | None:
    """Return the first values and one more, None when they cost more than that."""
    if not tensor.size:
        return []
    if isinstance(tensor, StringTensor):
        return [*tensor.elements[: _FEW + 1]] or [b""]
    if tensor.dtype.itemsize == 0:
        return _small_strings(tensor) if tensor.dtype is dtypes.STRING else None
    in_memory = isinstance(tensor, (ArrayTensor, FillTensor))
    in_file = tensor.span is not None or tensor.stored is not None
    if not (in_memory or in_file):
        return None
    is_small = tensor.size * tensor.dtype.itemsize <= _SMALL_NBYTES
    return _first(tensor if is_small or in_memory else _front(tensor))


def _front(tensor: Tensor) -> Tensor:
    """Return the first few elements."""
    num_left = _FEW + 1
    index = []
    for dim in reversed(tensor.shape):
        index.append(slice(0, min(dim, num_left)))
        num_left = 1 if dim > 1 else num_left
    return tensor[tuple(reversed(index))]


def _first(tensor: Tensor) -> list[Any]:
    import numpy as np

    held = tensor.dtype.numpy()
    wanted = min(tensor.size, _FEW + 1) * held.itemsize
    if isinstance(tensor, FillTensor):
        # It may claim exabytes.
        item = tensor.head[-held.itemsize :] or bytes(held.itemsize)
        found = (tensor.head[:wanted] + item * (_FEW + 1))[:wanted]
    elif isinstance(tensor, ArrayTensor):
        found = bytes(next(tensor.chunks(_SMALL_NBYTES)))[:wanted]
    else:
        # To its end, where the checksum is compared.
        found = b"".join([bytes(chunk) for chunk in tensor.chunks()])[:wanted]
    found_values: list[Any] = np.frombuffer(found, np.uint8).view(held).tolist()
    return found_values


def _small_strings(tensor: Tensor) -> list[Any] | None:
    stored = tensor.stored
    return None if stored is None or stored.nbytes > _SMALL_NBYTES else [*tensor.strings()]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return repr(value) if len(value) <= _MAX_STRING else f"{value[:_MAX_STRING]!r}..."
    if isinstance(value, (bool, int)):
        return str(value)
    return f"{value:.4g}" if isinstance(value, (float, complex)) else str(value)
