"""Side files: read as a whole, because people wrote them; each kind has a size past which it is none of that kind.

Without a limit a wrong path, such as that of a checkpoint's data, would be read into memory before anybody looks.
"""

from __future__ import annotations

import os

from proto_utils.errors import LimitError


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
    with open(path, "rb") as file:
        data = file.read(max_nbytes + 1)
    if len(data) > max_nbytes:
        raise LimitError(f"{what} {os.fspath(path)}, in bytes,", max(len(data), os.path.getsize(path)), max_nbytes)
    return data
