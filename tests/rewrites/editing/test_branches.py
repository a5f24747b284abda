"""Which nodes run only when a branch is taken."""

from __future__ import annotations

from graphsurgeon.rewrites.editing.branches import guards_of, has_branches
from tests import notation

COND = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    s = Switch(x, p)
    c = Const {f32 []}
    pivot = Identity(s:1)
    t = Add(s:1, k)
    k = Identity(c, ^pivot)
    f = Neg(s)
    m = Merge(f, t)
    y = Abs(m)
"""


def test_a_branch_ends_at_its_merge():
    graph = notation.graph(COND)
    true, false = frozenset({("p:0", True)}), frozenset({("p:0", False)})
    assert has_branches(graph)
    assert guards_of(graph) == {"pivot": true, "t": true, "k": true, "f": false}


def test_branches_of_a_case():
    text = """
        x = Placeholder {dtype: f32}; i = Placeholder {dtype: int32}; s = _SwitchN(x, i) {num_outs: 3}
        a = Neg(s); b = Abs(s:1); c = Add(s:2, s:2); m = Merge(a, b, c); y = Abs(m)
    """
    graph = notation.graph(text)
    assert has_branches(graph)
    assert guards_of(graph) == {name: frozenset({("i:0", number)}) for number, name in enumerate("abc")}


def test_a_loop_is_no_branch():
    loop = """
        x = Placeholder {dtype: f32}
        e = Enter(x) {frame_name: "f", is_constant: false, parallel_iterations: 10}
        m = Merge(e, n)
        less = Less(m, m)
        c = LoopCond(less)
        s = Switch(m, c)
        n = NextIteration(s:1)
        out = Exit(s)
    """
    assert guards_of(notation.graph(loop)) == {}
    assert not has_branches(notation.graph("x = Placeholder {dtype: f32}"))
