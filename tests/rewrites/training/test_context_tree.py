"""Contexts within each other."""

from __future__ import annotations

from graphsurgeon.rewrites.training.context_tree import Context


def test_what_lies_in_what():
    root = Context()
    loop = Context(root, frame="loop")
    branch = loop.child("p", 1)
    inner = Context(branch, frame="inner")
    assert (root.depth, loop.depth, branch.depth, inner.depth) == (0, 1, 2, 3)
    assert inner.outermost is branch.outermost is loop.outermost is loop
    assert (branch.loop, inner.loop, root.loop) == (loop, inner, None)
    assert inner.is_within(loop)
    assert not loop.is_within(inner)
    assert list(inner.around()) == [branch, loop, root]


def test_what_two_share():
    root = Context()
    loop = Context(root, frame="loop")
    first, second = loop.child("p", 0), loop.child("p", 1)
    assert first.shared(second) is loop
    assert first.shared(first) is first
    assert first.shared(root.child("p", 0)) is root


def test_branches_are_one_by_predicate_and_port():
    root = Context()
    assert root.child("p", 1) is root.child("p", 1) is not root.child("p", 0)
    assert root.child("p", 1).pair() == root.child("p", 0).pair() == (root.child("p", 0), root.child("p", 1))
    loop = Context(root, frame="loop")
    assert loop.pair() == (loop,)
    assert [each.label() for each in (root, loop, root.child("p", 0))] == [
        "the graph", "the loop with frame 'loop'", "the branch for false of 'p'",
    ]  # fmt: skip
