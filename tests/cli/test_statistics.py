"""Statistics in tables and in lines."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from graphsurgeon.cli.statistics import HEADERS, blocks, stats_cells, stats_lines
from graphsurgeon.tensors.shown_statistics import statistics_of
from graphsurgeon.tensors.values import as_tensor

STATS = statistics_of(as_tensor(np.array([0, 1, 3, np.nan], np.float32)))


def test_cells_of_a_table():
    assert stats_cells(STATS)[:7] == ["0", "3", "1.333", "1.247", 1, 1, 0]
    assert stats_cells(None) == [""] * len(HEADERS)
    assert stats_cells(statistics_of(as_tensor(np.zeros(0, np.float32)))) == ["", "", "", "", 0, 0, 0, ""]


def test_lines():
    assert STATS is not None
    lines = [line.split() for line in stats_lines(STATS)]
    assert lines[:2] == [["minimum", "0"], ["maximum", "3"]]
    assert [line[0] for line in lines] == [
        "minimum", "maximum", "mean", "std", "norm", "zeros", "NaN", "infinite", "histogram",
    ]  # fmt: skip


@pytest.mark.parametrize(("encoding", "wanted"), [("utf-8", "▄█"), ("latin-1", "=@"), ("ascii", "=@")])
def test_letters_where_there_are_no_blocks(monkeypatch: pytest.MonkeyPatch, encoding: str, wanted: str):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert blocks([4, 8]) == wanted
