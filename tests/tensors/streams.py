"""A tensor that comes in pieces which fit nothing, as far as its readers may rely on."""

from __future__ import annotations

import numpy as np

from graphsurgeon.tensors.tensor import ArrayTensor


class DrippingTensor(ArrayTensor):
    """An array in chunks of a few bytes, through one reused buffer; it counts how often it is read, and to the end."""

    __slots__ = ("num_reads", "num_starts", "piece_nbytes")

    def __init__(self, array, dtype=None, *, nbytes=7):
        super().__init__(np.asarray(array), dtype)
        self.piece_nbytes = nbytes
        self.num_reads = self.num_starts = 0

    def chunks(self):
        self.num_starts += 1
        content = self._array.tobytes()
        buffer = bytearray(self.piece_nbytes)
        for start in range(0, len(content), self.piece_nbytes):
            piece = content[start : start + self.piece_nbytes]
            buffer[: len(piece)] = piece
            if start + self.piece_nbytes >= len(content):
                self.num_reads += 1
            yield memoryview(buffer)[: len(piece)]
        if not content:
            self.num_reads += 1


def content(tensor):
    """The raw values of a tensor, and the length of its longest piece."""
    pieces = [bytes(piece) for piece in tensor.chunks()]
    return b"".join(pieces), max(map(len, pieces), default=0)
