"""Reading V2 checkpoints; what they are made of is drawn in `graphsurgeon.formats.bundle_writer`.

Beside what the writer there makes, a checkpoint may have

- several shards ``prefix.data-00000-of-00003`` ..., tensors anywhere in them, gaps between them;
- partitioned tensors: the entry under the tensor's name has shape, dtype and the list of ``slices``,
  and each slice an entry of its own under an encoded key (`graphsurgeon.formats.slices`);
- big-endian values, as machines of that order write them; an index compressed with Snappy.

Source: TensorFlow's ``core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Mapping

from graphsurgeon.formats.bundle_entries import EntryDecoder
from graphsurgeon.formats.bundle_index import VERSION
from graphsurgeon.formats.bundle_names import encode_name, index_path
from graphsurgeon.formats.bundle_shards import BundleShards, Place
from graphsurgeon.formats.bundle_tensors import (
    LISTED_ROWS,
    BundleStringTensor,
    BundleTensor,
    ListedEntries,
    StoredTensor,
)
from graphsurgeon.formats.bundle_variants import BundleVariantTensor
from graphsurgeon.formats.checkpoint import Checkpoint, DamagedFile
from graphsurgeon.formats.entry_table import BundleEntry, EntryTable
from graphsurgeon.formats.foreign import describe_text
from graphsurgeon.formats.slices import (
    box_of,
    encode_slice_key,
    format_slice,
)
from graphsurgeon.formats.sniff import HEAD_NBYTES, is_text
from graphsurgeon.formats.table import Table
from graphsurgeon.names import text_of
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import Box, format_box, overlapping, shape_of
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.joined import JoinedTensor
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import places, schema
from proto_utils.errors import ChangedError, CorruptionError, NotFoundError, UnsupportedError
from proto_utils.files import FileSource
from proto_utils.opening import open_source
from proto_utils.remote.address import spelled

# How often a checkpoint that is replaced meanwhile is read anew, and how long to wait for its index, in seconds.
_MAX_ATTEMPTS, _PAUSE = 20, 0.002
#: ``08 num_shards | 1A 02 08 VERSION``, which is read without protobuf.
_USUAL_HEADER = rb"(?s)\x08[\x00-\x7f]\x1a\x02\x08" + bytes([VERSION])
#: From here on an index is decoded by columns: about 30,000 entries.
_LARGE_NBYTES = 1 << 20


class Bundle(Checkpoint[BundleEntry]):
    """A V2 checkpoint: tensors by name, in the order of their names' bytes.

    Opening reads the index, all of it, and checks every entry against the others
    and against the sizes of the shards; no value is read. A shard that is missing or
    truncated is no error until a tensor in it is read; see `damaged_files`.

    Parameters
    ----------
    prefix : path
        As given to TensorFlow: without ``.index``. May end in a slash.

    Attributes
    ----------
    prefix : str
    entries : Mapping of str to BundleEntry
        dtypes, shapes and places; slices are under the tensor they belong to.
    num_shards : int
    is_big_endian : bool

    Raises
    ------
    ChangedError
        Somebody replaces it again and again; after a single time it is read anew.
    NotFoundError
        There is no such checkpoint.
    CorruptionError
        The index is damaged, or says what cannot be.
    UnsupportedError
        The index is of a newer kind.
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self.prefix = spelled(os.fsdecode(prefix))
        self._path = index_path(self.prefix)
        for attempt in range(_MAX_ATTEMPTS):
            try:
                source = _open_index(self.prefix)
            except NotFoundError:
                if attempt == 0:
                    raise
                time.sleep(_PAUSE)
                continue
            except ChangedError:
                # Whoever replaces a checkpoint takes its index away for a moment, or was killed at that.
                if attempt == _MAX_ATTEMPTS - 1:
                    raise
                time.sleep(_PAUSE)
                continue
            with contextlib.closing(source):
                source.will_read()
                self._read(source)
                # Who replaces it replaces the index last: while it stands, the shards that were opened are its own.
                if source.is_current():
                    return
            self.close()
        raise ChangedError("was replaced each time it was read", path=self._path, hint="try it again later")

    def _read(self, source: FileSource) -> None:
        table = Table(source)
        items = table.items()
        self.num_shards, self.is_big_endian = self._header(next(items, (None, b"")))
        decoder = EntryDecoder(self.num_shards, self._path)
        if source.size < _LARGE_NBYTES:
            entries = EntryTable.of((name := text_of(key), decoder.decode(name, value)) for key, value in items)
        else:
            # Imported here: it brings along numpy, which takes longer than a small index.
            from graphsurgeon.formats.entry_columns import read_columns

            entries = read_columns(table, decoder)
        self._shards = BundleShards(self.prefix, self.num_shards, self.is_big_endian)
        self._parts: dict[str, list[tuple[Box, str, BundleEntry]]] = {}
        #: Where the last value of each shard ends.
        self._ends = entries.ends()
        try:
            # Every shard that entries name, where it is present: whoever replaces files changes nothing for us.
            for shard_id in self._ends:
                self._shards.nbytes(shard_id)
            self._gather_slices(entries)
        except BaseException:
            self.close()
            raise
        self._table = entries
        self.entries: Mapping[str, BundleEntry] = entries

    def tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name."""
        table, new = self._table, object.__new__
        kinds = [(_type_of(dtype), dtype, shape) for dtype, shape in table.kinds]
        tensors = []
        for first in range(0, len(table.names), LISTED_ROWS):
            listed = ListedEntries(table, self._shards, first)
            for number, kind in enumerate(table.columns.kind[first : first + LISTED_ROWS]):
                # As its constructor would, of a dtype and a shape that were checked.
                tensor = new(kinds[kind][0])
                _, tensor.dtype, tensor.shape = kinds[kind]
                tensor.listed = listed
                tensor.number = number
                tensors.append(tensor)
        if not isinstance(table.rows, range):
            tensors = [tensors[row] for row in table.rows]
        named: dict[str, Tensor] = dict(zip(table, tensors, strict=True))
        for name in self._parts:
            named[name] = self[name]
        return named

    def _tensor_of(self, name: str, entry: BundleEntry) -> Tensor:
        if not entry.slices:
            row = self._table.find(name)
            assert row is not None
            return _type_of(entry.dtype)(ListedEntries(self._table, self._shards), row)
        parts = [(box, self._part(f"{name}[{format_box(box)}]", stored)) for box, _, stored in self._parts[name]]
        return JoinedTensor(entry.shape, parts, name=name, slices=entry.slices, path=self._path)

    def _part(self, name: str, entry: BundleEntry) -> Tensor:
        """Return a slice, which errors call by another name than its key."""
        return _type_of(entry.dtype)(ListedEntries(EntryTable.of([(name, entry)]), self._shards), 0)

    def shard_ids(self) -> list[int]:
        """Return the shards in which something is stored, in order."""
        return sorted(self._ends)

    def damaged_files(self) -> list[DamagedFile]:
        """Return the shards that lack values of some tensors; of one that is partitioned, any slice of it."""
        if all(self._shards.is_whole(shard_id, end) for shard_id, end in self._ends.items()):
            return []
        places = [Place(name, name, entry) for name, entry in self.entries.items() if not entry.slices]
        places += [Place(name, part, entry) for name, parts in self._parts.items() for _, part, entry in parts]
        return self._shards.damaged_files(places)

    def missing_shards(self) -> list[str]:
        """Return the paths of shards that hold something and are not there."""
        paths = map(self._shards.path, self.shard_ids())
        return [path for path in paths if not places.exists(path)]

    def parts(self, name: str) -> list[tuple[Box, BundleEntry]]:
        """Return the bounds and entries of a partitioned tensor's slices, none for other tensors."""
        return [(box, entry) for box, _, entry in self._parts.get(name, ())]

    def stored_nbytes(self, name: str, entry: BundleEntry) -> int:
        """Return what a tensor takes in the data files, in bytes; touches none of them."""
        return sum(part.nbytes for _, _, part in self._parts[name]) if entry.slices else entry.nbytes

    def close(self) -> None:
        """Close the shards; tensors of this checkpoint can no longer be read."""
        self._shards.close()

    def _header(self, item: tuple[bytes | None, bytes]) -> tuple[int, bool]:
        """Return how many shards there are, and whether their values are big-endian."""
        key, value = item
        if key != b"":
            raise self._corrupt("no header: the first key of a checkpoint index is empty")
        if re.fullmatch(_USUAL_HEADER, value):
            return value[1], False
        header = schema.parse(schema.BundleHeaderProto, value, path=self._path)
        version = header.version
        if version.min_consumer > VERSION or VERSION in version.bad_consumers:
            wanted = f"a reader of version {version.min_consumer}, this one is of {VERSION}"
            raise UnsupportedError(f"the checkpoint wants {wanted}", path=self._path)
        if header.endianness not in (0, 1):
            raise UnsupportedError(f"unknown byte order {header.endianness}", path=self._path)
        return header.num_shards, header.endianness == schema.BundleHeaderProto.BIG

    def _gather_slices(self, table: EntryTable) -> None:
        """Hide the entries of slices behind the tensor they belong to."""
        hidden: set[int] = set()
        for row, entry in table.others.items():
            if entry.slices:
                name = table.names[row]
                self._parts[name] = self._slices(name, entry, table, hidden)
        table.hide(hidden)

    def _slices(
        self, name: str, whole: BundleEntry, table: EntryTable, hidden: set[int]
    ) -> list[tuple[Box, str, BundleEntry]]:
        key = encode_name(name)
        parts = []
        for extents in whole.slices:
            where = f"tensor {name!r}, slice {format_slice(extents)}"
            try:
                box = box_of(extents, whole.shape)
            except CorruptionError as error:
                raise self._corrupt(f"tensor {name!r}: {error.reason}") from None
            part = text_of(encode_slice_key(key, extents))
            row = table.find(part)
            stored = None if row is None else table.entry(row)
            shape = shape_of(box)
            if row is None or stored is None or stored.slices:
                raise self._corrupt(f"{where}: no entry holds it")
            hidden.add(row)
            if (stored.dtype, stored.shape) != (whole.dtype, shape):
                found = f"{stored.dtype.name} {list(stored.shape)}"
                raise self._corrupt(f"{where}: stored as {found}, not {whole.dtype.name} {list(shape)}")
            parts.append((box, part, stored))
        if overlapping(box for box, _, _ in parts) is not None:
            raise self._corrupt(f"tensor {name!r}: two of its slices overlap")
        return parts

    def _corrupt(self, reason: str) -> CorruptionError:
        return CorruptionError(reason, path=self._path)


def _type_of(dtype: DType) -> type[StoredTensor]:
    if dtype is dtypes.STRING:
        return BundleStringTensor
    return BundleTensor if dtype.itemsize else BundleVariantTensor


def read_num_shards(prefix: str) -> int:
    """Return how many data files a checkpoint has, by the header of its index alone; errors as `Bundle`."""
    with contextlib.closing(_open_index(prefix)) as source:
        value = next(Table(source).items(), (b"", b""))[1]
        return schema.parse(schema.BundleHeaderProto, value, path=source.path).num_shards


def _open_index(prefix: str) -> FileSource:
    path = index_path(prefix)
    try:
        source = open_source(path)
    except (FileNotFoundError, NotADirectoryError):
        from proto_utils.leftovers import half_replaced

        half = half_replaced(path)
        if half is not None:
            raise half from None
        directory = os.path.dirname(path)
        prefixes = [name.removesuffix(".index") for name in places.matching(directory, "*.index")]
        where = f"{directory or '.'} (no {path})"
        raise NotFoundError.among("checkpoint", prefix, prefixes, where=where) from None
    head = source.read(0, min(source.size, HEAD_NBYTES))
    if is_text(head):
        source.close()
        raise UnsupportedError(f"no index of a checkpoint: this is {describe_text(head, '')}", path=path)
    return source
