"""Building a table's blocks of many entries at once, byte for byte as `table_blocks.BlockBuilder` one by one."""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING

import numpy as np

from graphsurgeon.formats.table_blocks import RESTART_INTERVAL
from proto_utils.varint import encode_varint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

#: Of the matrix of all keys, which a single long one makes wide.
_MAX_MATRIX_NBYTES = 1 << 26


class BlockRun:
    """Entries in order, to be divided into blocks from the first on.

    Parameters
    ----------
    keys, values : list of bytes
    previous : bytes, optional
        The key before.
    limit : int
        From this size of key and value on, an entry is not for here.

    Attributes
    ----------
    is_sound : bool
        Keys increase, and nothing is so long that it has to be added by itself.
    """

    def __init__(self, keys: list[bytes], values: list[bytes], previous: bytes | None, limit: int) -> None:
        self.keys = keys
        self.values = values
        self._key_nbytes = np.fromiter(map(len, keys), np.int64, len(keys))
        self._value_nbytes = np.fromiter(map(len, values), np.int64, len(values))
        width = int(self._key_nbytes.max())
        self.is_sound = (
            width * len(keys) <= _MAX_MATRIX_NBYTES
            and int((self._key_nbytes + self._value_nbytes).max()) < limit
            and (previous is None or previous < keys[0])
            and all(map(operator.lt, keys, keys[1:]))
        )
        if self.is_sound:
            self._shared = _num_shared(keys, self._key_nbytes, width)

    def block_end(self, first: int, nbytes: int) -> int | None:
        """Return where a block ends that begins with an entry and is full at a size; None when it is not full."""
        # An entry takes three bytes at least.
        part = slice(first, first + nbytes // 3 + 1)
        shared = self._shared[part].copy()
        shared[::RESTART_INTERVAL] = 0
        unshared = self._key_nbytes[part] - shared
        values = self._value_nbytes[part]
        sizes = _varint_nbytes(shared) + _varint_nbytes(unshared) + _varint_nbytes(values) + unshared + values
        self._ends = np.cumsum(sizes)
        num_restarts = np.arange(len(sizes)) // RESTART_INTERVAL + 1
        full = np.flatnonzero(self._ends + 4 * num_restarts + 4 >= nbytes)
        return first + int(full[0]) + 1 if len(full) else None

    def block(self, first: int, end: int) -> bytes:
        """Return the block of some entries, whose end `block_end` has just told, without the trailer."""
        keys, values = self.keys[first:end], self.values[first:end]
        shared = self._shared[first:end].copy()
        shared[::RESTART_INTERVAL] = 0
        numbers = np.stack([shared, self._key_nbytes[first:end] - shared, self._value_nbytes[first:end]], axis=1)
        heads = numbers.astype(np.uint8).tobytes()
        leads = [heads[start : start + 3] for start in range(0, len(heads), 3)]
        for row in np.flatnonzero(numbers.max(axis=1) >= 0x80).tolist():
            leads[row] = b"".join(map(encode_varint, numbers[row].tolist()))
        rests = [key[start:] for key, start in zip(keys, shared.tolist(), strict=True)]
        entries = b"".join(itertools.chain.from_iterable(zip(leads, rests, values, strict=True)))
        restarts = np.concatenate([[0], self._ends[: end - first - 1]])[::RESTART_INTERVAL]
        return entries + np.append(restarts, len(restarts)).astype("<u4").tobytes()


def _num_shared(keys: list[bytes], nbytes: Numbers, width: int) -> Numbers:
    """Return how many leading bytes each key shares with the one before it, the first none."""
    letters = np.array(keys, dtype=f"S{max(1, width)}").view(np.uint8).reshape(len(keys), -1)
    differ = letters[1:] != letters[:-1]
    first = differ.argmax(axis=1)
    # No difference is found where one ends in zeros, as all do there.
    first[~differ[np.arange(len(first)), first]] = width
    return np.concatenate([[0], np.minimum(first, np.minimum(nbytes[1:], nbytes[:-1]))])


def _varint_nbytes(numbers: Numbers) -> Numbers:
    """Return how many bytes numbers take that are lengths within a block."""
    return 1 + (numbers >= 1 << 7) + (numbers >= 1 << 14) + (numbers >= 1 << 21)
