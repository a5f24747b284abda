"""The small graphs that the graph editor is tried on."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.graph import Graph
from tests import notation

SCOPES = """
    a = Const {f32 [2]}
    foo/b = Const {f32 [2]}
    foo/c = Add(a, foo/b)
    foo/d = Const {f32 [2]}
    foo/bar/e = Add(foo/c, foo/d)
    foo/bar/f = Add(foo/c, foo/d)
    foo/bar/g = Add(foo/c, a)
    foo/bar/h = Add(foo/bar/f, foo/bar/g, ^foo/c)
"""
PAIRS = """
    a0 = Const {f32 [2]}; b0 = Const {f32 [2]}; c0 = Add(a0, b0)
    a1 = Const {f32 [2]}; b1 = Const {f32 [2]}; c1 = Add(a1, b1)
    a2 = Const {f32 [3]}; b2 = Const {f32 [3]}; c2 = Add(a2, b2)
"""


@pytest.fixture
def graph() -> Graph:
    """Eight ops in nested scopes, with one control edge."""
    return notation.graph(SCOPES)


@pytest.fixture
def pairs() -> Graph:
    """Three sums of two constants, the last of another shape."""
    return notation.graph(PAIRS)
