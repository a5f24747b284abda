"""V1 checkpoints, which TensorFlow wrote before `graphsurgeon.formats.bundle_writer`'s.

::

    prefix, or prefix-00000-of-00002 ...   each a table (`graphsurgeon.formats.table`):
                                             ""     -> SavedTensorSlices{meta: names, shapes, types, slices}
                                             slice  -> SavedTensorSlices{data}, see `graphsurgeon.formats.v1_tensors`

A slice's key is the one of `graphsurgeon.formats.slices`; a tensor that is stored whole is a
slice of all of it. The slices of one tensor may be in several shards.

Source: TensorFlow's ``core/util/tensor_slice_reader.cc`` and ``saved_tensor_slice.proto``.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from graphsurgeon.formats.checkpoint import Checkpoint, DamagedFile
from graphsurgeon.formats.slices import (
    encode_slice_key,
    format_slice,
)
from graphsurgeon.formats.state_file import is_v1_file
from graphsurgeon.formats.v1_list import StoredSlice, TensorList, V1Entry
from graphsurgeon.formats.v1_tensors import v1_slice
from graphsurgeon.formats.value_table import ValueTable
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import format_box, overlapping, shape_of, whole
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor
from proto_utils import places
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.files import FileSource, Span
from proto_utils.opening import open_source

#: Shards are kept open, so that replacing the files changes nothing for whoever reads them;
#: those beyond this many are opened again when they are read, because descriptors are few.
_MAX_OPEN_SHARDS = 128
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")


class V1Checkpoint(Checkpoint[V1Entry]):
    """A V1 checkpoint: tensors by name, in the order of their names' bytes.

    Opening reads each shard's list of tensors and checks it; no value is read. Damaged
    values are noticed when they are read.

    Parameters
    ----------
    prefix : path
        The file, or what the names of its shards begin with.

    Attributes
    ----------
    prefix : str
    entries : Mapping of str to V1Entry
        dtypes, shapes, and how the tensors are partitioned.
    paths : tuple of str
        The file, or the shards in order.

    Raises
    ------
    NotFoundError
        There is no such file; that some of its shards are missing is told by `damaged_files`.
    CorruptionError
        A list is damaged, or says what cannot be.
    UnsupportedError
        It is of a newer kind, or shards of several checkpoints have the name.
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self.prefix = os.fsdecode(prefix)
        self.paths = tuple(_find_files(self.prefix))
        self.num_shards = len(self.paths)
        there = [number for number, path in enumerate(self.paths) if places.isfile(path)]
        self._sources: list[FileSource] = []
        self._tables: dict[int, ValueTable] = {}
        self._parts: dict[str, Sequence[StoredSlice]] = {}
        entries: dict[str, V1Entry] = {}
        try:
            for shard_id in there:
                self._read_shard(shard_id, entries)
            self.entries: Mapping[str, V1Entry] = MappingProxyType(self._checked(entries))
        except BaseException:
            self.close()
            raise

    def _tensor_of(self, name: str, entry: V1Entry) -> Tensor:
        if not entry.dtype.itemsize and entry.dtype is not dtypes.STRING:
            return OpaqueTensor(entry.dtype, entry.shape)
        parts = self._parts[name]
        if not entry.slices:
            return self._tensor(name, name, entry, parts[0])
        tensors = [(p.box, self._tensor(f"{name}[{format_box(p.box)}]", name, entry, p)) for p in parts]
        return JoinedTensor(entry.shape, tensors, name=name, path=self.prefix)

    def damaged_files(self) -> list[DamagedFile]:
        """Return the shards that are not there; what is in one, it alone lists."""
        reason = "is not there, and with it the list of the tensors in it"
        return [DamagedFile(path, "missing", reason, []) for path in self.missing_shards()]

    def missing_shards(self) -> list[str]:
        """Return the paths of shards that are not there."""
        return [path for path in self.paths if not places.isfile(path)]

    def stored_nbytes(self, name: str, entry: V1Entry) -> int | None:  # noqa: ARG002 -- its entry tells
        """Return what the values of a tensor take, in bytes, as the lists do not tell more; None for strings."""
        return math.prod(entry.shape) * entry.dtype.itemsize if entry.dtype.itemsize else None

    def close(self) -> None:
        """Close the files; tensors of this checkpoint can no longer be read."""
        self._tables.clear()
        while self._sources:
            self._sources.pop().close()

    def _tensor(self, called: str, name: str, entry: V1Entry, part: StoredSlice) -> Tensor:
        return v1_slice(called, entry.dtype, shape_of(part.box), partial(self._find, name, part))

    def _find(self, name: str, part: StoredSlice) -> Span:
        table = self._tables.get(part.shard_id) or self._open(part.shard_id)
        found = table.find(encode_slice_key(name.encode(), part.extents))
        if found is None:
            reason = f"tensor {name!r}: slice {format_slice(part.extents)!r} is listed, but not stored"
            raise CorruptionError(reason, path=self.paths[part.shard_id])
        return found

    def _open(self, shard_id: int) -> ValueTable:
        """Open a shard's table; when enough are open, it is for the caller alone."""
        path = self.paths[shard_id]
        try:
            source = open_source(path)
        except FileNotFoundError:
            raise NotFoundError("checkpoint shard", path, hint="it was there when the checkpoint was opened") from None
        keep = len(self._sources) < _MAX_OPEN_SHARDS
        if keep:
            self._sources.append(source)
        table = ValueTable(source)
        if keep:
            self._tables[shard_id] = table
        return table

    def _read_shard(self, shard_id: int, entries: dict[str, V1Entry]) -> None:
        path, table = self.paths[shard_id], self._open(shard_id)
        # Found, not got: in the block of the list may also be a tensor of any size.
        value = table.find(b"")
        if value is None:
            raise CorruptionError("a V1 checkpoint without its list of tensors", path=path)
        for name, (entry, parts) in TensorList(value.read(), shard_id, table.nbytes, path):
            known = entries.setdefault(name, entry)
            if known is not entry and known != entry:
                here, there = (f"{each.dtype.name} {list(each.shape)}" for each in (entry, known))
                raise CorruptionError(f"tensor {name!r} is {here} here and {there} in another place", path=path)
            before = self._parts.get(name)
            if isinstance(before, list):
                before.extend(parts)
            else:
                # Tensors of one kind share theirs.
                self._parts[name] = parts if before is None else [*before, *parts]

    def _checked(self, entries: dict[str, V1Entry]) -> dict[str, V1Entry]:
        """Return the tensors sorted, with their slices, which must not overlap."""
        checked = {}
        for name in sorted(entries):
            entry, parts = entries[name], self._parts[name]
            if len(parts) > 1 and overlapping(part.box for part in parts) is not None:
                path = self.paths[parts[-1].shard_id]
                raise CorruptionError(f"tensor {name!r}: two of its slices overlap", path=path)
            is_whole = len(parts) == 1 and parts[0].box == whole(entry.shape)
            checked[name] = entry if is_whole else entry._replace(slices=tuple(part.extents for part in parts))
        return checked


def _find_files(prefix: str) -> list[str]:
    """Return the file, or all of its shards, some of which may not be there."""
    if is_v1_file(prefix):
        return [prefix]
    found = [path for path in glob.glob(glob.escape(prefix) + "-?????-of-?????") if _SHARD.search(path)]
    counts = sorted({int(path[-5:]) for path in found})
    if not found:
        raise NotFoundError("checkpoint", prefix)
    if len(counts) > 1:
        reason = f"shards of several checkpoints have this name: of {' and of '.join(map(str, counts))}"
        raise UnsupportedError(reason, path=prefix)
    return [f"{prefix}-{shard_id:05d}-of-{counts[0]:05d}" for shard_id in range(counts[0])]
