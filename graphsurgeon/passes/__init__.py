"""The passes: one file, one public function each, found by their files."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def names() -> tuple[str, ...]:
    """Return the names of all passes; imports none of them."""
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))


def load(name: str) -> Callable[..., Any]:
    """Import a pass and return its function.

    Raises
    ------
    KeyError
        There is no such pass.
    """
    if name not in names():
        raise KeyError(name)
    function: Callable[..., Any] = getattr(import_module(f"{__name__}.{name}"), name)
    return function
