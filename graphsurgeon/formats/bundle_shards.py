"""The data files of a V2 checkpoint: which are there, whole, and what they claim to be.

Opening a checkpoint looks at the size of each. One that is missing, ends too early, or is something else, such as a
Git LFS pointer, costs the tensors in it and no others; these are told when they are read, or by `damaged_files`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from graphsurgeon.formats.bundle_names import index_path, shard_path
from graphsurgeon.formats.checkpoint import Damage, DamagedFile
from graphsurgeon.formats.entry_table import BundleEntry
from graphsurgeon.formats.foreign import LFS_POINTER, is_lfs_pointer
from proto_utils import places
from proto_utils.errors import CorruptionError, GraphSurgeonError, NotFoundError, UnsupportedError
from proto_utils.files import CLOSED, FileSource, ReopenedSource
from proto_utils.named_tuple import NamedTuple
from proto_utils.opening import open_source
from proto_utils.remote.address import is_elsewhere

#: Shards are opened with the checkpoint so that replacing its files changes nothing for whoever
#: reads it; beyond this many only while they are read, because descriptors are few.
_MAX_OPEN_SHARDS = 128
_SALVAGE = "`readable=True` of select and export keeps what is whole"


class Place(NamedTuple):
    """An entry with values, the key that errors call it by, and the tensor that it is (a slice) of."""

    tensor: str
    name: str
    entry: BundleEntry


class BundleShards:
    """The data files of a checkpoint.

    Attributes
    ----------
    prefix : str
    num_shards : int
    is_big_endian : bool
    """

    def __init__(self, prefix: str, num_shards: int, is_big_endian: bool) -> None:
        self.prefix = prefix
        self.num_shards = num_shards
        self.is_big_endian = is_big_endian
        self._sources: dict[int, FileSource] = {}
        self._sizes: dict[int, int | None] = {}
        self._is_pointer: dict[int, bool] = {}
        self._is_closed = False

    def path(self, shard_id: int) -> str:
        """Return the path of a shard."""
        return shard_path(self.prefix, shard_id, self.num_shards)

    def nbytes(self, shard_id: int) -> int | None:
        """Return the size of a shard, None when it is missing."""
        if shard_id not in self._sizes:
            try:
                self._sizes[shard_id] = self._open(shard_id).size
            except FileNotFoundError:
                self._sizes[shard_id] = None
        return self._sizes[shard_id]

    def holding(self, name: str, entry: BundleEntry) -> FileSource:
        """Return the shard that holds the values of an entry, which stays open if few are.

        Raises
        ------
        NotFoundError, UnsupportedError, CorruptionError
            It is missing, something else, or ends before them; names the file.
        """
        fault = self.fault(name, entry)
        if fault is not None:
            raise fault
        return self._open(entry.shard_id)

    def fault(self, name: str, entry: BundleEntry) -> GraphSurgeonError | None:
        """Return why the values of an entry cannot be read, as far as its shard's size and beginning tell."""
        shard_id = entry.shard_id
        damage = self._damage(shard_id, entry.offset + entry.nbytes)
        if damage is None:
            return None
        path = self.path(shard_id)
        if damage == "missing":
            return self._missing(shard_id)
        if damage == "Git LFS pointer":
            return UnsupportedError(f"tensor {name!r}: this is {LFS_POINTER}", path=path, hint=_SALVAGE)
        size = self.nbytes(shard_id)
        place = f"bytes {entry.offset} to {entry.offset + entry.nbytes} of a shard of {size}"
        reason = f"tensor {name!r} is at {place}: the shard is truncated or of another checkpoint"
        return CorruptionError(reason, path=path, offset=size, hint=f"get the file again; {_SALVAGE}")

    def is_whole(self, shard_id: int, end: int) -> bool:
        """Return whether a shard is there, is one, and has all values up to `end`."""
        return self._damage(shard_id, end) is None

    def damaged_files(self, places: Iterable[Place]) -> list[DamagedFile]:
        """Return the shards of which some of these entries cannot be read, by number."""
        found: dict[int, DamagedFile] = {}
        wanted: dict[int, int] = {}
        for place in places:
            entry = place.entry
            wanted[entry.shard_id] = max(wanted.get(entry.shard_id, 0), entry.offset + entry.nbytes)
            damage = self._damage(entry.shard_id, entry.offset + entry.nbytes)
            if damage is not None:
                file = found.setdefault(entry.shard_id, DamagedFile(self.path(entry.shard_id), damage, "", []))
                file.names.append(place.tensor)
        return [
            file._replace(reason=self._reason(number, file.damage, wanted[number]), names=[*dict.fromkeys(file.names)])
            for number, file in sorted(found.items())
        ]

    def close(self) -> None:
        """Close what is open."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()
        self._is_closed = True

    def _open(self, shard_id: int) -> FileSource:
        source = self._sources.get(shard_id)
        if self._is_closed:
            raise UnsupportedError("was closed before this was read from it", path=self.path(shard_id), hint=CLOSED)
        if source is None:
            path = self.path(shard_id)
            is_one_of_few = len(self._sources) < _MAX_OPEN_SHARDS or is_elsewhere(path)
            source = self._sources[shard_id] = open_source(path) if is_one_of_few else ReopenedSource(path)
        return source

    def _damage(self, shard_id: int, end: int) -> Damage | None:
        size = self.nbytes(shard_id)
        if size is None:
            return "missing"
        if shard_id not in self._is_pointer:
            self._is_pointer[shard_id] = is_lfs_pointer(self._open(shard_id))
        if self._is_pointer[shard_id]:
            return "Git LFS pointer"
        return "truncated" if end > size else None

    def _reason(self, shard_id: int, damage: Damage, wanted: int) -> str:
        if damage == "missing":
            return "is not there"
        if damage == "Git LFS pointer":
            return f"is {LFS_POINTER}"
        return f"is truncated: {self.nbytes(shard_id)} of {wanted} bytes"

    def _missing(self, shard_id: int) -> NotFoundError:
        near = tuple(self._under_other_names(shard_id))
        of = "the only data file" if self.num_shards == 1 else f"one of the {self.num_shards} data files"
        if near:
            hint = f"it is {of} of this checkpoint; is it {' or '.join(map(repr, near))}, under another name?"
        else:
            hint = f"it is {of} of this checkpoint and belongs beside the index; {_SALVAGE}"
        return NotFoundError("data shard", self.path(shard_id), near, hint=hint)

    def _under_other_names(self, shard_id: int) -> list[str]:
        """Return data files of that number that belong to no checkpoint there, as after renaming an index."""
        directory = os.path.dirname(self.prefix)
        files = sorted(places.matching(directory, f"*.data-{shard_id:05d}-of-?????"))
        # The other files of this checkpoint are there under their own names.
        own = {self.path(number) for number in range(min(self.num_shards, len(files) + 1))}
        return [
            path for path in files if path not in own and not places.exists(index_path(path.rpartition(".data-")[0]))
        ]
