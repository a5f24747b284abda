"""Nodes know their graph, and journals what they were."""

from __future__ import annotations

import numpy as np

from graphsurgeon.tensors.values import as_tensor
from tests import notation


def test_nodes_know_their_graph():
    graph = notation.graph("a = NoOp; b = NoOp")
    a, b = graph
    assert a.graph is b.graph is graph
    assert a.copy().graph is None
    graph.remove(a)
    assert a.graph is None


def test_a_journal_undoes_edits():
    graph = notation.graph("a = NoOp; b = Const(^a) {f32 [2]}")
    node = graph.node("b")
    node.attrs["edited"] = 1
    before = node.proto.SerializeToString(deterministic=True)
    journal = graph.open_journal()
    node.attrs["edited"] = 2
    node.attrs["value"] = as_tensor(np.ones(3000, np.float32))
    node.inputs = ()
    node.op = "Other"
    journal.undo()
    assert node.proto.SerializeToString(deterministic=True) == before
    assert (node.op, [*node.inputs], node.tensor.size) == ("Const", ["^a"], 2)


def test_journals_of_several():
    graph = notation.graph("a = NoOp")
    node = graph.node("a")
    outer = graph.open_journal()
    node.device = "/cpu:0"
    inner = graph.open_journal()
    node.device = "/gpu:0"
    inner.undo()
    assert node.device == "/cpu:0"
    del inner
    node.device = "/gpu:1"
    outer.undo()
    assert node.device == ""


def test_who_holds_no_journal_pays_for_none():
    graph = notation.graph("a = NoOp")
    journal = graph.open_journal()
    del journal
    graph["a"].device = "/cpu:0"
    assert graph._membership._journals == ()
