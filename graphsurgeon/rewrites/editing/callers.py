"""How users call one of several sources."""

from __future__ import annotations

import os
from collections.abc import Sequence

from graphsurgeon.errors import PassError

_MAX_LISTED = 10


class Callers:
    """The names by which users may call one of several: its number or letter, its path, or the last part of that.

    Parameters
    ----------
    operation, kind : str
        Who asks, and what they are of which one is called, for errors.
    sources : sequence of str
        Their paths, as far as they are known.
    count : int
        How many there are.
    """

    def __init__(self, operation: str, kind: str, sources: Sequence[str], count: int) -> None:
        self._operation, self._kind = operation, kind
        self._numbers = {str(number + 1): number for number in range(count)}
        self._numbers.update(zip("abcdefghijklmnopqrstuvwxyz", range(count), strict=False))
        # Paths are what users typed, so they win over numbers and letters; one that means two checkpoints means none.
        bases = [os.path.basename(source.rstrip("/")) for source in sources]
        for names in (bases, sources):
            for number, name in enumerate(names):
                if names.count(name) == 1:
                    self._numbers[name] = number
                else:
                    self._numbers.pop(name, None)

    def number(self, name: str) -> int:
        """Return which one a name is of, from 0; of none is a PassError."""
        if name not in self._numbers:
            known = ", ".join(list(self._numbers)[:_MAX_LISTED])
            raise PassError(
                self._operation, f"no {self._kind} is called {name!r}", hint=f"there are {known}", is_usage=True
            )
        return self._numbers[name]
