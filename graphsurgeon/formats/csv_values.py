"""CSV: RFC 4180's cells, in lines that end in LF, and tensors of at most two axes written so.

====== =============================================
rank   lines
====== =============================================
0      one, with one cell
1      one for each element, as `numpy.savetxt` does
2      one for each row
====== =============================================

No header. Numbers are in as many digits as tell their dtype's values apart, ``nan`` and ``inf`` as Python spells them,
``True`` and ``False``, complex numbers as ``1+2j``; strings are texts in UTF-8.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import index_of
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.pieces import ElementReader
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.tensors.tensor import Tensor
    from proto_utils.sink import Sink

_MAX_RANK = 2
#: Cells that are made at a time.
_NUM_CELLS = 1 << 14
_SPECIAL = ',"\r\n'


def quoted_cell(cell: object) -> str:
    """Return a cell as CSV has it, in quotes where it needs them; None is empty."""
    text = "" if cell is None else str(cell)
    if text == text.strip() and not any(letter in text for letter in _SPECIAL):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_csv(tensor: Tensor, sink: Sink) -> None:
    """Write a tensor of at most two axes as CSV; it streams.

    Raises
    ------
    PassError
        It has more axes.
    UnsupportedError
        The dtype has no values, or a string is no UTF-8.
    """
    if len(tensor.shape) > _MAX_RANK:
        reason = f"the value has {len(tensor.shape)} axes, and a table has two"
        hint = "a part of it with indices for some axes has fewer: NAME[0, 0]; .npy takes any"
        raise PassError("cat", reason, hint=hint)
    expect_reading([tensor])
    width = tensor.shape[1] if len(tensor.shape) == _MAX_RANK else 1
    cells = _texts(tensor) if tensor.dtype is dtypes.STRING else _numbers(tensor)
    for lines in _lines(cells, width):
        sink.write(lines.encode())


def _lines(cells: Iterator[str], width: int) -> Iterator[str]:
    """Yield the lines of rows of `width` cells, many at a time."""
    number = max(1, _NUM_CELLS // max(1, width))
    rows = iter(lambda: list(itertools.islice(cells, width)), [])
    while block := list(itertools.islice(rows, number)):
        yield "".join(",".join(row) + "\n" for row in block)


def _numbers(tensor: Tensor) -> Iterator[str]:
    import numpy as np

    reader = ElementReader(tensor, tensor.dtype.numpy())
    for first in range(0, tensor.size, _NUM_CELLS):
        values: Any = reader.read(min(_NUM_CELLS, tensor.size - first))
        if values.dtype.kind == "V":
            # The small types of ml_dtypes: every value of theirs is a float32, and of the integers an int32.
            values = values.astype(np.int32 if tensor.dtype.is_integer else np.float32)
        yield from (str(value).strip("()") for value in values)
    reader.end()


def _texts(tensor: Tensor) -> Iterator[str]:
    for position, value in enumerate(tensor.strings()):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            place = index_of(position, tensor.shape)
            raise UnsupportedError(f"the string at {place} is no UTF-8, which CSV is", hint=".npy takes any") from None
        yield quoted_cell(text) or '""'
