"""Tensors whose values are at hand: raw bytes of a file, an array, a value that repeats, strings; and dicts of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor, require_raw
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, Span

if TYPE_CHECKING:
    import numpy as np

#: A value that is only described (a short list whose last element repeats) is not spelled out past this size.
MAX_EXPANDED_NBYTES = 1 << 36
MAX_REPEATED_STRINGS = 1 << 24
#: Of a dict of tensors, so many are shown.
_MAX_SHOWN = 10


class RawTensor(Tensor):
    """Raw values in a file or in memory.

    Raises
    ------
    CorruptionError
        The span's length is not what dtype and shape ask for.
    """

    __slots__ = ("_span",)

    def __init__(self, dtype: DType, shape: Sequence[int], span: Span) -> None:
        super().__init__(dtype, shape)
        require_raw(self.dtype)
        if span.nbytes != self.nbytes:
            raise CorruptionError(
                f"{span.nbytes} bytes of values, but {self.dtype.name} {list(self.shape)} takes {self.nbytes}",
                path=span.source.path,
                offset=span.start,
            )
        self._span = span

    def like(self, span: Span) -> RawTensor:
        """Return a tensor of this dtype and shape, whose values are others, as many; else a CorruptionError."""
        if span.nbytes != self._span.nbytes:
            return RawTensor(self.dtype, self.shape, span)
        made = RawTensor.__new__(RawTensor)
        made.dtype, made.shape, made._span = self.dtype, self.shape, span
        return made

    @property
    def span(self) -> Span:
        """The range that holds the values."""
        return self._span

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values through one reused buffer."""
        return self._span.chunks(nbytes)


class FillTensor(Tensor):
    """Some leading elements, the last of which repeats to the end; none at all means zeros.

    This is what TensorFlow's short ``*_val`` lists mean.

    Parameters
    ----------
    head : bytes
        Raw leading elements.
    """

    __slots__ = ("head",)

    def __init__(self, dtype: DType, shape: Sequence[int], head: bytes = b"") -> None:
        super().__init__(dtype, shape)
        require_raw(self.dtype)
        self.head = head[: self.nbytes]

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the values, spelled out."""
        if self.head:
            yield self.head
        item = self.head[-self.dtype.itemsize :] or bytes(self.dtype.itemsize)
        yield from repeat(item, self.size - len(self.head) // self.dtype.itemsize, nbytes)


class ArrayTensor(Tensor):
    """A numpy array; shared, not copied, when it is contiguous and little-endian.

    Parameters
    ----------
    array : numpy.ndarray
    dtype : DType, optional
        What its elements stand for, when numpy has no word for it: int8 as qint8.

    Raises
    ------
    UnsupportedError
        Elements of that dtype have another size.
    """

    __slots__ = ("_held",)

    def __init__(self, array: np.ndarray[Any, Any], dtype: DType | None = None) -> None:
        import numpy as np

        dtype = dtype if dtype is not None else DType.of(array.dtype)
        super().__init__(dtype, array.shape)
        require_raw(self.dtype)
        held = self.dtype.numpy()
        if array.dtype.itemsize != held.itemsize:
            raise UnsupportedError(f"elements of numpy's {array.dtype} are not {self.dtype.name}")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self._held: np.ndarray[Any, Any] = np.ascontiguousarray(little).reshape(array.shape).view(held)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield views of the array."""
        import numpy as np

        data = self._held.reshape(-1).view(np.uint8).data
        for start in range(0, len(data), nbytes):
            yield data[start : start + nbytes]

    def _array(self) -> np.ndarray[Any, Any]:
        copy: np.ndarray[Any, Any] = self._held.copy()
        return copy

    def _shared(self) -> np.ndarray[Any, Any]:
        return self._held


class StringTensor(Tensor):
    """Strings in memory; as with `FillTensor` the last one repeats and none means empty ones."""

    __slots__ = ("elements",)

    def __init__(self, shape: Sequence[int], elements: Sequence[bytes]) -> None:
        super().__init__(dtypes.STRING, shape)
        self.elements = tuple(elements[: self.size])

    @property
    def nbytes(self) -> int:
        """Bytes of the strings' contents."""
        return sum(map(len, self.elements)) + self._num_repeated * len(self._last)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements.

        Raises
        ------
        LimitError
            More than `MAX_REPEATED_STRINGS` are only claimed to be there.
        """
        missing = self._num_repeated
        if missing > MAX_REPEATED_STRINGS:
            raise LimitError("number of repeated strings", missing, MAX_REPEATED_STRINGS)
        yield from self.elements
        yield from itertools.repeat(self._last, missing)

    @property
    def _num_repeated(self) -> int:
        return self.size - len(self.elements)

    @property
    def _last(self) -> bytes:
        return self.elements[-1] if self.elements else b""


class OpaqueTensor(Tensor):
    """A resource or a variant: it has a dtype and a shape, but no values outside a session."""

    @property
    def nbytes(self) -> int:
        """Zero: there are no values."""
        return 0

    def _array(self) -> np.ndarray[Any, Any]:
        raise UnsupportedError(f"values of dtype {self.dtype.name} exist only inside a TensorFlow session")


def as_tensor(value: object) -> Tensor:
    """Make a tensor of what numpy can make an array of; a Tensor is returned as it is.

    Raises
    ------
    UnsupportedError
        TensorFlow has no dtype for it, or it is no array: lists of different lengths, text that is no Unicode.
    """
    if isinstance(value, Tensor):
        return value
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError as error:
        # Not always so: an old numpy makes an array of lists, which the elements tell below.
        raise UnsupportedError(f"numpy makes no array of it: {error}") from error
    if array.dtype.kind in "SU" and not isinstance(value, np.ndarray):
        # Strings of numpy's own end where their last bytes that are not zero do.
        array = np.asarray(value, dtype=object)
    if array.dtype.kind in "SUOT":
        return StringTensor(array.shape, [_to_bytes(element) for element in array.reshape(-1).tolist()])
    return ArrayTensor(array)


def repeat(item: bytes, count: int, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
    """Yield `count` times `item` in pieces of about `nbytes`.

    Raises
    ------
    LimitError
        The whole is past `MAX_EXPANDED_NBYTES`: a few bytes of file that claim exabytes.
    """
    total = count * len(item)
    if total > MAX_EXPANDED_NBYTES:
        raise LimitError("a constant that repeats one value, in bytes,", total, MAX_EXPANDED_NBYTES)
    per_chunk = max(1, min(nbytes // len(item), count))
    block = memoryview(item * per_chunk)
    while count > 0:
        yield block[: min(count, per_chunk) * len(item)]
        count -= per_chunk


class TensorDict(dict[str, Tensor]):
    """A dict of tensors that makes tensors of what is put in, as `as_tensor` does: arrays, numbers, lists."""

    def __init__(self, values: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__()
        self.update(values)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, as_tensor(value))

    def __or__(self, values: Any) -> TensorDict:  # type: ignore[override]
        return TensorDict({**self, **values})

    def copy(self) -> TensorDict:
        """Return another dict of the same tensors."""
        return TensorDict(self)

    def __repr__(self) -> str:
        shown = [f"{name!r}: {tensor!r}" for name, tensor in itertools.islice(self.items(), _MAX_SHOWN)]
        more = [f"... {len(self) - _MAX_SHOWN:,} more"] if len(self) > _MAX_SHOWN else []
        return "{" + ", ".join(shown + more) + "}"

    def _repr_html_(self) -> str:
        return tensors_html("TensorDict", self)

    def __ior__(self, values: Any) -> TensorDict:  # type: ignore[override]
        self.update(values)
        return self

    def setdefault(self, name: str, value: Any = None) -> Tensor:
        """Return the tensor of that name, which is made of `value` where it is missing."""
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, *values: Any, **named: Any) -> None:
        """Put in what `dict.update` would."""
        found = values[0] if len(values) == 1 and type(values[0]) is dict and not named else dict(*values, **named)
        if not are_tensors(found):
            found = {name: as_tensor(value) for name, value in found.items()}
        super().update(found)


def as_tensors(given: Any) -> Any:
    """Return tensors where a dict has arrays; a checkpoint that was opened has none and is not looked through."""
    return TensorDict(given) if isinstance(given, dict) and not are_tensors(given) else given


def are_tensors(values: dict[Any, Any]) -> bool:
    """Whether all values of a dict are tensors; of a million values there are a few types."""
    return all(issubclass(kind, Tensor) for kind in set(map(type, values.values())))


def tensors_html(title: str, tensors: Mapping[str, Any]) -> str:
    """Return what notebooks show of tensors by name, or of what else has dtype and shape: no values."""
    from graphsurgeon.display import MAX_ROWS, format_shape, html_table

    rows = [
        (name, each.dtype.name, format_shape(each.shape)) for name, each in itertools.islice(tensors.items(), MAX_ROWS)
    ]
    return html_table(f"{title}: {len(tensors):,} tensors", ("name", "dtype", "shape"), rows, len(tensors))


def require_mutable(tensors: Any) -> MutableMapping[str, Any]:
    """Return what an edit is to change.

    Raises
    ------
    TypeError
        It cannot be changed, as a checkpoint that was opened.
    """
    if not isinstance(tensors, MutableMapping):
        found = type(tensors).__name__
        raise TypeError(f"a dict of tensors is edited, and this is a {found}: dict(...) makes one of a mapping")
    return tensors


def _to_bytes(element: object) -> bytes:
    if isinstance(element, bytes):
        return element
    if isinstance(element, str):
        try:
            return element.encode()
        except UnicodeEncodeError as error:
            raise UnsupportedError(f"a string that is no Unicode: {element[:40]!r}; give bytes") from error
    raise UnsupportedError(f"an element of type {type(element).__name__} is neither a number of 64 bits nor a string")
