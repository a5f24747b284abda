"""HDF5 files: datasets by path, as h5py and Keras read and write them.

::

    /conv1/weights              float32 [3, 64]
    /conv1/weights%2FAdam       a dataset cannot hold others, so this slash is escaped
    /dense/dense/kernel:0       Keras's weights: names are the paths of the datasets
    /emb                        a compound of one member, {'bfloat16': <u2}; see `graphsurgeon.formats.arrays.forms`

Needs h5py, which this module alone imports. Values go in and out in boxes of about 1 MiB. What leads out of a file is
never followed: links to other files, external and virtual datasets, references.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.arrays.escapes import Escaping, is_encodable, quote
from graphsurgeon.formats.arrays.forms import FormTensor, form_chunks
from graphsurgeon.formats.arrays.plan import FormMember, encode_names, naming, plan_forms
from graphsurgeon.tensor import Tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.output import Transaction

if TYPE_CHECKING:
    import numpy as np

    Form = np.dtype[Any]

#: Chunks of a dataset that are unpacked at a time; boxes of ours may cut through a whole row of them.
_CACHE_NBYTES = 64 << 20
#: A dataset may claim values that are stored nowhere, up to this size, or so many times what is stored.
_MAX_CLAIMED_NBYTES = 1 << 30
_MAX_RATIO = 1100
#: What h5py raises for files that are damaged.
_DAMAGES = (OSError, RuntimeError, KeyError, ValueError, TypeError)
_MAX_DEPTH = 500

Box = tuple[slice, ...]


def plan(tensors: Mapping[str, Tensor]) -> list[FormMember]:
    """Return what `write` is to write.

    Raises
    ------
    UnsupportedError, LimitError
        A name or a value that the format cannot hold; there is no h5py.
    """
    _import_h5py()
    return plan_forms(_paths(tensors), tensors)


def write(members: Sequence[FormMember], path: str, *, overwrite: bool) -> list[str]:
    """Write a file; it appears when it is complete. Each tensor is read once, in chunks."""
    h5py = _import_h5py()
    with Transaction(overwrite=overwrite) as transaction:
        name = transaction.create_named(path)
        with _system_errors(path), h5py.File(name, "w") as file:
            for member in members:
                with naming(member.name):
                    _write_member(file, member)
    return [path]


def read(path: str) -> dict[str, Tensor]:
    """Open the datasets of a file; no values are read.

    Raises
    ------
    UnsupportedError
        There is no h5py; a dataset of what is no array; something that leads out of the file.
    CorruptionError
        It is damaged.
    """
    h5py = _import_h5py()
    try:
        file = h5py.File(path, "r", rdcc_nbytes=_CACHE_NBYTES)
    except FileNotFoundError:
        raise
    except _DAMAGES as error:
        raise CorruptionError(f"h5py cannot open it: {error}", path=path) from error
    tensors: dict[str, Tensor] = {}
    for place, dataset in _Datasets(h5py, path).walk(file):
        name = ESCAPING.decode(place)
        if name in tensors:
            raise CorruptionError(f"two datasets mean the tensor {name!r}", path=path)
        tensors[name] = _open(dataset, place, path)
    return tensors


class _Datasets:
    """Walks a file, and refuses what leads out of it."""

    def __init__(self, h5py: Any, path: str) -> None:
        self._h5py = h5py
        self._path = path
        self._seen: set[int] = set()

    def walk(self, group: Any, scope: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
        """Yield paths and datasets below a group."""
        try:
            address = self._h5py.h5o.get_info(group.id).addr
            links = [(name, group.get(name, getlink=True)) for name in group]
        except _DAMAGES as error:
            raise CorruptionError(f"group {scope!r} cannot be read: {error}", path=self._path) from error
        if address in self._seen or depth > _MAX_DEPTH:
            raise UnsupportedError(f"group {scope!r} is in several places, or too deep", path=self._path)
        self._seen.add(address)
        for name, link in links:
            place = f"{scope}/{name}" if scope else name
            if not isinstance(link, self._h5py.HardLink):
                raise UnsupportedError(f"{place!r} is a link, which is not followed", path=self._path)
            found = self._get(group, name, place)
            if isinstance(found, self._h5py.Group):
                yield from self.walk(found, place, depth + 1)
            elif isinstance(found, self._h5py.Dataset):
                yield place, found

    def _get(self, group: Any, name: str, place: str) -> Any:
        try:
            return group[name]
        except _DAMAGES as error:
            raise CorruptionError(f"{place!r} cannot be read: {error}", path=self._path) from error


def boxes(shape: Sequence[int], size: int) -> Iterator[Box]:
    """Cut an array into boxes of at most `size` elements, each contiguous, in C order."""
    if 0 in shape:
        return
    axis, inner = len(shape), 1
    while axis and inner * shape[axis - 1] <= size:
        axis -= 1
        inner *= shape[axis]
    if axis == 0:
        yield tuple(slice(0, dim) for dim in shape)
        return
    step = max(1, size // inner)
    rest = tuple(slice(0, dim) for dim in shape[axis:])
    for index in product(*map(range, shape[: axis - 1])):
        outer = tuple(slice(i, i + 1) for i in index)
        for start in range(0, shape[axis - 1], step):
            yield (*outer, slice(start, min(start + step, shape[axis - 1])), *rest)


def _paths(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the paths of the datasets: where a name goes on after another name, that slash is escaped."""

    def encode(name: str) -> str:
        parts, start = [], 0
        for end in (index for index, character in enumerate(name) if character == "/"):
            if name[:end] in tensors:
                parts.append(ESCAPING.encode(name[start:end]))
                start = end + 1
        return "%2F".join([*parts, ESCAPING.encode(name[start:])])

    return encode_names(tensors, encode)


@contextlib.contextmanager
def _system_errors(path: str) -> Iterator[None]:
    """Make of what h5py says about a full disk what the system says, with the file that was asked for."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # A file that cannot be completed cannot be closed either; what went wrong first tells why.
        first = error.__context__ if isinstance(error, RuntimeError) else error
        code = getattr(first, "errno", None) or errno.EIO
        raise OSError(code, os.strerror(code), path) from error


def _write_member(file: Any, member: FormMember) -> None:
    import numpy as np

    shape = member.tensor.shape
    if len(shape) > 32:
        raise UnsupportedError(f"{len(shape)} dimensions, where HDF5 has at most 32")
    dataset = file.create_dataset(member.path, shape, dtype=member.form)
    size = max(1, CHUNK_NBYTES // member.form.itemsize)
    stream = _Stream(form_chunks(member.tensor, member.form))
    for box in boxes(shape, size):
        sides = [side.stop - side.start for side in box]
        values = np.frombuffer(stream.take(math.prod(sides) * member.form.itemsize), dtype=member.form)
        dataset.write_direct(values.reshape(sides), dest_sel=box or None)
    stream.end()


class _Stream:
    """Gives a stream of chunks in pieces of other lengths."""

    def __init__(self, chunks: Iterable[bytes | memoryview]) -> None:
        self._chunks = iter(chunks)
        self._pending = bytearray()

    def take(self, nbytes: int) -> bytes:
        """Return the next so many bytes."""
        while len(self._pending) < nbytes:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise CorruptionError(f"ends {nbytes - len(self._pending)} bytes early")
            self._pending += chunk
        data = bytes(self._pending[:nbytes])
        del self._pending[:nbytes]
        return data

    def end(self) -> None:
        """Read to the end, where checksums are compared."""
        left = len(self._pending) + sum(map(len, self._chunks))
        if left:
            raise CorruptionError(f"has {left} bytes too many")


class _StringDataset(FormTensor):
    """A dataset of strings of any length each."""

    __slots__ = ("_dataset",)

    def __init__(self, what: str, dataset: Any, path: str) -> None:
        import numpy as np

        super().__init__(what, np.dtype("S1"), dataset.shape, lambda: iter(()), path=path)
        self._dataset = dataset

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; some thousands are in memory at a time."""
        import numpy as np

        for box in boxes(self.shape, 1 << 12):
            found = np.asarray(_values(self._dataset, box, self._what, self._path), dtype=object)
            for element in found.reshape(-1).tolist():
                yield element if isinstance(element, bytes) else str(element).encode("utf-8", "surrogateescape")


def _open(dataset: Any, place: str, path: str) -> Tensor:
    import numpy as np

    what = f"dataset {place!r}"
    form = _form_of(dataset, what, path)
    if form is None:
        return _StringDataset(what, dataset, path)
    shape = dataset.shape

    def chunks() -> Iterator[bytes]:
        for box in boxes(shape, max(1, CHUNK_NBYTES // form.itemsize)):
            yield np.asarray(_values(dataset, box, what, path)).tobytes()

    return FormTensor(what, form, shape, chunks, path=path)


def _form_of(dataset: Any, what: str, path: str) -> Form | None:
    """Return what elements are in the file, None for strings of any length each."""
    try:
        form: Form = dataset.dtype
        nbytes, claimed = dataset.id.get_storage_size(), (dataset.size or 0) * form.itemsize
        leads_out = dataset.is_virtual or dataset.external
        is_other = form.itemsize != dataset.id.get_type().get_size()
    except _DAMAGES as error:
        raise UnsupportedError(f"{what} holds what numpy has no arrays of: {error}", path=path) from error
    if leads_out:
        raise UnsupportedError(f"{what} has its values in another file", path=path)
    if dataset.shape is None:
        raise UnsupportedError(f"{what} is empty, without even a shape", path=path)
    if claimed > max(_MAX_CLAIMED_NBYTES, nbytes * _MAX_RATIO):
        raise LimitError(
            f"{path}: {what}: {nbytes} bytes in the file; what they claim to be", claimed, nbytes * _MAX_RATIO
        )
    text = _import_h5py().check_string_dtype(form)
    if text is not None and text.length is None:
        return None
    if is_other and not form.hasobject:
        raise UnsupportedError(f"{what} holds numbers that numpy has no type for", path=path)
    return form


def _values(dataset: Any, box: Box, what: str, path: str) -> Any:
    try:
        return dataset[box or ...]
    except _DAMAGES as error:
        raise CorruptionError(f"{what} cannot be read: {error}", path=path) from error


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        reason = "HDF5 files are read and written by h5py, which is not installed"
        raise UnsupportedError(reason, hint="pip install 'graphsurgeon[h5]'") from error
    return h5py


def _quote_component(component: str) -> str:
    quoted = quote(component, lambda c: is_encodable(c) and c != "\0")
    # A dot is the group itself.
    return quoted.replace(".", "%2E") if component in (".", "..") else quoted


ESCAPING = Escaping(_quote_component)
