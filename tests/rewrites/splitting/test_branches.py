"""Which nodes are inside of a branch."""

from __future__ import annotations

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.splitting.branches import branches_of
from tests import notation

COND = """
    p = Placeholder {dtype: bool}
    x = Placeholder {dtype: f32}
    s = Switch(x, p)
    f = Relu(s)
    t = Elu(s:1)
    m = Merge(f, t)
    y = Relu(m)
"""
LOOP = """
    x = Placeholder {dtype: f32}
    e = Enter(x) {frame_name: "l"}
    m = Merge(e, n)
    c = Less(m, m)
    l = LoopCond(c)
    s = Switch(m, l)
    i = Identity(s:1)
    n = NextIteration(i)
    exit = Exit(s)
    y = Relu(exit)
"""


def branches(text: str) -> dict[str, str]:
    graph = notation.graph(text)
    return branches_of(graph, Index(graph))


def test_a_cond():
    assert branches(COND) == {"s": "s", "f": "s", "t": "s"}


def test_a_cond_in_a_cond():
    inner = "; s2 = Switch(t, p); f2 = Relu(s2); t2 = Elu(s2:1); m2 = Merge(f2, t2)"
    found = branches(COND + inner)
    assert (found["f2"], found["m2"], found["t"]) == ("s2", "s", "s")


def test_what_comes_out_of_a_loop_is_inside_of_none():
    found = branches(LOOP)
    assert "y" not in found
    assert "exit" not in found
    assert "i" in found


def test_no_switch_no_branch():
    assert branches("x = Placeholder {dtype: f32}; y = Relu(x)") == {}
