"""A pseudo-terminal, and the command line run on it in this process."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from graphsurgeon.cli import progress
from graphsurgeon.cli.run import run


class Seen(NamedTuple):
    """How a command line ended, and what came to the terminal, carriage returns included."""

    code: int
    text: str

    @property
    def bars(self) -> list[str]:
        """The bars as they were drawn, one after the other."""
        return [part.rstrip() for part in self.text.split("\r") if part.startswith(("reading", "writing", "working"))]

    @property
    def screen(self) -> list[str]:
        """The lines as they stand in the end."""
        lines = []
        for line in self.text.replace("\r\n", "\n").split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        return lines


@contextlib.contextmanager
def terminal(columns: int = 80) -> Iterator[tuple[io.TextIOWrapper, Callable[[], str]]]:
    """Open a pseudo-terminal; give a stream that writes to it, and what returns all that was written."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    taken: list[bytes] = []

    def drain() -> None:
        # On Linux the last close of the other side is an error of reading.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 1 << 16):
                taken.append(piece)

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    stream = io.TextIOWrapper(os.fdopen(theirs, "wb", buffering=0), encoding="utf-8", write_through=True)

    def text() -> str:
        stream.close()
        thread.join(10)
        os.close(ours)
        return b"".join(taken).decode()

    yield stream, text
    if not stream.closed:
        text()


def run_on_terminal(
    monkeypatch: pytest.MonkeyPatch, *arguments: object, columns: int = 80, pause: float = 3600
) -> Seen:
    """Run a command line whose stdout and stderr are one terminal; `pause` is that of the bar."""
    with terminal(columns) as (stream, text), monkeypatch.context() as patch:
        patch.setattr("sys.stdout", stream)
        patch.setattr("sys.stderr", stream)
        # A machine that is slow shows no more than others.
        patch.setattr(progress, "PAUSE", pause)
        code = run([str(each) for each in arguments])
        patch.undo()
        return Seen(code, text())


class Session:
    """A program on a terminal, and whoever types there."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self.seen = ""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def wait_for(self, pattern: str, *, seconds: float = 30) -> str:
        """Wait until something is seen behind what was waited for before; return its group, or all of it."""
        end = time.monotonic() + seconds
        while (found := re.search(pattern, self.seen)) is None:
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{pattern!r} does not come: {self.seen!r}"
            self.seen += os.read(self._terminal, 1 << 16).decode(errors="replace")
        self.seen = self.seen[found.end() :]
        return found[1] if found.re.groups else found[0]


def _take_terminal() -> None:
    """Make standard input the terminal that signals and job control come from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextlib.contextmanager
def typing(command: Sequence[str], **options: Any) -> Iterator[Session]:
    """Run a program on a terminal of 200 columns for as long as the context; it is killed at its end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 200, 0, 0))
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 -- one call of the system, which takes no lock
        **options,
    ) as process:
        os.close(theirs)
        try:
            yield Session(ours)
        finally:
            process.kill()
            os.close(ours)
