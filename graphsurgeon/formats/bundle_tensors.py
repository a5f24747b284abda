"""The tensors of a V2 checkpoint: values that stay in its shards until asked for.

Whatever is read is verified. A tensor's checksum is known to be right before the
last piece of it is handed out: a consumer that reads to the end and sees no error
has sound values, one that stops early has not been told.

A big-endian checkpoint's values are swapped as they are read; checksums are of the
bytes in the file.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from graphsurgeon.formats.byteorder import swap_code, swapped
from graphsurgeon.formats.checksum import Range, crc32c, mask, range_crc, range_crcs
from graphsurgeon.formats.entry_table import BundleEntry, EntryTable
from graphsurgeon.tensors.faults import READING_ERRORS, TogetherTensor
from graphsurgeon.tensors.neighbours import SMALL_NBYTES, NeighbourTensor, runs
from graphsurgeon.tensors.tensor import Stored, Tensor
from proto_utils import meter
from proto_utils.errors import CorruptionError, GraphSurgeonError
from proto_utils.files import CHUNK_NBYTES, FileSource
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import MAX_NBYTES, decode_varint

_UINT32_MAX = 0xFFFFFFFF
#: Lengths of strings are read so many bytes at a time.
_WINDOW_NBYTES = 1 << 16


class Shards(Protocol):
    """The data files in which the values are."""

    is_big_endian: bool

    def holding(self, name: str, entry: BundleEntry) -> FileSource:
        """Return the open shard that holds the values of an entry; what `fault` returns is raised."""
        ...

    def fault(self, name: str, entry: BundleEntry) -> GraphSurgeonError | None:
        """Return why the values of an entry cannot be read, by the shard's size: it is missing, or ends before them."""
        ...


#: Rows that are counted from one `ListedEntries`: so small a number is no object of its own.
LISTED_ROWS = 1 << 8


class ListedEntries(NamedTuple):
    """A part of what an index lists: its entries from a row on, and the data files in which the values are."""

    table: EntryTable
    shards: Shards
    first: int = 0


class StoredTensor(Tensor):
    """The base of all kinds: a row of an index; a million of them are small.

    Attributes
    ----------
    listed : ListedEntries
    number : int
        Of the row, counted from the first of `listed`. There its name, for errors, and its entry are.
    """

    __slots__ = ("listed", "number")

    def __init__(self, listed: ListedEntries, number: int) -> None:
        entry = listed.table.entry(listed.first + number)
        super().__init__(entry.dtype, entry.shape)
        self.listed = listed
        self.number = number

    @property
    def row(self) -> int:
        """The row of the table."""
        return self.listed.first + self.number

    @property
    def _name(self) -> str:
        return self.listed.table.names[self.row]

    @property
    def _entry(self) -> BundleEntry:
        return self.listed.table.entry(self.row)

    @property
    def _shards(self) -> Shards:
        return self.listed.shards

    @property
    def stored(self) -> Stored:
        """Where its bytes are.

        Raises
        ------
        NotFoundError, CorruptionError
            The shard is missing, or ends before them.
        """
        entry, shards = self._entry, self.listed.shards
        source = shards.holding(self._name, entry)
        return Stored(source, entry.offset, entry.nbytes, entry.checksum, shards.is_big_endian, entry.unknown)

    @property
    def fault(self) -> GraphSurgeonError | None:
        """What is wrong with its shard, by that one's size."""
        return self._shards.fault(self._name, self._entry)

    @property
    def _source(self) -> FileSource:
        return self._shards.holding(self._name, self._entry)

    @property
    def _label(self) -> str:
        return f"tensor {self._name!r} of dtype {self.dtype.name}"

    def _verify(self, crc: int) -> None:
        actual, checksum = mask(crc), self.listed.table.columns.checksum[self.row]
        if actual != checksum:
            raise self._corrupt(f"checksum is {checksum:#010x}, its bytes have {actual:#010x}")

    def _corrupt(self, reason: str) -> CorruptionError:
        path = self._source.path
        where = f"tensor {self._name!r} ({self._entry.nbytes} bytes)"
        return CorruptionError(f"{where}: {reason}", path=path, offset=self._entry.offset)


class BundleTensor(StoredTensor, NeighbourTensor, TogetherTensor):
    """A numeric tensor."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self._entry.nbytes

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the values through one reused buffer, little-endian.

        Raises
        ------
        NotFoundError
            The shard is missing.
        CorruptionError
            The checksum differs: said before the last piece is yielded.
        """
        # A million of them may be small.
        name, entry, shards = self._name, self._entry, self.listed.shards
        meter.at(name)
        end = entry.offset + entry.nbytes
        swap = swap_code(self.dtype) if shards.is_big_endian else None
        crc, position = 0, entry.offset
        for chunk in shards.holding(name, entry).chunks(entry.offset, end, nbytes):
            crc = crc32c(chunk, crc)
            position += len(chunk)
            if position == end:
                self._verify(crc)
            yield chunk if swap is None else swapped(chunk, swap)
        if entry.nbytes == 0:
            self._verify(crc)

    @classmethod
    def read_together(cls, tensors: Sequence[BundleTensor]) -> list[bytes | None]:
        """Return the values of small ones, little-endian; None where the shard or the checksum is not as it should be.

        Raises
        ------
        OSError, ChangedError
            The shard cannot be read.
        """
        values: list[bytes | None] = [None] * len(tensors)
        for ranges in _places(tensors).values():
            tensor = tensors[ranges[0][-1]]
            if tensor.fault is not None:
                continue
            source, is_big_endian = tensor._source, tensor._shards.is_big_endian
            for start, end, run in runs(ranges):
                window = source.read(start, end) if end <= source.size else b""
                for offset, nbytes, checksum, position in run:
                    value = window[offset - start : offset - start + nbytes]
                    if mask(crc32c(value)) == checksum and len(value) == nbytes:
                        swap = swap_code(tensors[position].dtype) if is_big_endian else None
                        values[position] = value if swap is None else swapped(value, swap)
        return values

    def read_through(self) -> None:
        """Verify the checksum, by several threads."""
        meter.at(self._name)
        entry = self._entry
        self._verify(range_crc(self._source, entry.offset, entry.offset + entry.nbytes))

    @classmethod
    def faults_of(cls, tensors: Iterable[BundleTensor]) -> Iterator[GraphSurgeonError | None]:
        """Yield what is wrong with each tensor; the checksums of several are verified at once."""
        drawn: deque[tuple[BundleTensor, GraphSurgeonError | None]] = deque()

        def ranges() -> Iterator[Range]:
            for tensor in tensors:
                meter.at(tensor._name)
                entry = tensor._entry
                try:
                    source = tensor._source
                except READING_ERRORS as error:
                    drawn.append((tensor, error))
                    continue
                drawn.append((tensor, None))
                yield source, entry.offset, entry.offset + entry.nbytes

        for crc in range_crcs(ranges()):
            tensor, fault = drawn.popleft()
            while fault is not None:
                yield fault
                tensor, fault = drawn.popleft()
            yield tensor._fault_by(crc) if isinstance(crc, int) else crc
        yield from (fault for _, fault in drawn)

    def _fault_by(self, crc: int) -> CorruptionError | None:
        try:
            self._verify(crc)
        except CorruptionError as error:
            return error
        return None


def _places(tensors: Sequence[BundleTensor]) -> dict[tuple[int, int], list[tuple[int, int, int, int]]]:
    """Return by shard where small tensors are: offset, number of bytes, checksum and which it is, in order."""
    places: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {}
    listed = None
    for position, tensor in enumerate(tensors):
        if tensor.listed is not listed:
            # That is the same of many.
            listed = tensor.listed
            table, _, first = listed
            _, shard_ids, offsets, sizes, checksums = table.columns
        row = first + tensor.number
        if sizes[row] <= SMALL_NBYTES:
            place = (offsets[row], sizes[row], checksums[row], position)
            places.setdefault((id(table), shard_ids[row]), []).append(place)
    for ranges in places.values():
        ranges.sort()
    return places


class BundleStringTensor(StoredTensor):
    """A string tensor: varint lengths, their masked checksum, the strings."""

    __slots__ = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the strings; costs reading their lengths."""
        return self._check_lengths()[0]

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; about 1 MiB of them is in memory at a time. Their lengths are read twice.

        Raises
        ------
        NotFoundError
            The shard is missing.
        CorruptionError
            A checksum differs, or the lengths do not add up: said before the last element is yielded.
        """
        meter.at(self._name)
        _, position, crc = self._check_lengths()
        missing = self.size
        for lengths, _ in self._lengths():
            first = 0
            while first < len(lengths):
                last, total = _batch(lengths, first)
                data = self._source.read(position, position + total)
                crc = crc32c(data, crc)
                missing -= last - first
                if not missing:
                    self._verify(crc)
                start = 0
                for length in lengths[first:last]:
                    yield data[start : start + length]
                    start += length
                position += total
                first = last
        if not self.size:
            self._verify(crc)

    def _check_lengths(self) -> tuple[int, int, int]:
        """Return the sum of the lengths, where the strings begin, and the CRC up to there."""
        entry = self._entry
        total, position, crc = 0, entry.offset, 0
        if entry.nbytes == 0:
            return total, position, crc
        for lengths, after in self._lengths():
            total, position, crc = total + sum(lengths), after, self._crc_of(lengths, crc)
        end = entry.offset + entry.nbytes
        checksum = self._source.read(position, min(position + 4, end))
        if len(checksum) < 4 or mask(crc) != int.from_bytes(checksum, self._byteorder):
            raise self._corrupt("the checksum of its string lengths differs")
        position += 4
        if position + total != end:
            raise self._corrupt(f"its strings take {position + total - entry.offset} bytes")
        return total, position, crc32c(checksum, crc)

    def _lengths(self) -> Iterator[tuple[array[int], int]]:
        """Yield the lengths in pieces, and where in the file the next one begins."""
        entry, missing = self._entry, self.size
        position, end = entry.offset, entry.offset + entry.nbytes
        while missing:
            stop = min(end, position + _WINDOW_NBYTES, position + MAX_NBYTES * missing)
            window = self._source.read(position, stop)
            lengths, nbytes = self._decode_lengths(window, missing, is_last=stop < position + _WINDOW_NBYTES)
            position += nbytes
            missing -= len(lengths)
            yield lengths, position

    def _decode_lengths(self, window: bytes, missing: int, *, is_last: bool) -> tuple[array[int], int]:
        """Return the lengths in a part of the file, up to where one may go on behind it, and the bytes they take."""
        single = window[:missing]
        if single.isascii() and (len(single) == missing or not is_last):
            return array("Q", list(single)), len(single)
        lengths: array[int] = array("Q")
        position, limit = 0, len(window) if is_last else len(window) - MAX_NBYTES
        try:
            while len(lengths) < missing and (position < limit or is_last):
                length, position = decode_varint(window, position)
                lengths.append(length)
        except CorruptionError as error:
            raise self._corrupt(f"its string lengths: {error.reason}") from None
        return lengths, position

    def _crc_of(self, lengths: array[int], crc: int) -> int:
        """Go on with the CRC of the lengths as TensorFlow sums them: uint32 each, uint64 past 4 GiB."""
        order = self._byteorder
        if order == "little" and max(lengths, default=0) <= _UINT32_MAX:
            return crc32c(array("I", lengths).tobytes(), crc)
        for length in lengths:
            crc = crc32c(length.to_bytes(4 if length <= _UINT32_MAX else 8, order), crc)
        return crc

    @property
    def _byteorder(self) -> Any:
        return "big" if self._shards.is_big_endian else "little"


def _batch(lengths: array[int], first: int) -> tuple[int, int]:
    """Return where a batch of strings that begins at `first` ends, and its bytes."""
    total = lengths[first]
    last = first + 1
    while last < len(lengths) and total + lengths[last] <= CHUNK_NBYTES:
        total += lengths[last]
        last += 1
    return last, total
