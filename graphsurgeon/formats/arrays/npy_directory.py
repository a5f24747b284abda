"""A directory of ``.npy`` files, one per array; scopes are directories.

::

    out/conv1/weights.npy
    out/conv1/weights/Adam.npy        a name may begin with another
    out/dense/kernel%3A0.npy          only characters that every file system allows; others escaped
    out/%41.npy   out/a.npy           A and a, which are one file on some systems: capitals escaped

A name of more than 200 bytes between two slashes goes on one directory down, where the one above ends in ``%``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from graphsurgeon.formats.arrays.escapes import Escaping, is_printable_ascii, quote
from graphsurgeon.formats.arrays.forms import FormTensor, form_chunks
from graphsurgeon.formats.arrays.plan import FormMember, encode_names, plan_forms
from graphsurgeon.formats.npy import encode_header, read_header
from graphsurgeon.tensors.selection import Chosen
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import Window
from proto_utils.opening import open_source
from proto_utils.output import Transaction
from proto_utils.output_directory import DirectoryTransaction
from proto_utils.places import isdir, walk

_SUFFIX = ".npy"
_KEPT = frozenset("_-.+=,@()#! ")
#: Names that Windows keeps for devices, whatever follows the first dot.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
#: File names end at 255 bytes on most systems, paths at 4096.
_MAX_COMPONENT = 200
_MAX_PATH_NBYTES = 3500
_GOES_ON = "%/"


def plan(tensors: Mapping[str, Tensor]) -> list[FormMember]:
    """Return what `write` is to write.

    Raises
    ------
    UnsupportedError, LimitError
        A name or a value that the format cannot hold.
    """
    plain = {name: _divided(path) for name, path in encode_names(tensors, ESCAPING.encode).items()}
    _refuse_long(plain.values())
    colliding = _colliding(plain.values())
    paths = {name: _divided(_LOWER.encode(name)) if path in colliding else path for name, path in plain.items()}
    _refuse_long(paths.values())
    return plan_forms({name: path + _SUFFIX for name, path in paths.items()}, tensors)


def _refuse_long(paths: Iterable[str]) -> None:
    for path in paths:
        if len(path) > _MAX_PATH_NBYTES:
            raise LimitError(f"the path {path[:40]!r}... that a name makes, in bytes,", len(path), _MAX_PATH_NBYTES)


def write(members: Sequence[FormMember], path: str, *, overwrite: bool, sync: bool = False) -> list[str]:
    """Write a directory; it appears when it is complete. Each tensor is read once, in chunks.

    Raises
    ------
    OutputExistsError
        It exists and `overwrite` is false, or holds other files than arrays.
    """
    if overwrite and isdir(path):
        from graphsurgeon.formats.replaced import require_arrays

        require_arrays(path)
    with DirectoryTransaction(path, overwrite=overwrite, sync=sync) as output:
        for member in members:
            _write_member(member, os.path.join(output.directory, *member.path.split("/")), output.files)
    return [path]


def read(path: str) -> Chosen:
    """Open the arrays of a directory; their headers are read, no values. Files of other kinds are not looked at.

    Raises
    ------
    UnsupportedError
        It holds no array, or one of pickled objects.
    CorruptionError
        One is damaged, or two mean the same tensor.
    """
    tensors = Chosen()
    for file in _array_files(path):
        relative = os.path.relpath(file, path).replace(os.sep, "/").removesuffix(_SUFFIX)
        whole = relative.replace(_GOES_ON, "")
        # In a directory by somebody else a name may end in a percent sign.
        name = ESCAPING.decode(whole if _divided(whole) == relative else relative)
        if name in tensors or name in tensors.refused:
            raise CorruptionError(f"two files mean the tensor {name!r}", path=file)
        tensors.take(name, partial(_open, file))
    if not tensors and not tensors.refused:
        raise UnsupportedError("a directory without .npy files", path=path)
    return tensors


def _write_member(member: FormMember, path: str, transaction: Transaction) -> None:
    header = encode_header(member.form, member.tensor.shape)
    sink = transaction.create(path)
    sink.preallocate(len(header) + member.form.itemsize * member.tensor.size)
    sink.write(header)
    for chunk in form_chunks(member.tensor, member.form):
        sink.write(chunk)
    transaction.complete(sink)


def _open(path: str) -> FormTensor:
    """Open one array. Its file is closed again until values are read: there may be thousands."""
    source = open_source(path)
    window, position = Window(source, 1 << 12), 0

    def read_next(nbytes: int) -> bytes:
        nonlocal position
        start = window.ensure(position, nbytes)
        data = window.buffer[start : start + nbytes]
        position += len(data)
        return data

    header = read_header(read_next, "this", path)
    source.close()

    def chunks() -> Iterator[memoryview]:
        return open_source(path).chunks(header.nbytes, header.nbytes + header.values_nbytes)

    tensor = FormTensor("this", header.form, header.shape, chunks, path=path, is_fortran=header.is_fortran)
    if source.size != header.nbytes + header.values_nbytes:
        found = source.size - header.nbytes
        raise CorruptionError(f"{found} bytes of values, its header asks for {header.values_nbytes}", path=path)
    return tensor


def _array_files(directory: str) -> Iterator[str]:
    for parent, directories, files in walk(directory, onerror=_fail):
        directories.sort()
        yield from (os.path.join(parent, file) for file in sorted(files) if file.endswith(_SUFFIX))


def _fail(error: OSError) -> None:
    raise error


def _colliding(paths: Iterable[str]) -> set[str]:
    """Return the paths of which a part differs from that of another only in upper and lower case."""
    # A trie of components in lower case: the number of each place, and how its last component is spelled.
    places: dict[tuple[int, str], int] = {}
    spellings: list[set[str]] = []
    ways: dict[str, list[int]] = {}
    for path in paths:
        place = -1
        ways[path] = []
        for component in path.split("/"):
            place = places.setdefault((place, component.lower()), len(places))
            if place == len(spellings):
                spellings.append(set())
            spellings[place].add(component)
            ways[path].append(place)
    return {path for path, way in ways.items() if any(len(spellings[place]) > 1 for place in way)}


def _divided(path: str) -> str:
    """Cut components that are longer than file systems allow, but not within an escape."""
    components = []
    for component in path.split("/"):
        rest = component
        while len(rest) > _MAX_COMPONENT:
            end = _MAX_COMPONENT
            while "%" in rest[end - 2 : end]:
                end -= 1
            components.append(rest[:end] + "%")
            rest = rest[end:]
        components.append(rest)
    return "/".join(components)


def _quote_component(component: str) -> str:
    quoted = quote(component, lambda c: is_printable_ascii(c) and (c.isalnum() or c in _KEPT))
    return _portable(quoted)


def _quote_lower(component: str) -> str:
    quoted = quote(component, lambda c: is_printable_ascii(c) and (c.isalnum() or c in _KEPT) and not c.isupper())
    return _portable(quoted)


def _portable(quoted: str) -> str:
    """Escape what some systems do not allow at the beginning or the end of a name."""
    if quoted[:1] in (".", " ") or _DEVICES.match(quoted):
        quoted = f"%{ord(quoted[0]):02X}{quoted[1:]}"
    if quoted.lower().endswith(_SUFFIX):
        quoted = f"{quoted[:-4]}%2E{quoted[-3:]}"
    if quoted[-1:] in (".", " "):
        quoted = f"{quoted[:-1]}%{ord(quoted[-1]):02X}"
    return quoted


ESCAPING = Escaping(_quote_component, _quote_lower)
_LOWER = Escaping(_quote_lower)
