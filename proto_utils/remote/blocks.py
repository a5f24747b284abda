"""A block cache: what was read of a file that is far away, and how much more is read along with what is asked for.

A request costs as much as some hundred kilobytes, so small reads that follow one another are made into fewer: each next
one asks for twice as much, up to `MAX_AHEAD`. A read elsewhere begins anew. The end of a file comes along whole, for
there tables and archives have their indexes; so does all of a short file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

#: What is asked for at least, and at most ahead of what is wanted.
AHEAD_NBYTES, MAX_AHEAD_NBYTES = 1 << 16, 8 << 20
#: What is kept of a file; the least recently used goes.
CACHE_NBYTES = 24 << 20
#: A file up to this size is read by one request.
SHORT_NBYTES = 1 << 20
#: And one of which all is wanted, up to this.
WHOLE_NBYTES = 64 << 20


class Blocks:
    """The parts of a file that are in memory.

    Parameters
    ----------
    fetch : callable
        Returns the bytes from one offset to another.
    size : int
        The file's.
    head : bytes
        Its first bytes, which are there already.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int, head: bytes = b"") -> None:
        self._fetch = fetch
        self._size = size
        #: By where they begin, the least recently used first.
        self._held: dict[int, bytes] = {0: head} if head else {}
        self._next, self._ahead = len(head), AHEAD_NBYTES
        self._is_short, self._limit = size <= SHORT_NBYTES, CACHE_NBYTES
        # Tensors of one file may be read by several threads.
        self._lock = threading.Lock()

    def fill(self, view: memoryview, offset: int, until: int = 0) -> None:
        """Fill a buffer with what is at an offset; as far as `until` the next reads will follow it."""
        with self._lock:
            while len(view):
                part = self._find(offset)
                if part is None:
                    part = self._read(offset, max(offset + len(view), min(until, offset + MAX_AHEAD_NBYTES)))
                count = min(len(part), len(view))
                view[:count] = part[:count]
                view, offset = view[count:], offset + count

    def expect_all(self) -> None:
        """Take a file for a short one that is not: all of it is wanted."""
        if self._size <= WHOLE_NBYTES:
            self._is_short, self._limit = True, max(CACHE_NBYTES, self._size)

    def beginning(self) -> bytes:
        """Return what is in memory of the beginning of a short file."""
        with self._lock:
            parts: list[bytes] = []
            while self._size <= SHORT_NBYTES and (part := self._held.get(sum(map(len, parts)))):
                parts.append(part)
            return b"".join(parts)

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()

    @property
    def nbytes(self) -> int:
        """What is in memory."""
        return sum(map(len, self._held.values()))

    def _find(self, offset: int) -> memoryview | None:
        for start, block in self._held.items():
            if start <= offset < start + len(block):
                self._held[start] = self._held.pop(start)
                return memoryview(block)[offset - start :]
        return None

    def _read(self, offset: int, end: int) -> memoryview:
        is_next = 0 <= offset - self._next <= self._ahead
        self._ahead = min(2 * self._ahead, MAX_AHEAD_NBYTES) if is_next else AHEAD_NBYTES
        start, end = self._bounds(offset, max(end, min(offset + self._ahead, self._size)))
        block = self._fetch(start, end)
        self._next = end
        self._keep(start, block)
        return memoryview(block)[offset - start :]

    def _bounds(self, offset: int, end: int) -> tuple[int, int]:
        """Return what to ask for: the end of a file whole, a short file too, and nothing twice."""
        if self._is_short:
            start, end = 0, self._size
        else:
            start = min(offset, max(self._size - AHEAD_NBYTES, 0))
        # Nothing that is held has the offset in it.
        before = [held + len(block) for held, block in self._held.items() if held < offset]
        behind = [held for held in self._held if held > offset]
        return max([start, *before]), min([end, *behind])

    def _keep(self, start: int, block: bytes) -> None:
        self._held[start] = block
        while self.nbytes > self._limit and len(self._held) > 1:
            self._held.pop(next(iter(self._held)))
