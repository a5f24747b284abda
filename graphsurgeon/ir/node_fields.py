"""What a node may be given: texts and lists of texts; anything else is a TypeError that says so.

Protobuf says less, and of some types nothing: a str is a sequence of str too, and would be inputs of one letter each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def require_text(what: str, value: Any) -> str:
    """Return a text that a node is given."""
    if not isinstance(value, str):
        raise TypeError(f"the {what} of a node is a str, not {type(value).__name__}: {value!r:.60}")
    return value


def require_inputs(value: Any) -> tuple[str, ...]:
    """Return the inputs that a node is given."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        given = f"{type(value).__name__}: {value!r:.60}"
        raise TypeError(f"inputs are a list of str such as ['a', 'b:1', '^c'], not {given}")
    inputs = tuple(value)
    for text in inputs:
        if type(text) is not str:
            require_text("input", text)
    return inputs
