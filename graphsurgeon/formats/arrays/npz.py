"""NumPy's ``.npz``: a zip archive with one ``.npy`` per array.

::

    PK 03 04 | conv1/weights.npy | 93 "NUMPY" ... values | CRC, sizes
    PK 03 04 | conv1/biases.npy  | ...
    PK 01 02   ... the directory: where each member is, and its CRC-32
    PK 05 06   ... where the directory is

Written without compression, front to back, so that sizes and CRC follow the values; past 4 GiB as ZIP64. Compressed
archives are read too. The zip archive is Python's own `zipfile`'s work, which compares every CRC with what it read.
Source: NumPy's ``numpy/lib/_npyio_impl.py``, PKWARE's APPNOTE.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from graphsurgeon.formats.arrays.escapes import Escaping, is_encodable, quote
from graphsurgeon.formats.arrays.forms import FormTensor, form_chunks
from graphsurgeon.formats.arrays.plan import FormMember, encode_names, plan_forms
from graphsurgeon.formats.npy import encode_header, read_header
from graphsurgeon.tensors.selection import Chosen
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import places
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES
from proto_utils.opening import for_library
from proto_utils.output import Transaction
from proto_utils.sink import FileSink

_SUFFIX = ".npy"
#: A zip archive has two bytes for the length of a member's name.
_MAX_PATH_NBYTES = 0xFFFF
_ZIP64_NBYTES = (1 << 31) - 1
_LOCAL_HEADER_NBYTES = 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def plan(tensors: Mapping[str, Tensor]) -> list[FormMember]:
    """Return what `write` is to write.

    Raises
    ------
    UnsupportedError, LimitError
        A name or a value that the format cannot hold.
    """
    paths = encode_names(tensors, ESCAPING.encode)
    for path in paths.values():
        nbytes = len(path.encode()) + len(_SUFFIX)
        if nbytes > _MAX_PATH_NBYTES:
            raise LimitError(
                f"the name {path[:40]!r}... of a member of a zip archive, in bytes,", nbytes, _MAX_PATH_NBYTES
            )
    return plan_forms(paths, tensors)


def write(members: Sequence[FormMember], path: str, *, overwrite: bool, sync: bool = False) -> list[str]:
    """Write an archive; it appears when it is complete. Each tensor is read once, in chunks."""
    with Transaction(path, overwrite=overwrite, sync=sync) as transaction:
        stream: Any = _Stream(transaction.create(path))
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for member in members:
                _write_member(archive, member)
    return [path]


def read(path: str) -> Chosen:
    """Open the arrays of an archive; their headers are read, no values.

    Raises
    ------
    UnsupportedError
        A member that is no array, holds pickled objects, is encrypted or compressed in an unusual way.
    CorruptionError
        It is damaged, members overlap, two have the same name.
    """
    archive = _open(path)
    try:
        infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
        _check_kinds([info.filename for info in infos], path)
        _check_places(infos, path)
        tensors = Chosen()
        for info in infos:
            name = _name(info, path)
            if name in tensors or name in tensors.refused:
                raise CorruptionError(f"two members mean the tensor {name!r}", path=path)
            tensors.take(name, partial(_open_member, archive, info, path))
    except BaseException:
        archive.close()
        raise
    return tensors


class _Stream:
    """A sink with what `zipfile` asks of a file that cannot go back."""

    def __init__(self, sink: FileSink) -> None:
        self._sink = sink

    def write(self, data: bytes | memoryview) -> int:
        self._sink.write(data)
        return len(data)

    def tell(self) -> int:
        return self._sink.offset

    def flush(self) -> None:
        """Do nothing: the sink gathers small writes until the end."""


def _write_member(archive: zipfile.ZipFile, member: FormMember) -> None:
    header = encode_header(member.form, member.tensor.shape)
    # The same archive each time: without a date, members have the first that the format knows.
    info = zipfile.ZipInfo(member.path + _SUFFIX)
    info.external_attr = 0o644 << 16
    info.file_size = len(header) + member.form.itemsize * member.tensor.size
    with archive.open(info, "w", force_zip64=info.file_size >= _ZIP64_NBYTES) as file:
        file.write(header)
        for chunk in form_chunks(member.tensor, member.form):
            file.write(chunk)


def _open(path: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(for_library(path))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        reason = "a zip archive whose directory, at its end, is missing or damaged: truncated?"
        raise CorruptionError(reason, path=path, hint="download it again") from error


def _check_kinds(names: Sequence[str], path: str) -> None:
    others = [name for name in names if not name.endswith(_SUFFIX)]
    if others:
        # Keras keeps its weights so.
        within = next((name for name in others if name.endswith((".h5", ".safetensors"))), None)
        hint = None if within is None else f"unpack {within!r} and import that"
        raise UnsupportedError(f"member {others[0]!r} is no .npy array", path=path, hint=hint)


def _check_places(infos: Sequence[zipfile.ZipInfo], path: str) -> None:
    """Refuse members that share bytes, by which a small archive would unpack to an immense one."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise CorruptionError(f"member {info.filename!r} overlaps another", path=path, offset=info.header_offset)
        end = info.header_offset + _LOCAL_HEADER_NBYTES + info.compress_size
    if end > places.getsize(path):
        raise CorruptionError(f"its members take {end} bytes, more than it has", path=path)


def _name(info: zipfile.ZipInfo, path: str) -> str:
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise UnsupportedError(f"member {info.filename!r} is encrypted, or compressed in an unusual way", path=path)
    return ESCAPING.decode(info.filename.removesuffix(_SUFFIX))


def _open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> FormTensor:
    what = f"member {info.filename!r}"
    header = read_header(_MemberReader(archive, info, path).read, what, path)

    def chunks() -> Iterator[bytes]:
        reader = _MemberReader(archive, info, path)
        reader.read(header.nbytes)
        while chunk := reader.read(CHUNK_NBYTES):
            yield chunk

    tensor = FormTensor(what, header.form, header.shape, chunks, path=path, is_fortran=header.is_fortran)
    nbytes = header.nbytes + header.values_nbytes
    if info.file_size != nbytes:
        raise CorruptionError(f"{what}: {info.file_size} bytes, its header asks for {nbytes}", path=path)
    return tensor


class _MemberReader:
    """Reads a member front to back; what is wrong with it becomes an error of ours."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> None:
        self._archive = archive
        self._info = info
        self._path = path
        self._file: Any = None

    def read(self, nbytes: int) -> bytes:
        """Return up to so many bytes; fewer only at the end, where the CRC has been compared."""
        try:
            if self._file is None:
                self._file = self._archive.open(self._info)
            data: bytes = self._file.read(nbytes)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
            reason = f"member {self._info.filename!r} is damaged: {why(error)}"
            raise CorruptionError(reason, path=self._path, offset=self._info.header_offset) from error
        return data


def why(error: Exception) -> str:
    """Return what the errors of zipfile and zlib mean for a member."""
    if isinstance(error, zlib.error):
        return "its compressed bytes cannot be unpacked"
    if isinstance(error, EOFError):
        return "it ends too early"
    if "CRC" in str(error):
        return "its bytes have another CRC-32 than the archive says"
    return "what stands before it is not what the directory of the archive says"


def _quote_component(component: str) -> str:
    quoted = quote(component, lambda c: is_encodable(c) and c >= " " and c not in "\\\x7f")
    if component in (".", ".."):
        return quoted.replace(".", "%2E")
    # numpy.load takes `x` and `x.npy` for the same array.
    return f"{quoted[:-4]}%2Enpy" if quoted.endswith(_SUFFIX) else quoted


ESCAPING = Escaping(_quote_component)
