"""Small tensors, of which neighbours are read together."""

from __future__ import annotations

from collections.abc import Sequence

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.neighbours import NeighbourTensor, read_small, runs
from graphsurgeon.tensors.values import as_tensor


class Numbered(NeighbourTensor):
    """Says how many were read together."""

    @classmethod
    def read_together(cls, tensors: Sequence[Numbered]) -> list[bytes | None]:
        return [bytes([len(tensors), *tensor.shape]) for tensor in tensors]


class Damaged(Numbered):
    @classmethod
    def read_together(cls, tensors: Sequence[Numbered]) -> list[bytes | None]:
        return [None] * len(tensors)


def test_each_kind_is_read_together_and_others_are_left_out():
    kinds = [Numbered, Damaged, Numbered]
    given = [kind(dtypes.UINT8, [number]) for number, kind in enumerate(kinds)]
    assert read_small([*given, as_tensor([1])]) == [bytes([2, 0]), None, bytes([2, 2]), None]
    assert read_small([]) == []


def test_runs_end_at_gaps():
    ranges = [(8, 4, "a"), (12, 0, "b"), (12, 50, "c"), (20, 4, "d"), (4158, 4, "e"), (8259, 1, "f"), (9000, 1, "g")]
    assert list(runs(ranges)) == [(8, 4162, ranges[:5]), (8259, 9001, ranges[5:])]
    assert list(runs([])) == []
