"""Cycles are found where TensorFlow finds them, and nowhere else."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.cycles import cycle_findings
from graphsurgeon.checks.finding import Finding
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from tests import notation


def found(graph: Graph) -> list[Finding]:
    return list(cycle_findings(Body(graph, OpSignatures({}))))


def test_a_cycle_is_spelled_out_along_its_edges():
    text = "a = NoOp(^c); b = NoOp(^a); c = NoOp(^b); behind = NoOp(^c); apart = NoOp"
    (finding,) = found(notation.graph(text))
    assert finding.message == "4 nodes are in a cycle or behind one: a -> b -> c -> a"
    assert finding.node == "a"


def test_a_long_chain_needs_no_stack():
    count = 10 * sys.getrecursionlimit()
    nodes = [Node.new(f"n{i}", "NoOp", [f"^n{(i + 1) % count}"]) for i in range(count)]
    (finding,) = found(Graph(nodes))
    assert finding.rule == "cycle"
    assert len(finding.message) < 200


def never_ready(graph: Graph) -> set[str]:
    """The slow way: take nodes in as TensorFlow does until no more can be."""
    nodes = {node.name: node for node in graph}
    ready: set[str] = set()
    while True:
        more = {node.name for node in graph if node.name not in ready and _is_ready(node, nodes, ready)}
        if not more:
            return set(nodes) - ready
        ready |= more


def _is_ready(node: Node, nodes: dict[str, Node], ready: set[str]) -> bool:
    there = {text: text.lstrip("^") in ready or text.lstrip("^") not in nodes for text in node.inputs}
    data = [text for text in node.inputs if text[0] != "^"]
    if node.op == "Merge" and any(text in nodes and nodes[text].op == "NextIteration" for text in data):
        return all(there[text] for text in node.inputs if text[0] == "^") and any(there[text] for text in data)
    return all(there.values())


NAMES = "abcdef"
OPS = st.sampled_from(["Merge", "NextIteration", "Identity"])
INPUTS = st.lists(st.sampled_from([*NAMES, *(f"^{name}" for name in NAMES), "outside"]), max_size=3)


@given(st.lists(st.tuples(OPS, INPUTS), max_size=6))
@example([("NextIteration", ["b"]), ("Merge", []), ("Merge", []), ("Merge", ["a", "a", "^d"])])
@settings(max_examples=400)
def test_what_never_becomes_ready_is_a_cycle(made: list[tuple[str, list[str]]]):
    graph = Graph([Node.new(name, op, inputs) for name, (op, inputs) in zip(NAMES, made, strict=False)])
    stuck = never_ready(graph)
    findings = found(graph)
    assert [finding.message.split()[0] for finding in findings] == ([str(len(stuck))] if stuck else [])
    assert all(finding.node in stuck for finding in findings)


@pytest.mark.parametrize("op", ["RefMerge", "Merge"])
def test_loops_over_references_are_loops_too(op: str):
    nodes = [Node.new("e", "RefEnter"), Node.new("m", op, ["e", "n"]), Node.new("n", "RefNextIteration", ["m"])]
    assert found(Graph(nodes)) == []


def test_a_node_that_reads_itself():
    (finding,) = found(notation.graph("a = NoOp(^a)"))
    assert finding.message == "1 node is in a cycle: a -> a"
