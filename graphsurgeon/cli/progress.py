"""A progress bar for saving large models, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from graphsurgeon.model import Model
from graphsurgeon.tensor import Tensor

#: What is saved in less than about a quarter of a second needs no bar.
MIN_NBYTES = 256 << 20


class WatchedTensor(Tensor):
    """A tensor that tells how many of its bytes have been taken."""

    __slots__ = ("_advance", "_tensor")

    def __init__(self, tensor: Tensor, advance: Callable[[int], object]) -> None:
        super().__init__(tensor.dtype, tensor.shape)
        self._tensor = tensor
        self._advance = advance

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self._tensor.nbytes

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the values, telling of each piece when the next is asked for."""
        for chunk in self._tensor.chunks():
            yield chunk
            self._advance(len(chunk))

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; they are not counted."""
        return self._tensor.strings()


@contextlib.contextmanager
def saving(model: Model, *, quiet: bool) -> Iterator[None]:
    """Show how much of a model's variables has been saved, while they are.

    Parameters
    ----------
    model : Model
        Its variables are watched meanwhile.
    quiet : bool
        Show nothing.
    """
    numbers = {name: tensor for name, tensor in model.variables.items() if tensor.dtype.itemsize}
    total = sum(tensor.nbytes for tensor in numbers.values())
    if quiet or total < MIN_NBYTES or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn("saving"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    before = dict(model.variables)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("saving", total=total)
        watched = {name: WatchedTensor(tensor, lambda n: bar.advance(task, n)) for name, tensor in numbers.items()}
        model.variables.update(watched)
        try:
            yield
        finally:
            model.variables.update(before)
