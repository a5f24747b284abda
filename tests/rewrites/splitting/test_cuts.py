"""Where a graph can be cut."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.splitting.cuts import Cut, changes_state, find_cut
from tests import notation
from tests.rewrites.splitting.test_branches import COND, LOOP


def cut(text: str, *at: str, outputs: tuple[str, ...] = ("y",)) -> Cut:
    return find_cut(notation.model(text), at, list(outputs), "split")


NET = "x = Placeholder {dtype: f32}; a = Relu(x); b = Elu(a); y = Mul(b, c); c = Const {f32 [2]}"


def test_front_and_back():
    found = cut(NET, "a:0", outputs=("b", "y", "a"))
    assert (found.tensors, found.read, found.front, found.back) == (["a"], ["a"], ["a"], ["b", "y"])
    assert (found.ahead, found.needed) == ({"x", "a"}, {"b", "y", "c"})


def test_what_depends_on_the_first_of_several_only():
    found = cut(NET + "; side = Elu(x)", "x", "a", outputs=("y", "side"))
    assert (found.front, found.back, found.read) == ([], ["y", "side"], ["x", "a"])


def test_a_tensor_array_is_not_in_both():
    text = """
        x = Placeholder {dtype: f32}; n = Const {i32 []}; i = Const {i32 []}
        t = TensorArrayV3(n) {dtype: f32}
        w = TensorArrayWriteV3(t, i, x, t:1)
        y = TensorArrayReadV3(t, i, w) {dtype: f32}
    """
    with pytest.raises(PassError, match="both halves would need t, a handle"):
        cut(text, "w")


@pytest.mark.parametrize(
    ("text", "at", "match"),
    [
        (COND, "f", "inside of a branch of the cond at 's'"),
        (LOOP, "i", "inside of the while loop 'l'"),
        ("v = VariableV2 {dtype: f32, shape: shape[2]}; y = Assign(v, c); c = Const {f32 [2]}", "v", "gives a handle"),
    ],
)
def test_places_where_nothing_is_cut(text: str, at: str, match: str):
    with pytest.raises(PassError, match=match):
        cut(text, at)


def test_the_inside_of_a_loop_that_would_cross_too():
    text = LOOP + "; gradient = Mul(i, y)"
    with pytest.raises(PassError, match="would cross the cut too") as caught:
        cut(text, "y", outputs=("gradient",))
    assert caught.value.hint is not None
    assert "which is not cut through" in caught.value.hint
    assert "`outputs`" in caught.value.hint


def test_a_cond_as_a_whole_may_lie_behind():
    assert cut(COND, "x").back == ["y"]


def test_what_changes_state():
    assert [changes_state(notation.node(f"n = {op}")) for op in ("NoOp", "ReadVariableOp", "AssignSub")] == [
        False,
        False,
        True,
    ]
