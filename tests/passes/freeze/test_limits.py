"""Freeze: a graph past 2 GiB is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import LimitError
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.tensors.dtypes import FLOAT
from tests.passes.freeze.models import Unreadable, of_size, trained


def test_past_two_gib_it_refuses_at_once_and_says_what_to_do():
    shape = (600_000_000,)
    large = trained(of_size(shape[0]))
    large.variables["v"] = Unreadable(FLOAT, shape)
    with pytest.raises(LimitError, match="the frozen graph, in bytes, is 2,400,000,000") as caught:
        freeze(large, outputs=("y",))
    assert 'keep=("v"' in str(caught.value.hint)
    assert "SavedModel" in str(caught.value.hint)
    assert large.graph["v"].op == "VariableV2"


def test_just_below_nothing_is_written_past_the_limit(tmp_path: Path):
    """The graph's own nodes count too, which is told before writing."""
    size = ((1 << 31) - 100) // 4
    large = trained(of_size(size))
    large.variables["v"] = Unreadable(FLOAT, (size,))
    freeze(large, outputs=("y",))
    with pytest.raises(LimitError):
        gs.save(large, tmp_path / "large.pb")
    assert list(tmp_path.iterdir()) == []
