"""Rewriting of a checkpoint: only the bytes in use, in data files and a byte order of one's choice."""

from __future__ import annotations

import os
import re

from graphsurgeon.edits._contract import EditReport
from graphsurgeon.errors import PassError
from graphsurgeon.formats.bundle_writer import ByteOrder
from graphsurgeon.formats.byteorder import is_refused
from graphsurgeon.names import some_of
from graphsurgeon.tools.edited_checkpoint import EditedCheckpoint
from graphsurgeon.tools.written_edit import WrittenEdit, save_edited

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)(i?)B?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def compact(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    shard_size: int | str | None = None,
    byteorder: ByteOrder | None = None,
    update_state: bool = False,
    force: bool = False,
    sync: bool = False,
) -> WrittenEdit:
    """Rewrite a checkpoint: one data file without gaps, sharing no bytes with others, sorted by name.

    Edits link the data files of their source, whole, however little of them is still in use; this lets go of the rest.
    Every checksum is verified on the way.

    Parameters
    ----------
    source : path
    output : path
        The prefix of the checkpoint to write; it may be the source.
    shard_size : int or str, optional
        Begin a new data file rather than let one grow past so many bytes; a text as in ``2GB`` or ``500MiB``.
    byteorder : {"little", "big"}, optional
        Of the values; little by default, which every machine but a big-endian one reads faster.
    update_state : bool
        Make the checkpoint the latest of its directory, where another one is.
    force : bool
        Whether existing files may be replaced.
    sync : bool
        Return only when the output is on the disk.

    Returns
    -------
    WrittenEdit

    Raises
    ------
    OutputExistsError
        A file exists and `force` is false.
    PassError
        `shard_size` is no size.
    CorruptionError
        A value is not what its checksum says.
    """
    nbytes = None if shard_size is None else size_of(shard_size)
    checkpoint = EditedCheckpoint(source)
    report = EditReport([], len(checkpoint.tensors))
    refused = [name for name, tensor in checkpoint.tensors.items() if byteorder == "big" and is_refused(tensor.dtype)]
    if refused:
        report.notes.append(
            f"only TensorFlow on a big-endian machine reads these, for their dtypes: {some_of(refused)}"
        )
    return save_edited(
        checkpoint, report, os.fsdecode(output), operation="compact", links="never", force=force,
        update_state=update_state, sync=sync, shard_nbytes=nbytes, byteorder=byteorder or "little",
    )  # fmt: skip


def size_of(size: int | str) -> int:
    """Return the bytes of a size, which may be a text; errors as `nbytes_of`."""
    return nbytes_of(size) if isinstance(size, str) else size


def nbytes_of(text: str) -> int:
    """Return the bytes of a size such as ``500M`` or ``2GiB``; PassError when it is not a size."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise PassError("compact", f"{text!r} is not a size such as 500M or 2GiB", is_usage=True)
    return max(1, int(float(match[1]) * (1024 if match[3] else 1000) ** _POWERS[match[2].lower()]))
