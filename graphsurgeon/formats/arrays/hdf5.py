"""HDF5 files: datasets by path, as h5py and Keras read and write them.

::

    /conv1/weights              float32 [3, 64]
    /conv1/weights%2FAdam       a dataset cannot hold others, so this slash is escaped
    /dense/dense/kernel:0       Keras's weights: called after their layers, see `keras_names`
    /emb                        a compound of one member, {'bfloat16': <u2}; see `graphsurgeon.formats.arrays.forms`

Needs h5py, which this module alone imports. Values go in and out in boxes of about 1 MiB. What leads out of a file is
never followed: links to other files, external and virtual datasets, references.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.formats.arrays.datasets import (
    CACHE_NBYTES,
    DAMAGES,
    DatasetPlace,
    is_empty,
    open_dataset,
    told,
)
from graphsurgeon.formats.arrays.escapes import Escaping, is_encodable, quote
from graphsurgeon.formats.arrays.forms import form_chunks
from graphsurgeon.formats.arrays.keras_names import KerasNames, names_of
from graphsurgeon.formats.arrays.plan import FormMember, encode_names, naming, plan_forms
from graphsurgeon.tensors.boxes import bands
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.selection import Chosen, Skipped
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.opening import for_library
from proto_utils.output import Transaction

_NUM_SLOTS = 10_007
_MAX_RANK = 32


def plan(tensors: Mapping[str, Tensor]) -> list[FormMember]:
    """Return what `write` is to write.

    Raises
    ------
    UnsupportedError, LimitError
        A name or a value that the format cannot hold.
    PassError
        There is no h5py.
    """
    _import_h5py()
    return plan_forms(_paths(tensors), tensors)


def write(members: Sequence[FormMember], path: str, *, overwrite: bool, sync: bool = False) -> list[str]:
    """Write a file; it appears when it is complete. Each tensor is read once, in chunks."""
    with Transaction(path, overwrite=overwrite, sync=sync) as transaction:
        write_members(transaction.create_named(path), members, path)
    return [path]


def write_members(
    name: str, members: Sequence[FormMember], path: str, *, before: Callable[[Any], None] = lambda _file: None
) -> None:
    """Write a file under a `name` that errors do not tell; `before` is given it when it is open."""
    h5py = _import_h5py()
    with _system_errors(path), h5py.File(name, "w") as file:
        before(file)
        for member in members:
            with naming(member.name):
                _write_member(file, member)


def read(path: str, *, names: KerasNames = "layers") -> Chosen:
    """Open the datasets of a file; no values are read, and one that has none is skipped.

    Weights of Keras have the names of layers, see `keras_names`, unless the paths of datasets are asked for.

    Raises
    ------
    PassError
        There is no h5py.
    UnsupportedError
        Something leads out of the file. A dataset of what is no array is among what is refused.
    CorruptionError
        It is damaged.
    """
    file = open_file(path, path)
    try:
        return tensors_of(file, path, names)
    except BaseException:
        file.close()
        raise


def open_file(file: Any, path: str) -> Any:
    """Open a file of that path, or a file object; CorruptionError when it is not HDF5, PassError without h5py."""
    h5py = _import_h5py()
    file = for_library(file) if isinstance(file, str) else file
    try:
        # Many slots, so that chunks which are used together do not displace one another.
        return h5py.File(file, "r", rdcc_nbytes=CACHE_NBYTES, rdcc_nslots=_NUM_SLOTS)
    except FileNotFoundError:
        raise
    except DAMAGES as error:
        reason = told(error)
        hint = "download it again" if reason.startswith("truncated") else None
        raise CorruptionError(f"an HDF5 file that cannot be opened: {reason}", path=path, hint=hint) from error


def tensors_of(file: Any, path: str, names: KerasNames) -> Chosen:
    """Open the datasets of an open file; errors as `read`."""
    datasets = {place: (DatasetPlace(file, place, path), dataset) for place, dataset in datasets_of(file, path)}
    return named(datasets, file, path, names)


def named(datasets: Mapping[str, tuple[DatasetPlace, Any]], file: Any, path: str, names: KerasNames) -> Chosen:
    """Open datasets of one file or several, which `file` shows as one; errors as `read`."""
    known = {place: ESCAPING.decode(place) for place in datasets}
    if names == "layers":
        known |= {place: name for place, name in names_of(file, datasets).items() if name != place}
    tensors = Chosen()
    for place, (where, dataset) in datasets.items():
        name = known[place]
        if is_empty(dataset):
            # h5py.Empty: nothing of it could be lost.
            tensors.skipped.append(Skipped(name, "a dataset that is empty, without even a shape"))
            continue
        if name in tensors or name in tensors.refused:
            raise CorruptionError(f"two datasets mean the tensor {name!r}", path=path)
        tensors.take(name, partial(open_dataset, where, dataset))
    return tensors


def datasets_of(file: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield paths and datasets of a file, and refuse what leads out of it."""
    h5py = _import_h5py()
    seen: set[int] = set()
    waiting = [("", file)]
    while waiting:
        scope, group = waiting.pop()
        try:
            address = h5py.h5o.get_info(group.id).addr
            links = [(name, group.get(name, getlink=True)) for name in group]
        except DAMAGES as error:
            raise CorruptionError(f"group {scope!r} cannot be read: {told(error)}", path=path) from error
        if address in seen:
            raise UnsupportedError(f"group {scope!r} is in several places", path=path)
        seen.add(address)
        for name, link in links:
            place = f"{scope}/{name}" if scope else name
            if not isinstance(link, h5py.HardLink):
                raise UnsupportedError(f"{place!r} is a link, which is not followed", path=path)
            found = _member(group, name, DatasetPlace(file, place, path))
            if isinstance(found, h5py.Group):
                waiting.append((place, found))
            elif isinstance(found, h5py.Dataset):
                yield place, found


def _member(group: Any, name: str, place: DatasetPlace) -> Any:
    try:
        return group[name]
    except DAMAGES as error:
        raise CorruptionError(f"{place.name!r} cannot be read: {told(error)}", path=place.path) from error


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
    shape = member.tensor.shape
    if len(shape) > _MAX_RANK:
        raise UnsupportedError(f"{len(shape)} dimensions, where HDF5 has at most {_MAX_RANK}")
    dataset = file.create_dataset(member.path, shape, dtype=member.form)
    reader = ElementReader(member.tensor, member.form, chunks=form_chunks(member.tensor, member.form))
    for box in bands(shape, member.form.itemsize):
        dataset.write_direct(reader.read_box(box), dest_sel=tuple(slice(*bounds) for bounds in box) or None)
    reader.end()


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        # Nothing is wrong with the file.
        reason = "h5py, which reads and writes these files, is not installed"
        raise PassError("HDF5", reason, hint="pip install h5py") from error
    return h5py


def _quote_component(component: str) -> str:
    quoted = quote(component, lambda c: is_encodable(c) and c != "\0")
    # A dot is the group itself.
    return quoted.replace(".", "%2E") if component in (".", "..") else quoted


ESCAPING = Escaping(_quote_component)
