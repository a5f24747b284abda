"""Payload that moves, counted where it is read from files and written to them, for one observer.

Usually nobody observes: then a count costs a look at one variable for each piece of about 1 MiB. Whoever knows how much
is to come says so (`expect`), and whoever knows the name of what comes next says that (`at`, `Mark`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Observer(Protocol):
    """Who is told."""

    def expect(self, nbytes: int, *, written: bool) -> None:
        """So many bytes will be read, or written, from here on."""
        ...

    def at(self, name: str) -> None:
        """Take down that what moves from here on belongs to the tensor or node of this name."""
        ...

    def read(self, nbytes: int, path: str | None) -> None:
        """So many bytes were read from a file."""
        ...

    def wrote(self, nbytes: int) -> None:
        """So many bytes were written to a file."""
        ...


#: The one who is told. Only the process that owns the terminal sets it, around all its work.
observer: Observer | None = None


def expect(nbytes: int, *, written: bool = False) -> None:
    """Tell the observer how much is to come."""
    if observer is not None:
        observer.expect(nbytes, written=written)


def at(name: str) -> None:
    """Tell the observer what is at hand."""
    if observer is not None:
        observer.at(name)


def counted(pieces: Iterator[memoryview], path: str | None) -> Iterator[memoryview]:
    """Pass on the pieces that are read from a file, and tell the observer of each."""
    for piece in pieces:
        if observer is not None:
            observer.read(len(piece), path)
        yield piece


class Mark:
    """A piece of a message, of no bytes, that tells the observer what the next piece belongs to."""

    __slots__ = ("_name",)

    nbytes = 0

    def __init__(self, name: str) -> None:
        self._name = name

    def chunks(self) -> Iterator[bytes]:
        """Yield nothing."""
        at(self._name)
        return iter(())
