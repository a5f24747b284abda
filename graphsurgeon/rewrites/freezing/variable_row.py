"""The row of a report about a constant that became a variable."""

from __future__ import annotations

from typing import NamedTuple


class VariableRow(NamedTuple):
    """A constant that became a variable."""

    name: str  # its key in the checkpoint
    node: str
    dtype: str
    shape: list[int]
    nbytes: int
    trainable: bool
    role: str
    evidence: list[str]
