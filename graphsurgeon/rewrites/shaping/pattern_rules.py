"""Rules of ops whose shapes can be written as a pattern: one letter for each axis.

======================  ==========================================================================
``bi``                  of rank 2; the same letter is the same size wherever it stands
``...nn``               a square matrix, with any axes before it; these are the same everywhere
``.``                   a scalar
``*``                   anything, of which nothing is known in results
``2 3``                 axes of that size
``=``                   in results: the shape of the first input; ``=2`` that of input 2
``+``                   behind an input: it, and all that come after it
``N:``                  before a result: it comes as often as the attr N says
======================  ==========================================================================

A letter that no input has is a size that is not known. Source: the shape functions of TensorFlow's ops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from graphsurgeon.rewrites.shaping.dims import (
    Dims,
    ShapeMismatchError,
    Size,
    Unknown,
    merged,
    merged_size,
    text_of_dims,
)
from graphsurgeon.rewrites.shaping.op_calls import OpCall, Rule
from graphsurgeon.rewrites.shaping.op_patterns import PATTERNS, SAME_SHAPE, SCALAR_RESULTS

_REST = "..."


class _Bindings:
    """What letters stand for."""

    def __init__(self) -> None:
        self.sizes: dict[str, Size] = {}
        self.heads: Dims = None

    def bind(self, pattern: str, dims: Dims) -> None:
        """Take in the shape that an input has."""
        if dims is None or pattern == "*":
            return
        letters = "" if pattern == "." else pattern.removeprefix(_REST)
        if len(dims) < len(letters) or (len(dims) > len(letters) and not pattern.startswith(_REST)):
            raise ShapeMismatchError(f"{text_of_dims(dims)} is not of rank {len(letters)}")
        count = len(dims) - len(letters)
        if pattern.startswith(_REST):
            self.heads = merged(self.heads, dims[:count])
        for letter, size in zip(letters, dims[count:], strict=True):
            wanted = int(letter) if letter.isdigit() else self.sizes.get(letter)
            self.sizes[letter] = merged_size(wanted, size)

    def made(self, pattern: str) -> Dims:
        """Return the shape that a result has."""
        if pattern == "*":
            return None
        letters = "" if pattern == "." else pattern.removeprefix(_REST)
        if pattern.startswith(_REST) and self.heads is None:
            return None
        return (*((self.heads or ()) if pattern.startswith(_REST) else ()), *map(self._size, letters))

    def _size(self, letter: str) -> Size:
        if letter.isdigit():
            return int(letter)
        found = self.sizes.get(letter)
        if found is None:
            # The same where the letter stands again.
            found = self.sizes[letter] = Unknown()
        return found


@lru_cache(maxsize=512)
def _parsed(pattern: str) -> tuple[Sequence[str], Sequence[str]]:
    inputs, _, outputs = pattern.partition("->")
    return tuple(inputs.split()), tuple(outputs.split())


def by_pattern(pattern: str) -> Rule:
    """Return the rule that a pattern is."""

    def rule(call: OpCall) -> Sequence[Dims]:
        inputs, outputs = _parsed(pattern)
        found = _Bindings()
        for i, dims in enumerate(call.shapes):
            each = inputs[i] if i < len(inputs) else inputs[-1] if inputs and inputs[-1].endswith("+") else "*"
            found.bind(each.removesuffix("+"), dims)
        return [dims for each in outputs for dims in _results(call, found, each)]

    return rule


def _results(call: OpCall, found: _Bindings, pattern: str) -> Sequence[Dims]:
    number, _, each = pattern.rpartition(":")
    count = 1
    if number:
        count = call.count(number)
    return [call.input(int(each[1:] or 0)) if each[0] == "=" else found.made(each)] * count


def same_shape(call: OpCall) -> Sequence[Dims]:
    """Return the shape of the first input."""
    return call.shapes[:1]


def _scalar(_: OpCall) -> Sequence[Dims]:
    return ((),)


def _rules() -> Mapping[str, Rule]:
    found: dict[str, Rule] = dict.fromkeys(SAME_SHAPE, same_shape)
    found |= dict.fromkeys(SCALAR_RESULTS, _scalar)
    for line in PATTERNS.strip().splitlines():
        ops, _, pattern = line.partition(":")
        found |= dict.fromkeys(ops.split(), by_pattern(pattern.strip()))
    return found


RULES: Mapping[str, Rule] = _rules()
