"""A small checkpoint with every kind of entry, and what is done to it and to hostile ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from graphsurgeon.edits.merge import merge
from graphsurgeon.errors import GraphSurgeonError
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from tests.formats import v1_files
from tests.formats.bundle_files import assemble, block, entry, header, raw_block

_SLICES = {((0, 1), (0, -1)): b"abc", ((1, 1), (0, 1)): b"d", ((1, 1), (1, 2)): b"ef"}
_LENGTHS = b"\1\0\5"


def _strings() -> tuple[bytes, int]:
    """Three strings as they are stored, and their checksum."""
    fixed = b"".join(length.to_bytes(4, "little") for length in _LENGTHS)
    stored = mask(crc32c(fixed)).to_bytes(4, "little")
    return _LENGTHS + stored + b"x" + b"words", mask(crc32c(stored + b"xwords", crc32c(fixed)))


def _checkpoint() -> tuple[bytes, bytes]:
    """The content of the index's block, and the values."""
    data = b""
    entries = {b"empty": entry(dtypes.HALF, [0], crc32c=mask(0))}
    for name, dtype, shape, values in (
        (b"w", dtypes.FLOAT, [2, 2], bytes(range(16))),
        (b"z", dtypes.INT64, [], bytes(8)),
    ):
        entries[name] = entry(dtype, shape, len(data), crc32c=mask(crc32c(values)))
        data += values
    stored, checksum = _strings()
    entries[b"s"] = entry(dtypes.STRING, [3], len(data), len(stored), crc32c=checksum)
    data += stored
    entries[b"part"] = entry(dtypes.UINT8, [2, 3], nbytes=0, slices=list(_SLICES))
    for extents, values in _SLICES.items():
        dims = [dim if length < 0 else length for (_, length), dim in zip(extents, [2, 3], strict=True)]
        place = {"offset": len(data), "crc32c": mask(crc32c(values))}
        entries[encode_slice_key(b"part", extents)] = entry(dtypes.UINT8, dims, **place)
        data += values
    return block([(b"", header()), *sorted(entries.items())]), data


CONTENT, DATA = _checkpoint()


def write_index(prefix: Path, position: int | None = None, bit: int = 0, *, data: bytes = DATA) -> Path:
    """Write the checkpoint, one bit of its index flipped but the checksum over that right; return the prefix."""
    content = bytearray(CONTENT)
    if position is not None:
        content[position] ^= 1 << bit
    Path(f"{prefix}.index").write_bytes(assemble([(b"~", raw_block(bytes(content)))]))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
    return prefix


def v1_block() -> bytes:
    """The block of a V1 file with a whole tensor, a partitioned one and strings."""
    parts = {((0, 1), (0, -1)): b"abc", ((1, 1), (0, -1)): b"def"}
    tensors = {
        "p": (dtypes.UINT8, [2, 3], parts),
        "s": v1_files.one(dtypes.STRING, [2], [b"x", b"long"]),
        "w": v1_files.one(dtypes.FLOAT, [2], bytes(8)),
    }
    return v1_files.v1_table(tensors, make=block)


def values(prefix: Path | str) -> dict[str, object]:
    """What is read of every tensor: its elements, or the name of the error."""
    found: dict[str, object] = {}
    for name, tensor in load_checkpoint(prefix).items():
        try:
            found[name] = (
                list(tensor.strings()) if tensor.dtype is dtypes.STRING else b"".join(map(bytes, tensor.chunks()))
            )
        except GraphSurgeonError as error:
            found[name] = type(error).__name__
    return found


def files(directory: Path) -> dict[str, bytes | str]:
    """The content of every file, of a link where it leads."""
    return {p.name: os.readlink(p) if p.is_symlink() else p.read_bytes() for p in directory.iterdir() if p.is_file()}


def scoped(source: Path, destination: Path, **options: Any) -> None:
    """An edit that gives every tensor another name."""
    checkpoint = EditedCheckpoint(source)
    merge(checkpoint.tensors, [], prefix=("a=my",))
    checkpoint.save(str(destination), force=True, **options)
