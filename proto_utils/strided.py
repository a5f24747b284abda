"""Strided reads: runs of bytes of one length at equal distances in a file."""

from __future__ import annotations

from proto_utils import files, meter
from proto_utils.errors import CorruptionError
from proto_utils.files import FileSource


def fill_strided(source: FileSource, view: memoryview, start: int, run_nbytes: int, stride: int) -> None:
    """Fill a buffer with runs of bytes of one length, each so many bytes behind the beginning of the one before.

    What lies between them is not read: where that is about 8 KiB or more, it is faster than to read a single range.

    Raises
    ------
    CorruptionError
        The file ends before the last.
    """
    end = start + (len(view) // run_nbytes - 1) * stride + run_nbytes
    if end > source.size:
        raise CorruptionError(f"ends at byte {source.size}, {end} is wanted", path=source.path, offset=start)
    preadv = files._preadv
    for position in range(0, len(view), run_nbytes):
        run = view[position : position + run_nbytes]
        # There may be very many.
        try:
            count = 0 if preadv is None else preadv(source._file.fileno(), (run,), start)
        except (OSError, ValueError):
            count = 0
        if count < run_nbytes:
            # That goes on with what is short, and tells what is wrong.
            source._fill(run, start)
        start += stride
    if meter.observer is not None:
        meter.observer.read(len(view), source.path)
