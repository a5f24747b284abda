"""A progress bar for saving large models, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING

from graphsurgeon.tensors.tensor import Tensor
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    from graphsurgeon.formats.linked_shards import Links

#: What is saved in less than about a quarter of a second needs no bar.
MIN_NBYTES = 256 << 20


class WatchedTensor(Tensor):
    """A tensor that reports how many of its bytes have been read."""

    __slots__ = ("_advance", "_tensor")

    def __init__(self, tensor: Tensor, advance: Callable[[int], object]) -> None:
        super().__init__(tensor.dtype, tensor.shape)
        self._tensor = tensor
        self._advance = advance

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor that is watched."""
        return (self._tensor,)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self._tensor.nbytes

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the values, reporting each piece when the next one is asked for."""
        for chunk in self._tensor.chunks(nbytes):
            yield chunk
            self._advance(len(chunk))

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; they are not counted."""
        return self._tensor.strings()


@contextlib.contextmanager
def watching(tensors: MutableMapping[str, Tensor], *, links: Links, quiet: bool) -> Iterator[None]:
    """Show a progress bar while tensors are saved, unless `quiet`, for those that have to be copied.

    Partitioned ones are not counted.
    """
    if quiet or not sys.stderr.isatty():
        yield
        return
    numbers = {
        name: tensor
        for name, tensor in tensors.items()
        if tensor.dtype.itemsize and tensor.parts is None and (links == "never" or tensor.stored is None)
    }
    total = sum(tensor.nbytes for tensor in numbers.values())
    if total < MIN_NBYTES:
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn("saving"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    before = dict(tensors)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("saving", total=total)
        tensors.update(
            (name, WatchedTensor(tensor, lambda n: bar.advance(task, n))) for name, tensor in numbers.items()
        )
        try:
            yield
        finally:
            tensors.update(before)
