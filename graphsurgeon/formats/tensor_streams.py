"""Sources of tensors to be saved: mappings, and streams of which one array is in memory at a time.

============================================= ========================================================
a dict of arrays or tensors; a checkpoint     is there: planned, checked and sorted before a byte is written
a generator of ``(name, array)`` pairs        comes: each is written before the next is asked for
``numpy.load("x.npz")``, a mapping that       comes, in the order of the names
makes its arrays when it is asked for them
``safetensors.safe_open("x.safetensors")``    likewise
============================================= ========================================================

Of what comes, one array is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from graphsurgeon.formats.bundle_names import encode_name
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import are_tensors, as_tensor
from proto_utils.errors import UnsupportedError


class TensorHandle(Protocol):
    """An open file that gives tensors by name, as ``safetensors.safe_open`` does."""

    def keys(self) -> Iterable[str]:
        """Return the names."""
        ...

    def get_tensor(self, name: str) -> Any:
        """Return an array."""
        ...


Tensors = Mapping[str, Any] | TensorHandle | Iterable[tuple[str, Any]]


def tensors_of(tensors: object, prefix: str) -> Mapping[str, Tensor] | Iterator[tuple[str, Tensor]]:
    """Return tensors by name when all are there, else one after the other.

    Parameters
    ----------
    tensors : mapping, handle or iterable of pairs
    prefix : str
        What errors call the output.

    Raises
    ------
    UnsupportedError
        A name or a value that no checkpoint can hold; said of what comes when it comes.
    """
    if isinstance(tensors, Mapping):
        found = _found(tensors, prefix)
        return found if found is not None else _stream(_by_name(tensors, tensors.__getitem__, prefix), prefix)
    if hasattr(tensors, "get_tensor") and hasattr(tensors, "keys"):
        return _stream(_by_name(tensors.keys(), _getter(tensors, prefix), prefix), prefix)
    if isinstance(tensors, Iterable) and not isinstance(tensors, (str, bytes)):
        return _stream(tensors, prefix)
    raise UnsupportedError(f"a {type(tensors).__name__} is neither a mapping nor pairs of name and array", path=prefix)


def _found(tensors: Mapping[str, Any], prefix: str) -> dict[str, Tensor] | None:
    """Return the tensors of a mapping that holds them; None when it makes them, which costs the first one."""
    if isinstance(tensors, dict) and are_tensors(tensors) and set(map(type, tensors)) <= {str}:
        return tensors
    found = {}
    for name in tensors:
        value = tensors[name]
        if not isinstance(tensors, dict) and not isinstance(value, Tensor):
            return None
        found[name] = _as_tensor(name, value, prefix)
    return found


def _by_name(names: Iterable[Any], get: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in sorted([_checked(name, prefix) for name in names], key=encode_name):
        yield name, get(name)


def _getter(handle: Any, prefix: str) -> Any:
    # So that numpy knows what "bfloat16" is, which the library asks it for.
    import ml_dtypes  # noqa: F401
    import numpy as np

    from graphsurgeon.formats.arrays.safetensors import dtypes_in_metadata

    hint = "graphsurgeon.import_tensors(path) reads all that the format has"
    metadata: Any = getattr(handle, "metadata", dict)() or {}
    told = dtypes_in_metadata(metadata, prefix)

    def get(name: str) -> Any:
        if name in told:
            # Stored as the bytes of another type, which the library does not know.
            raise UnsupportedError(
                f"tensor {name!r} is a {told[name]}, which the file only notes", path=prefix, hint=hint
            )
        try:
            return np.asarray(handle.get_tensor(name))
        except (AttributeError, KeyError, TypeError) as error:
            reason = f"tensor {name!r}: no array can be had of it: {error}"
            raise UnsupportedError(reason, path=prefix, hint=hint) from error

    return get


def _stream(pairs: Iterable[Any], prefix: str) -> Iterator[tuple[str, Tensor]]:
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise UnsupportedError(f"a {type(pair).__name__} where a pair of name and array was wanted", path=prefix)
        yield pair[0], _as_tensor(*pair, prefix)


def _checked(name: object, prefix: str) -> str:
    if not isinstance(name, str):
        raise UnsupportedError(f"a tensor's name is a str, not {name!r}", path=prefix)
    return name


def _as_tensor(name: object, value: object, prefix: str) -> Tensor:
    _checked(name, prefix)
    if isinstance(value, Mapping):
        # numpy would make an array of its keys.
        raise UnsupportedError(f"tensor {name!r}: a mapping within a mapping", path=prefix)
    try:
        return as_tensor(value)
    except UnsupportedError as error:
        raise UnsupportedError(f"tensor {name!r}: {error.reason}", path=prefix) from error
