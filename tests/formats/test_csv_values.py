"""Cells of CSV."""

from __future__ import annotations

import csv
import io
import sys

from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.formats.csv_values import quoted_cell

#: Python's own reader takes NUL from 3.11 on.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="" if sys.version_info >= (3, 11) else "\0")
)


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_cells_come_back(cells):
    line = ",".join(map(quoted_cell, cells)) + "\n"
    assert list(csv.reader(io.StringIO(line, newline=""))) == [cells]


def test_quotes_only_where_they_are_needed():
    assert [quoted_cell(cell) for cell in ("a/b:0", 3, None, "a,b", ' "x"')] == ["a/b:0", "3", "", '"a,b"', '" ""x"""']
