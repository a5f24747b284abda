"""Ops that change a variable: cut when the roots can do without, obstacles when not."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.updates import cut_updates, late_readers
from tests import notation

VARIABLE = """
    v = VariableV2 {dtype: f32, shape: shape[]}
    x = Placeholder {dtype: f32}
"""


def body_of(text: str, users: str, function: str | None = None) -> BodyEdits:
    """A body in which these nodes are known as users of `v` that change it."""
    body = BodyEdits(notation.graph(VARIABLE + text.replace(";", "\n")), function)
    body.users = dict.fromkeys(users.split(), "v")
    body.writers = {"v": set(users.split())}
    return body


def removed_of(body: BodyEdits) -> list[str]:
    return [node.name for node in body.graph if body.is_removed(node.name)]


@pytest.mark.parametrize(
    ("text", "users", "removed"),
    [
        ("u = AssignAdd(v, x); y = Neg(x)", "u", "u"),
        ("u = AssignAdd(v, x); y = Neg(x, ^u)", "u", "u"),
        ("u = AssignAdd(v, x); n = NoOp(^u); y = Neg(x, ^n)", "u", "u"),
        ("u = AssignAdd(v, x); i = Identity(u); y = Neg(x, ^i)", "u", "u i"),
        ("d = Neg(x); u = AssignAdd(v, d); y = Neg(x)", "u", "d u"),
        ("d = Neg(x); u = AssignAdd(v, d); y = Neg(d)", "u", "u"),
        ("d = RandomUniform(x) {dtype: f32, T: i32}; u = AssignAdd(v, d); y = Neg(x)", "u", "u"),
        ("u = AssignAdd(v, x); w = AssignAdd(v, u); y = Neg(x, ^w)", "u w", "u w"),
    ],
)
def test_what_is_removed(text, users, removed):
    body = body_of(text, users)
    cut, obstacles = cut_updates(body, ["y"])
    assert (removed_of(body), cut, obstacles) == (removed.split(), users.split(), [])
    assert not any(text[1:] in removed.split() for node in body.nodes() for text in node.control_inputs)


@pytest.mark.parametrize(
    ("text", "root", "node"),
    [
        ("u = AssignAdd(v, x); y = Neg(u)", "y", "u"),
        ("u = AssignAdd(v, x)", "u", "u"),
        ("u = AssignAdd(v, x); n = NoOp(^u); m = NoOp(^n)", "m", "u"),
    ],
)
def test_what_is_needed(text, root, node):
    body = body_of(text, "u")
    cut, obstacles = cut_updates(body, [root])
    assert cut == []
    assert [each.node.name for each in obstacles] == [node]
    assert obstacles[0].reason == "op AssignAdd changes variable 'v', and its result is needed"
    assert removed_of(body) == []


def test_waiting_may_not_count():
    text = "u = AssignAdd(v, x); n = NoOp(^u)"
    assert cut_updates(body_of(text, "u"), ["n"], waits_count=False)[0] == ["u"]
    assert cut_updates(body_of(text, "u", "f"), ["n"])[0] == ["u"]


def test_nothing_to_do():
    body = body_of("y = Neg(x)", "")
    assert cut_updates(body, ["y"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("u = AssignAdd(v, x); r = Identity(v)", ""),
        ("u = AssignAdd(v, x); r = Identity(v, ^u)", "r"),
        ("u = AssignAdd(v, x); n = Neg(u); r = Mul(v, n)", "r"),
        ("r = Identity(v); u = AssignAdd(v, r)", ""),
    ],
)
def test_readers_after_a_change(text, late):
    body = body_of(text, "u")
    body.readers = {"v": {"r"}}
    assert [each.node.name for each in late_readers(body, ["r"])] == late.split()


def test_a_removed_reader_reads_nothing():
    body = body_of("u = AssignAdd(v, x); r = Identity(v, ^u)", "u")
    body.readers = {"v": {"r"}}
    body.remove("r")
    assert late_readers(body, ["r"]) == []


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("y = Neg(x, ^r)", ""),
        ("n = NoOp(^r); y = Neg(x, ^n)", ""),
        ("d = Neg(r); y = Neg(x, ^d)", ""),
        ("p = Print(x, r) {U: [f32]}; y = Neg(x, ^p)", "r"),
        ("d = Neg(r); y = Neg(d)", "r"),
    ],
)
def test_only_what_is_read_for_a_result_or_an_effect_counts(text, late):
    """TensorFlow 2 lets results wait for every read."""
    body = body_of(f"u = AssignAdd(v, x); r = Identity(v, ^u); {text}", "u")
    body.readers = {"v": {"r"}}
    assert [each.node.name for each in late_readers(body, ["y"])] == late.split()
