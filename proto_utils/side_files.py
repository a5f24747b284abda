"""Side files: read as a whole, because people wrote them; each kind has a size past which it is not of that kind.

Without a limit a wrong path, such as that of a checkpoint's data, would be read into memory before anybody looks.
"""

from __future__ import annotations

import contextlib
import os

from proto_utils.errors import LimitError
from proto_utils.opening import open_source
from proto_utils.remote.address import is_elsewhere

_BLOCK = 1 << 16


def read_side_file(path: str | os.PathLike[str], what: str, max_nbytes: int) -> bytes:
    """Read a file, at most `max_nbytes` and one byte of it.

    Parameters
    ----------
    path : path
    what : str
        What errors call it.
    max_nbytes : int

    Raises
    ------
    LimitError
        It is longer.
    OSError
        It cannot be read.
    """
    if is_elsewhere(path):
        with contextlib.closing(open_source(path)) as source:
            if source.size > max_nbytes:
                raise LimitError(f"{what} {os.fspath(path)}, in bytes,", source.size, max_nbytes)
            return source.read(0, source.size)
    with open(path, "rb") as file:
        # Room is made for as much as is asked for, so that is no more than there is; a pipe says that it has nothing.
        wanted = min(os.fstat(file.fileno()).st_size, max_nbytes) + 1
        data = file.read(wanted)
        while len(data) == wanted and wanted <= max_nbytes:
            data += file.read(min(max_nbytes + 1 - wanted, max(wanted, _BLOCK)))
            wanted = min(max_nbytes + 1, wanted + max(wanted, _BLOCK))
    if len(data) > max_nbytes:
        raise LimitError(f"{what} {os.fspath(path)}, in bytes,", max(len(data), os.path.getsize(path)), max_nbytes)
    return data
