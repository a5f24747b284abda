"""Loops are copied as a whole, into frames of their own."""

from __future__ import annotations

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.frames import frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from tests import notation
from tests.passes.unfreeze.test_control_inputs import LOOP, NESTED


def frames(graph: Graph) -> dict[str, tuple[str, ...]]:
    return {name: tuple(each.name for each in stack) for name, stack in frames_of(graph, Index(graph)).items()}


@pytest.mark.parametrize("text", [LOOP, NESTED])
@pytest.mark.parametrize("order", [1, -1])
def test_a_copy_has_its_own_frames(text: str, order: int):
    graph = notation.graph(text)
    graph.set_nodes(list(graph)[::order])
    before = frames(graph)
    ge.copy(graph, dst_scope="k")
    now = frames(graph)
    assert {name: now[name] for name in before} == before
    assert {name: stack for name, stack in now.items() if name.startswith("k/")} == {
        f"k/{name}": tuple(f"{each}_1" for each in stack) for name, stack in before.items()
    }
    assert {node.name: node.data_inputs for node in graph if node.name.startswith("k/")} == {
        f"k/{node.name}": tuple(f"k/{each}" for each in node.data_inputs)
        for node in graph
        if not node.name.startswith("k/")
    }


def test_a_copy_in_another_graph_keeps_them():
    graph, into = notation.graph(LOOP), Graph()
    ge.copy(graph, into)
    assert frames(into) == frames(graph)


def test_what_is_replaced_in_front_of_a_loop_copies_all_of_it():
    graph = notation.graph(LOOP)
    start = next(node for node in graph if node.op == "Enter").input_tensors[0]
    end = next(node for node in graph if node.op == "Exit").outputs[0]
    new = graph.add("Placeholder", dtype=start.dtype)
    made = ge.graph_replace(end, {start: new.outputs[0]}, dst_scope="k")
    assert made.name == f"k/{end.name}"
    copied = {node.op for node in graph if node.name.startswith("k/")}
    assert {"Enter", "Merge", "Switch", "NextIteration", "LoopCond", "Exit"} <= copied
    assert len(list(graph.topological())) == len(graph)
