"""Writing V2 checkpoints, byte for byte as ``tf.train.Saver`` does.

::

    prefix.data-00000-of-00001   the tensors' values, one after the other, without gaps, sorted by name
    prefix.index                 a table (`graphsurgeon.formats.table`):
                                   ""    -> BundleHeaderProto{num_shards, endianness, version}
                                   name  -> BundleEntryProto{dtype, shape, shard_id, offset, size, crc32c}

    numeric tensor = elements, little-endian, in C order
    string tensor  = varint length ... | masked CRC32C of the lengths | bytes ...

An entry's ``crc32c`` is masked and covers the tensor's bytes as they are in the file; in
a string tensor it covers each length as a uint32 (uint64 past 4 GiB) in place of the
varint. Variants are drawn in `graphsurgeon.formats.bundle_variants`.

Source: TensorFlow's ``core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Literal

from graphsurgeon.formats.bundle_index import encode_entry, encode_partitioned, write_index
from graphsurgeon.formats.bundle_names import encode_name, index_path, shard_path
from graphsurgeon.formats.bundle_rows import Row, check_rows, deal_rows, refuse_faults
from graphsurgeon.formats.byteorder import swap_code, swapped
from graphsurgeon.formats.checksum import crc32c, mask, unmask
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Stored, Tensor
from proto_utils import meter
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.output import Transaction
from proto_utils.sink import FileSink
from proto_utils.varint import encode_varint

if TYPE_CHECKING:
    from graphsurgeon.formats.linked_shards import LinkedShard, Links
    from graphsurgeon.formats.listed_rows import ListedRows

ByteOrder = Literal["little", "big"]


class MadeShard(NamedTuple):
    """A data file that is written already, under another name in the same file system, and its index entries."""

    path: str
    entries: list[tuple[bytes, bytes]]


#: Takes what goes into each new data file, the number of the first, and the byte order; makes them in this order.
ShardWriter = Callable[[Sequence[Sequence[Row]], int, ByteOrder], Iterable[MadeShard]]
_UINT32_MAX = 0xFFFFFFFF
_BATCH_NBYTES = 1 << 16
#: From so many tensors on, those that are in data files are written by columns.
_MANY = 20_000


def write_bundle(
    prefix: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    transaction: Transaction,
    *,
    shard_nbytes: int | None = None,
    links: Links = "never",
    byteorder: ByteOrder | None = None,
    write_shards: ShardWriter | None = None,
) -> list[str]:
    """Write a checkpoint; its files appear when the transaction ends.

    Each tensor is read once, in chunks, and its checksum computed on the way; one that
    a data file holds as it is already is not even read when `links` allow that.
    Partitioned tensors stay partitioned.

    Parameters
    ----------
    prefix : path
        Files are named by appending to it; it may end in a slash.
    tensors : Mapping of str to Tensor
        Written in the order of their names' bytes, whatever the mapping's.
    transaction : Transaction
        Creates the shards, then the index.
    shard_nbytes : int, optional
        Begin a new shard rather than let one grow past this. A tensor is never
        divided, so one that is larger has a shard of its own. All in one by default.
    links : {"never", "hard", "always"}
        Whether shards may be other names of the data files that hold the tensors, see `linked_shards`.
        What is not in one goes into a shard of its own, behind those.
    byteorder : {"little", "big"}, optional
        Of the values. Little by default, unless everything can be linked and is big.
    write_shards : ShardWriter, optional
        Writes the shards that are not linked, such as by other processes.

    Returns
    -------
    list of str
        The paths written, shards first.

    Raises
    ------
    UnsupportedError
        A tensor has values that no file can hold (resource, variant), or an empty name.
    NotFoundError
        A data file that holds a tensor is missing.
    """
    prefix = os.fsdecode(prefix)
    many, tensors = _split(tensors) if links != "never" and len(tensors) >= _MANY else (None, tensors)
    rows, entries = rows_of(prefix, tensors)
    is_big_endian = byteorder == "big"
    linked: list[LinkedShard] = []
    rest, batches = rows, iter(list[tuple[list[bytes], list[bytes]]]())
    if links != "never":
        from graphsurgeon.formats.linked_shards import all_big_endian, link_shards

        claims = [] if many is None else many.claims
        is_big_endian = is_big_endian or (byteorder is None and all_big_endian(rows, claims))
        linked, rest = link_shards(prefix, rows, transaction, links, is_big_endian=is_big_endian, claims=claims)
        if many is not None:
            numbers = {shard.identity: shard_id for shard_id, shard in enumerate(linked)}
            rest = sorted([*rest, *many.rest(numbers, is_big_endian=is_big_endian)], key=itemgetter(0))
            batches = many.entries(numbers, is_big_endian=is_big_endian)
    shards = deal_rows(rest, shard_nbytes) if rest or not linked else []
    num_shards = len(linked) + len(shards)
    meter.expect(sum(map(_numbers_nbytes, shards)), written=True)
    paths = [shard_path(prefix, shard_id, num_shards) for shard_id in range(num_shards)]
    for shard_id, shard in enumerate(linked):
        transaction.place(shard.link, paths[shard_id])
        entries += [(key, _linked_entry(tensor, shard_id, place)) for key, tensor, place in shard.rows]
    order: ByteOrder = "big" if is_big_endian else "little"
    for shard_id, made in enumerate(write_shards(shards, len(linked), order) if write_shards else (), len(linked)):
        transaction.place(transaction.adopt(made.path), paths[shard_id])
        entries += made.entries
    for shard_id, fresh in enumerate(() if write_shards else shards, start=len(linked)):
        sink = transaction.create(paths[shard_id], follow=False)
        entries += write_shard(sink, shard_id, fresh, order)
        transaction.complete(sink)
    entries.sort(key=itemgetter(0))
    paths.append(index_path(prefix))
    index = transaction.create(paths[-1], role="seal", follow=False)
    write_index(index, entries, num_shards, is_big_endian=is_big_endian, batches=batches)
    return paths


def _split(tensors: Mapping[str, Tensor]) -> tuple[ListedRows | None, Mapping[str, Tensor]]:
    """Take out what can be written by columns; None when that is not to be done."""
    names = sorted(tensors)
    if not all(map(str.isascii, names)):
        names.sort(key=encode_name)
        keys = [*map(encode_name, names)]
        if any(map(operator.eq, keys, keys[1:])):
            # What is wrong is told where all are looked at.
            return None, tensors
    if not names[0]:
        return None, tensors
    from graphsurgeon.formats.listed_rows import split_rows

    return split_rows(tensors, names)


def plan_bundle(
    prefix: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    *,
    shard_nbytes: int | None = None,
    links: Links = "never",
    byteorder: ByteOrder | None = None,
) -> list[str]:
    """Return the paths that `write_bundle` would write; refuses what it refuses before it writes a byte."""
    prefix = os.fsdecode(prefix)
    rows, _ = rows_of(prefix, tensors)
    num_linked, rest = 0, rows
    if links != "never":
        from graphsurgeon.formats.linked_shards import all_big_endian, plan_links

        is_big_endian = byteorder == "big" or (byteorder is None and all_big_endian(rows))
        num_linked, rest = plan_links(prefix, rows, links, is_big_endian=is_big_endian)
    num_shards = num_linked + (len(deal_rows(rest, shard_nbytes)) if rest or not num_linked else 0)
    return [*(shard_path(prefix, shard_id, num_shards) for shard_id in range(num_shards)), index_path(prefix)]


def write_stream(
    prefix: str,
    tensors: Iterable[tuple[str, Tensor]],
    transaction: Transaction,
    *,
    shard_nbytes: int | None = None,
    links: Links = "never",
    byteorder: ByteOrder | None = None,
) -> list[str]:
    """Write a checkpoint of tensors that come one at a time; each is written before the next is asked for.

    Values stand in the order in which they come, all in one shard; the index is in order, as always.
    Other parameters, what is returned and errors are those of `write_bundle`.

    Raises
    ------
    UnsupportedError
        Shards of a size, which take knowing all sizes first, or links where nothing is copied.
    """
    if shard_nbytes is not None or links == "always":
        what = "data files of a size" if shard_nbytes is not None else "data files that are only linked"
        reason = f"{what} cannot be made of tensors that come one at a time"
        raise UnsupportedError(
            reason, path=prefix, hint="give a dict of them, or import_tensors of the file they are in"
        )
    paths = [shard_path(prefix, 0, 1), index_path(prefix)]
    sink = transaction.create(paths[0], follow=False)
    entries: dict[bytes, bytes] = {}
    for name, tensor in tensors:
        named = [(encode_name(name), tensor)]
        check_rows(prefix, named)
        rows, listed = _rows(named)
        for key, entry in [*listed, *write_shard(sink, 0, rows, byteorder or "little")]:
            if key in entries:
                raise UnsupportedError(f"two tensors are named {name!r}", path=prefix)
            entries[key] = entry
    transaction.complete(sink)
    index = transaction.create(paths[1], role="seal", follow=False)
    write_index(index, sorted(entries.items()), 1, is_big_endian=byteorder == "big")
    return paths


def rows_of(prefix: str, tensors: Mapping[str, Tensor]) -> tuple[list[Row], list[tuple[bytes, bytes]]]:
    """Return what has values, in order, and the entries that only list slices; refuses what cannot be written."""
    named = sorted(((encode_name(name), tensor) for name, tensor in tensors.items()), key=itemgetter(0))
    check_rows(prefix, named)
    rows, entries = _rows(named)
    refuse_faults(rows)
    return rows, entries


def _rows(named: Sequence[Row]) -> tuple[list[Row], list[tuple[bytes, bytes]]]:
    """Return what has values, slices of partitioned tensors one by one, and the entries that only list slices."""
    rows: list[Row] = []
    entries = []
    for key, tensor in named:
        if tensor.parts is None:
            rows.append((key, tensor))
            continue
        from graphsurgeon.formats.slices import encode_slice_key

        slices = tensor.slices
        rows += [
            (encode_slice_key(key, extents), part) for extents, (_, part) in zip(slices, tensor.parts, strict=True)
        ]
        entries.append((key, encode_partitioned((tensor.dtype, tensor.shape), slices)))
    return rows, entries


def write_shard(
    sink: FileSink, shard_id: int, shard: Sequence[Row], byteorder: ByteOrder
) -> Iterator[tuple[bytes, bytes]]:
    """Write a shard's tensors; yield their index entries."""
    sink.preallocate(_numbers_nbytes(shard))
    for name, tensor in shard:
        if meter.observer is not None:
            meter.observer.at(name.decode(errors="replace"))
        offset = sink.offset
        if tensor.dtype is dtypes.STRING:
            crc = _write_strings(sink, tensor, byteorder)
        elif tensor.dtype.itemsize:
            crc = _write_values(sink, tensor, byteorder)
        else:
            crc = _write_variants(sink, tensor, byteorder)
        yield name, encode_entry((tensor.dtype, tensor.shape), shard_id, offset, sink.offset - offset, mask(crc))


def _numbers_nbytes(shard: Iterable[Row]) -> int:
    """Return the bytes of a shard without those of strings, which would have to be read."""
    return sum(tensor.nbytes for _, tensor in shard if tensor.dtype is not dtypes.STRING)


def _write_values(sink: FileSink, tensor: Tensor, byteorder: ByteOrder) -> int:
    """Copy the values; return their CRC."""
    crc = 0
    end = sink.offset + tensor.nbytes
    swap = swap_code(tensor.dtype) if byteorder == "big" else None
    for values in tensor.chunks():
        chunk = values if swap is None else swapped(values, swap)
        crc = crc32c(chunk, crc)
        sink.write(chunk)
    if sink.offset != end:
        raise CorruptionError(
            f"{tensor.describe()} gave {tensor.nbytes + sink.offset - end} bytes, not {tensor.nbytes}"
        )
    return crc


def _write_variants(sink: FileSink, tensor: Tensor, byteorder: ByteOrder) -> int:
    """Copy what TensorFlow alone can read, as it is; return its CRC, which is not that of its bytes."""
    stored = tensor.stored
    if stored is None or stored.checksum is None or stored.is_big_endian != (byteorder == "big"):
        raise UnsupportedError(
            f"{tensor.describe()} cannot be written in another byte order: only TensorFlow knows its layout"
        )
    for chunk in tensor.encoded():
        sink.write(chunk)
    return unmask(stored.checksum)


def _write_strings(sink: FileSink, tensor: Tensor, byteorder: ByteOrder) -> int:
    """Write lengths, their checksum and the strings, in two passes; return the CRC."""
    crc = 0
    for varints, fixed in _lengths(tensor, byteorder):
        sink.write(varints)
        crc = crc32c(fixed, crc)
    checksum = mask(crc).to_bytes(4, byteorder)
    sink.write(checksum)
    crc = crc32c(checksum, crc)
    for element in tensor.strings():
        sink.write(element)
        crc = crc32c(element, crc)
    return crc


def _lengths(tensor: Tensor, byteorder: ByteOrder) -> Iterator[tuple[bytearray, bytearray]]:
    """Yield the lengths as they are stored and as they are summed, in batches."""
    varints, fixed = bytearray(), bytearray()
    for element in tensor.strings():
        nbytes = len(element)
        varints += encode_varint(nbytes)
        fixed += nbytes.to_bytes(4 if nbytes <= _UINT32_MAX else 8, byteorder)
        if len(fixed) >= _BATCH_NBYTES:
            yield varints, fixed
            varints, fixed = bytearray(), bytearray()
    yield varints, fixed


def _linked_entry(tensor: Tensor, shard_id: int, place: Stored) -> bytes:
    checksum = place.checksum
    if checksum is None:
        crc = 0
        # Reading it verifies the whole that it is a part of.
        for chunk in tensor.chunks():
            crc = crc32c(chunk, crc)
        checksum = mask(crc)
    entry = encode_entry((tensor.dtype, tensor.shape), shard_id, place.offset, place.nbytes, checksum)
    return entry + place.unknown
