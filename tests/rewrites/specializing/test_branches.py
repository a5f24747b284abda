"""What is dead is found through merges and loops."""

from __future__ import annotations

import numpy as np

from graphsurgeon.rewrites.specializing.branches import Branches, pivots
from tests.rewrites.specializing.test_known_values import known

COND = """
    x = Placeholder {dtype: f32}
    p = Placeholder {dtype: bool}
    pivot = Switch(p, p)
    switch_t = Identity(pivot:1)
    s = Switch(x, p)
    a = Relu(s)
    b = Tanh(s:1)
    c = Const(^switch_t) {f32 []}
    d = Add(b, c)
    m = Merge(a, d)
"""


def branches(text: str, p: bool) -> Branches:
    made = Branches(known(text, p=np.bool_(p)))
    made.find()
    return made


def test_one_branch_is_dead():
    made = branches(COND, False)
    assert made.switches == {"pivot": 0, "s": 0}
    assert made.dead == {"switch_t", "b", "c", "d"}
    assert made.merges == {"m": [0]}
    assert made.is_dead("s:1")
    assert not made.is_dead("s")
    assert branches(COND, True).dead == {"a"}


def test_a_loop_in_a_dead_branch_is_dead():
    loop = """
        e = Enter(b) {frame_name: "f"}; l = Merge(e, n); t = Const(^l) {f32 []}; less = Less(l, t); c2 = LoopCond(less)
        w = Switch(l, c2); o = Exit(w); i = Identity(w:1); n = NextIteration(i); z = Merge(a, o)
    """
    made = branches(COND + loop, False)
    assert {"e", "l", "c2", "w", "o", "i", "n"} <= made.dead
    assert made.merges["z"] == [0]
    assert branches(COND + loop, True).dead == {"a"}


def test_a_predicate_behind_a_merge_is_found():
    more = (
        "q = Switch(p, p); n = LogicalNot(q); k = LogicalNot(n); r = Merge(k, q:1); s2 = Switch(x, r); f = Relu(s2:1)"
    )
    made = branches(COND + more, False)
    assert made.switches["s2"] == 0
    assert "f" in made.dead


def test_pivots_are_the_identities_of_predicates():
    made = known(COND, p=np.bool_(True))
    assert list(pivots(made, ["pivot", "s"])) == ["switch_t"]
