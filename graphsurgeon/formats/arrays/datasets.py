"""HDF5 datasets as lazy tensors, read box by box.

A box here is a run of values, about 1 MiB (`graphsurgeon.tensors.boxes.bands`). A dataset in chunks, compressed or
not, is unpacked by HDF5 a chunk at a time, so boxes are made to meet each chunk once: a row of chunks is kept in HDF5's
cache, or, when it is larger than that, is one box. Past 256 MiB it is not held, and chunks are unpacked again for every
box.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.formats.arrays.forms import FormTensor
from graphsurgeon.names import bytes_of
from graphsurgeon.tensors.boxes import Box, bands
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    Form = np.dtype[Any]

#: What h5py raises for files that are damaged.
DAMAGES = (OSError, RuntimeError, KeyError, ValueError, TypeError)
#: What HDF5 keeps of a dataset's chunks.
CACHE_NBYTES = 64 << 20
#: The largest chunk, and row of chunks, that is held in memory.
_MAX_ROW_NBYTES = 1 << 28
_MAX_CHUNK_NBYTES = 1 << 30
#: A dataset may claim values that are stored nowhere, up to this size, or so many times what is stored.
_MAX_CLAIMED_NBYTES = 1 << 30
_MAX_RATIO = 1100
#: Strings that are read at a time: each may be as long as the file, and the same one.
_MAX_STRINGS = 1 << 12
_STRINGS_NBYTES = 1 << 26


class DatasetPlace(NamedTuple):
    """Where a dataset is. It is opened when it is read, because HDF5 keeps a cache for each that is open.

    Attributes
    ----------
    file : h5py.File
    name : str
        Its path in the file.
    path : str
        The file's.
    """

    file: Any
    name: str
    path: str

    @property
    def what(self) -> str:
        """What errors call it."""
        return f"dataset {self.name!r}"

    def values(self, boxes: Iterable[Box]) -> Iterator[Any]:
        """Yield the arrays of some boxes.

        Raises
        ------
        CorruptionError
            They cannot be read.
        """
        import numpy as np

        try:
            dataset = self.file[self.name]
            for box in boxes:
                yield np.asarray(dataset[tuple(slice(*bounds) for bounds in box) or ...])
        except DAMAGES as error:
            raise CorruptionError(f"{self.what} cannot be read: {told(error)}", path=self.path) from error


def open_dataset(place: DatasetPlace, dataset: Any) -> Tensor:
    """Return a dataset's tensor; no values are read.

    Parameters
    ----------
    place : DatasetPlace
    dataset : h5py.Dataset
        What is there.

    Raises
    ------
    UnsupportedError
        It holds something else than numbers and strings, or its values are in another file.
    LimitError
        It claims far more than is stored.
    """
    form = _form_of(dataset, place)
    if form is None:
        return _StringDataset(place, dataset.shape)
    shape, nbytes = dataset.shape, _box_nbytes(dataset, form, place)

    def chunks() -> Iterator[bytes]:
        for values in place.values(bands(shape, form.itemsize, nbytes)):
            yield values.tobytes()

    return FormTensor(place.what, form, shape, chunks, path=place.path)


def told(error: Exception) -> str:
    """Return what the HDF5 library says in an error: what stands in the last parentheses, without the calls around it.

    What it says of a file that is too short is said as of other files.
    """
    text = str(error.args[0]) if error.args else str(error)
    cut = re.search(r"truncated file: eof = (\d+), .*stored_eof = (\d+)", text)
    if cut is not None:
        return f"truncated: {cut[1]} of {cut[2]} bytes"
    inner = re.search(r"\(([^()]+)\)[^()]*$", text)
    return f"HDF5 says {(inner[1] if inner is not None else text)!r}"


def is_empty(dataset: Any) -> bool:
    """Return whether a dataset has no dataspace: neither values nor a shape."""
    try:
        return dataset.shape is None
    except DAMAGES:
        # What is wrong with it is said when it is opened.
        return False


class _StringDataset(FormTensor):
    """A dataset of strings of any length each."""

    __slots__ = ("_place",)

    def __init__(self, place: DatasetPlace, shape: Sequence[int]) -> None:
        import numpy as np

        super().__init__(place.what, np.dtype("S1"), shape, lambda: iter(()), path=place.path)
        self._place = place

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; some are in memory at a time.

        Raises
        ------
        LimitError
            They are far more than the file.
        """
        file_nbytes = self._place.file.id.get_filesize()
        limit, total = max(_MAX_CLAIMED_NBYTES, file_nbytes * _MAX_RATIO), 0
        count = max(1, min(_MAX_STRINGS, _STRINGS_NBYTES // (file_nbytes + 1)))
        for values in self._place.values(bands(self.shape, 1, count)):
            for element in values.reshape(-1).tolist():
                text = element if isinstance(element, bytes) else bytes_of(str(element))
                total += len(text)
                if total > limit:
                    raise LimitError(
                        f"{self._path}: {self._what}: strings of a file of {file_nbytes} bytes", total, limit
                    )
                yield text


def _form_of(dataset: Any, place: DatasetPlace) -> Form | None:
    """Return what elements are in the file, None for strings of any length each."""
    what, path = place.what, place.path
    try:
        form: Form = dataset.dtype
        nbytes, claimed = dataset.id.get_storage_size(), (dataset.size or 0) * form.itemsize
        leads_out = dataset.is_virtual or dataset.external
        is_other = form.itemsize != dataset.id.get_type().get_size()
    except DAMAGES as error:
        raise UnsupportedError(f"{what} holds what numpy has no arrays of: {told(error)}", path=path) from error
    if leads_out:
        raise UnsupportedError(f"{what} has its values in another file", path=path)
    limit = max(_MAX_CLAIMED_NBYTES, nbytes * _MAX_RATIO)
    if claimed > limit:
        raise LimitError(f"{path}: {what}: {nbytes} bytes in the file; what they claim to be", claimed, limit)
    text = _string_type(form)
    if text is not None and text.length is None:
        return None
    if is_other and not form.hasobject:
        raise UnsupportedError(f"{what} holds numbers that numpy has no type for", path=path)
    return form


def _string_type(form: Form) -> Any:
    import h5py

    return h5py.check_string_dtype(form)


def _box_nbytes(dataset: Any, form: Form, place: DatasetPlace) -> int:
    """Return how much to read at a time."""
    if not dataset.chunks:
        return CHUNK_NBYTES
    chunk_nbytes = math.prod(dataset.chunks) * form.itemsize
    if chunk_nbytes > _MAX_CHUNK_NBYTES:
        raise LimitError(f"{place.path}: {place.what}: a chunk, in bytes,", chunk_nbytes, _MAX_CHUNK_NBYTES)
    row_nbytes = dataset.chunks[0] * math.prod(dataset.shape[1:]) * form.itemsize
    is_cached = row_nbytes <= CACHE_NBYTES
    return CHUNK_NBYTES if is_cached or row_nbytes > _MAX_ROW_NBYTES else max(CHUNK_NBYTES, row_nbytes)
