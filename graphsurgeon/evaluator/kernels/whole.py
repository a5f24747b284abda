"""What a kernel that needs all elements at once is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proto_utils.named_tuple import NamedTuple

Array = Any
ShapeOf = tuple[int, ...]


class Whole(NamedTuple):
    """A kernel that needs all elements at once.

    Attributes
    ----------
    function : callable
        Node and arrays to a tuple of arrays.
    shapes : callable or None
        Node and shapes to the shapes of the results; None when only the results tell, so that it is computed at once.
    """

    function: Callable[..., tuple[Array, ...]]
    shapes: Callable[..., list[ShapeOf]] | None = None


def numpy_function(name: str) -> Callable[..., Array]:
    """Return numpy's function of that name, imported when it is called."""

    def function(*arrays: Array) -> Array:
        import numpy as np

        return getattr(np, name)(*arrays)

    return function


def in_double(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return a function of arrays that computes in double precision, and rounds once to the type of the first array.

    For functions that TensorFlow's own releases compute to other last bits: so the result is nearer to the true one
    than any of theirs.
    """

    def wrapped(*arrays: Array) -> Array:
        first = arrays[0].dtype
        result = function(*(array.astype(_wide(array.dtype)) for array in arrays))
        return result.astype(first)

    return wrapped


def _wide(dtype: Any) -> Any:
    import numpy as np

    if dtype.kind == "c":
        return np.complex128
    # Those that numpy does not know, such as bfloat16, are of kind V.
    return np.float64 if dtype.kind in "fV" else dtype
