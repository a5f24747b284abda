"""Keras 3's ``.keras``: a zip archive with the model's configuration, and its weights as an HDF5 file.

::

    metadata.json  config.json  model.weights.h5  assets/...

The weights are read where they lie when the archive does not compress them, as Keras writes it, and else unpacked to a
file that nobody else sees. Their CRC is compared before. Source: Keras's ``saving_lib.py``.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
import zlib
from typing import IO, Any

from graphsurgeon.formats.arrays import hdf5
from graphsurgeon.formats.arrays.keras_names import KerasNames
from graphsurgeon.tensors.selection import Chosen
from proto_utils.disk import scratch_file
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource
from proto_utils.opening import for_library, open_source

WEIGHTS = "model.weights.h5"
_CONFIG = "config.json"
_LOCAL_HEADER_NBYTES = 30
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


def is_archive(path: str) -> bool:
    """Return whether a zip archive is a model of Keras."""
    with contextlib.suppress(*_DAMAGES), zipfile.ZipFile(for_library(path)) as archive:
        return _CONFIG in archive.namelist()
    return False


def read(path: str, *, names: KerasNames = "layers") -> Chosen:
    """Open the weights of a model; errors as `hdf5.read`, CorruptionError also of a damaged archive."""
    file = hdf5.open_file(open_weights(path), path)
    try:
        return hdf5.tensors_of(file, path, names)
    except BaseException:
        file.close()
        raise


def open_weights(path: str) -> IO[bytes]:
    """Open the weights of a model as a file; UnsupportedError when they are not one HDF5 file."""
    try:
        with zipfile.ZipFile(for_library(path)) as archive:
            if WEIGHTS not in archive.namelist():
                others = [name for name in archive.namelist() if "weights" in name]
                reason = f"its weights are in {', '.join(others)}" if others else "it has no weights"
                raise UnsupportedError(f"a Keras model without {WEIGHTS}: {reason}", path=path)
            return _opened(archive, archive.getinfo(WEIGHTS), path)
    except _DAMAGES as error:
        from graphsurgeon.formats.arrays.npz import why

        raise CorruptionError(f"a zip archive that is damaged: {why(error)}", path=path) from error


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> IO[bytes]:
    is_stored = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1
    with archive.open(info) as member:
        if not is_stored:
            return _file_of(_unpacked(member), 0, info.file_size)
        # To its end, where the CRC is compared.
        while member.read(CHUNK_NBYTES):
            pass
    source = open_source(path)
    head = source.read(info.header_offset, info.header_offset + _LOCAL_HEADER_NBYTES)
    start = info.header_offset + _LOCAL_HEADER_NBYTES + sum(int.from_bytes(head[i : i + 2], "little") for i in (26, 28))
    return _file_of(source, start, info.file_size)


def _unpacked(member: IO[bytes]) -> FileSource:
    """Unpack a member to a file that has lost its name when this returns."""
    with scratch_file() as file:
        while chunk := member.read(CHUNK_NBYTES):
            file.write(chunk)
        file.flush()
        return open_source(file.name)


def _file_of(source: FileSource, start: int, nbytes: int) -> IO[bytes]:
    return io.BufferedReader(_Part(source, start, nbytes), CHUNK_NBYTES)


class _Part(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, source: FileSource, start: int, nbytes: int) -> None:
        super().__init__()
        self._source, self._start, self._nbytes, self._position = source, start, nbytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._nbytes}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._nbytes, self._position + len(buffer))
        data = self._source.read(self._start + self._position, self._start + end) if end > self._position else b""
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
