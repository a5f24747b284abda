"""The bar under which payload is read and written: on a terminal, for whatever takes longer than half a second.

It is the observer of `proto_utils.meter`, which counts the bytes of files wherever they move. So no verb knows of it::

    writing  43% ━━━━━━━━━━━━━━━━━━━━ 239.1 MB of 553.4 MB  812.3 MB/s  vgg_16/fc6/weights
    reading 1.2 GB  2.1 GB/s  model.ckpt.data-00000-of-00001       when nobody said how much there is
    working  12 s                                                  when nothing has moved for so long

It is drawn when something is counted, by a thread when nothing is, and wiped out before anything else is printed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from graphsurgeon.cli.options import MUTED
from graphsurgeon.cli.output import format_nbytes, printable
from proto_utils import meter

#: In seconds: what is done by then has no bar; so often it is drawn; after such a pause other work begins, and so often
#: it is looked whether there is one.
DELAY, INTERVAL, PAUSE, TICK = 0.5, 0.1, 1.0, 0.5

#: Columns.
_LONG_BAR, _SHORT_BAR, _GOOD_NAME, _MIN_NAME = 20, 8, 24, 12
_GLYPHS, _PLAIN_GLYPHS = "━╌", "=-"
#: From here on in Unicode a letter may take two columns.
_WIDE = 0x1100


class Bar:
    """Counts what moves, and draws it on a stream.

    Parameters
    ----------
    stream : TextIO
        A terminal.
    meta : mapping
        When it has `MUTED`, nothing is drawn.
    """

    def __init__(self, stream: TextIO, meta: Mapping[str, Any]) -> None:
        self._stream, self._meta = stream, meta
        self._lock = threading.RLock()
        self._glyphs = _GLYPHS if _can_show(_GLYPHS, stream) else _PLAIN_GLYPHS
        self._num_drawn, self._is_new, self._is_within_line = 0, False, False
        self._name = self._file = ""
        self._last_drawn = self._last_told = time.monotonic()
        self._begin(0, written=False)

    def expect(self, nbytes: int, *, written: bool) -> None:
        """Add to what is to come; when all that was expected has come, or it went the other way, begin anew."""
        if self._total and written == self._written and self._done < self._total:
            self._total += nbytes
        else:
            self._begin(nbytes, written=written)

    def at(self, name: str) -> None:
        """Show this name from here on."""
        self._name, self._is_new = name, True

    def read(self, nbytes: int, path: str | None) -> None:
        """Count what was read."""
        self._file = path or ""
        self._count(nbytes, written=False)

    def wrote(self, nbytes: int) -> None:
        """Count what was written."""
        self._count(nbytes, written=True)

    def tick(self) -> None:
        """Draw for how long nothing has moved, when that is a pause."""
        with self._lock:
            now = time.monotonic()
            idle = now - self._last_told
            if idle >= PAUSE and not self._is_within_line and MUTED not in self._meta:
                self._draw(f"working {idle:3.0f} s")

    def print(self, stream: TextIO, text: str) -> int:
        """Write something else to a stream of the terminal, without the bar."""
        with self._lock:
            self.clear()
            self._is_within_line = not text.endswith("\n") if text else self._is_within_line
            return stream.write(text)

    def clear(self) -> None:
        """Wipe the bar out; the cursor stands at the beginning of its line."""
        with self._lock:
            if self._num_drawn:
                self._put("\r" + " " * self._num_drawn + "\r")
                self._num_drawn = 0

    def _begin(self, total: int, *, written: bool) -> None:
        self._total, self._written, self._done = total, written, 0
        self._start = time.monotonic()
        if not self._is_new:
            self._name = ""

    def _count(self, nbytes: int, *, written: bool) -> None:
        # Files are read by several threads.
        with self._lock:
            now = time.monotonic()
            if self._done >= self._total and now - self._last_told > PAUSE:
                # What moved before was something else, and nobody said when it ended.
                self._begin(0, written=False)
            self._last_told, self._is_new = now, False
            if written == self._written:
                self._done += nbytes
            if now - self._start >= DELAY and now - self._last_drawn >= INTERVAL and MUTED not in self._meta:
                self._last_drawn = now
                self._draw(self._line(self._width(), self._done / max(now - self._start, 1e-6)))

    def _width(self) -> int:
        try:
            # The last column stays free: some terminals go to the next line after it.
            width = os.get_terminal_size(self._stream.fileno()).columns - 1
        except OSError:
            width = -1
        return width if width > 0 else 79

    def _draw(self, line: str) -> None:
        self._put("\r" + line + " " * (self._num_drawn - _columns(line)))
        self._num_drawn = _columns(line)

    def _line(self, width: int, speed: float) -> str:
        """Return what fits: first the name goes, then the bar, then the sizes."""
        verb = "writing" if self._written else "reading"
        per_second = f"{format_nbytes(round(speed))}/s"
        if self._total:
            part = min(self._done / self._total, 1.0)
            head, sizes = f"{verb} {part:4.0%}", f"{format_nbytes(self._done)} of {format_nbytes(self._total)}"
        else:
            part, head, sizes = None, verb, format_nbytes(self._done)
        told = f"{head} {sizes}  {per_second}"
        if len(told) > width:
            return f"{head} {per_second}"[:width]
        left = width - len(told)
        bar = ""
        if part is not None and left > _SHORT_BAR:
            size = _LONG_BAR if left > _LONG_BAR + _GOOD_NAME else _SHORT_BAR
            full = round(part * size)
            bar = " " + self._glyphs[0] * full + self._glyphs[1] * (size - full)
            left -= len(bar)
        name = _shortened(printable(self._name) or os.path.basename(printable(self._file)), left - 2)
        return f"{head}{bar} {sizes}  {per_second}" + (f"  {name}" if name else "")

    def _put(self, text: str) -> None:
        # A terminal that went away is no reason to fail.
        with contextlib.suppress(OSError, UnicodeEncodeError):
            self._stream.write(text)
            self._stream.flush()


class _Above:
    """A stream of the same terminal: what is written to it has the bar wiped out first."""

    def __init__(self, stream: TextIO, bar: Bar) -> None:
        self._stream, self._bar = stream, bar

    def write(self, text: str) -> int:
        return self._bar.print(self._stream, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def shown(meta: Mapping[str, Any]) -> Iterator[None]:
    """Show on stderr, which is a terminal, what moves meanwhile, unless `meta` has `MUTED` by then."""
    streams = sys.stdout, sys.stderr
    bar = Bar(sys.stderr, meta)
    sys.stdout, sys.stderr = _Above(sys.stdout, bar), _Above(sys.stderr, bar)
    meter.observer = bar
    is_done = threading.Event()
    ticker = threading.Thread(target=_tick_until, args=(is_done, bar), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        is_done.set()
        ticker.join()
        meter.observer = None
        sys.stdout, sys.stderr = streams
        bar.clear()


def _tick_until(is_done: threading.Event, bar: Bar) -> None:
    while not is_done.wait(TICK):
        bar.tick()


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _columns(text: str) -> int:
    return sum(1 + (ord(letter) >= _WIDE and letter not in _GLYPHS) for letter in text)


def _shortened(name: str, width: int) -> str:
    """Return the end of a name that is too long, from a slash on where there is one; nothing of a few letters."""
    if _columns(name) <= width:
        return name
    if width < _MIN_NAME:
        return ""
    end = name
    while _columns(end) > width - 3:
        end = end[1:]
    return "..." + (end[end.index("/") :] if "/" in end[:-1] else end)
