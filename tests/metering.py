"""An observer of payload that takes down what it is told."""

from __future__ import annotations


class Counted:
    """What was announced, named and counted."""

    def __init__(self) -> None:
        self.expected: list[tuple[int, bool]] = []
        self.names: list[str] = []
        self.num_read = self.num_written = 0

    def expect(self, nbytes: int, *, written: bool) -> None:
        self.expected.append((nbytes, written))

    def at(self, name: str) -> None:
        self.names.append(name)

    def read(self, nbytes: int, path: str | None) -> None:
        self.num_read += nbytes

    def wrote(self, nbytes: int) -> None:
        self.num_written += nbytes
