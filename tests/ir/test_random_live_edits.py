"""Any sequence of live edits does to a graph what it does to plain dicts of edges; undoing gives the bytes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.checks import verify
from graphsurgeon.errors import GraphError
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.names import is_control, node_of_input
from tests.passes.harness import model
from tests.passes.prune.models import listing

TEXT = """
    x = Placeholder {dtype: f32}
    d = Const {i32 []}
    s = Split(d, x) {num_split: 2}
    a = Relu(s)
    b = Elu(s:1, ^a)
    c = AddV2(a, b)
    e = Mul(c, a) {_class: loc:@a}
    f = NoOp(^e)
"""
KEPT = ("x", "d", "s", "a", "f")
KINDS = ("add", "insert_after", "insert_before", "replace_uses", "remove", "rename", "set_input", "set_control_inputs")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 999), st.integers(0, 999)), max_size=12)


class Naive:
    """A graph as names and what each reads, in order."""

    def __init__(self, of: Model) -> None:
        self.inputs = {node.name: list(node.inputs) for node in of.graph}
        self.made = 0

    def tensors(self) -> list[str]:
        """The float tensors there are, as texts of inputs."""
        return [*(name for name in self.inputs if name not in ("d", "f")), "s:1"]

    def readers(self, text: str) -> list[tuple[str, int]]:
        return [
            (n, at) for n, texts in self.inputs.items() for at, each in enumerate(texts) if each in (text, f"{text}:0")
        ]

    def is_read(self, name: str) -> bool:
        return any(node_of_input(text) == name for texts in self.inputs.values() for text in texts)

    def before(self, name: str) -> set[str]:
        """Everything that a node depends on, and itself."""
        found, pending = set(), [name]
        while pending:
            each = pending.pop()
            if each not in found:
                found.add(each)
                pending += map(node_of_input, self.inputs[each])
        return found

    def new_name(self) -> str:
        self.made += 1
        return f"new{self.made}"


class Twins:
    """A graph and its naive twin; each edit is made in both, as far as there can be one that leaves no cycle."""

    def __init__(self, naive: Naive, graph: Any) -> None:
        self.naive, self.graph = naive, graph

    def apply(self, kind: str, one: int, two: int) -> None:
        tensors, names = self.naive.tensors(), list(self.naive.inputs)
        picked = (
            [tensors[each % len(tensors)] for each in (one, two)],
            [names[each % len(names)] for each in (one, two)],
        )
        getattr(self, kind)(*picked, one)

    def data_inputs(self, name: str) -> list[int]:
        return [at for at, text in enumerate(self.naive.inputs[name]) if not is_control(text) and text != "d"]

    def add(self, tensors: list[str], _: list[str], __: int) -> None:
        new = self.naive.new_name()
        self.graph.add("AddV2", tensors, name=new)
        self.naive.inputs[new] = list(tensors)

    def insert_after(self, tensors: list[str], _: list[str], __: int) -> None:
        new, readers = self.naive.new_name(), self.naive.readers(tensors[0])
        self.graph.insert_after(tensors[0], "Identity", name=new)
        for reader, position in readers:
            self.naive.inputs[reader][position] = new
        self.naive.inputs[new] = [tensors[0]]

    def insert_before(self, _: list[str], names: list[str], number: int) -> None:
        inputs, data = self.naive.inputs, self.data_inputs(names[0])
        if data:
            new, position = self.naive.new_name(), data[number % len(data)]
            self.graph.insert_before(names[0], position, "Identity", name=new)
            inputs[new], inputs[names[0]][position] = [inputs[names[0]][position]], new

    def replace_uses(self, tensors: list[str], _: list[str], __: int) -> None:
        readers, before = self.naive.readers(tensors[0]), self.naive.before(node_of_input(tensors[1]))
        if tensors[0] != tensors[1] and not any(reader in before for reader, _ in readers):
            assert self.graph.replace_uses(*tensors) == len(readers)
            for reader, position in readers:
                self.naive.inputs[reader][position] = tensors[1]

    def remove(self, _: list[str], names: list[str], __: int) -> None:
        before = [(node.name, node.inputs) for node in self.graph]
        if self.naive.is_read(names[0]):
            with pytest.raises(GraphError):
                self.graph.remove(names[0])
            assert before == [(node.name, node.inputs) for node in self.graph]
        elif names[0] not in KEPT:
            self.graph.remove(names[0])
            del self.naive.inputs[names[0]]

    def rename(self, _: list[str], names: list[str], __: int) -> None:
        if names[0] not in KEPT:
            new = self.naive.new_name()
            self.graph.rename(names[0], new)
            self.naive.inputs = {
                new if each == names[0] else each: [renamed(text, names[0], new) for text in texts]
                for each, texts in self.naive.inputs.items()
            }

    def set_input(self, tensors: list[str], names: list[str], number: int) -> None:
        data = self.data_inputs(names[0])
        if data and names[0] not in self.naive.before(node_of_input(tensors[1])):
            self.graph.set_input(names[0], data[number % len(data)], tensors[1])
            self.naive.inputs[names[0]][data[number % len(data)]] = tensors[1]

    def set_control_inputs(self, _: list[str], names: list[str], __: int) -> None:
        one, other = names
        if one not in self.naive.before(other) and one not in ("x", "d"):
            self.graph.set_control_inputs(one, [other])
            data = [text for text in self.naive.inputs[one] if not is_control(text)]
            self.naive.inputs[one] = [*data, f"^{other}"]


def renamed(text: str, old: str, new: str) -> str:
    if node_of_input(text) != old:
        return text
    return "^" * is_control(text) + new + text.lstrip("^")[len(old) :]


def plain(text: str) -> str:
    return text.removesuffix(":0")


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, asks=st.booleans())
def test_any_sequence_of_live_edits(steps: list[tuple[str, int, int]], asks: bool):
    """The index is true after each, also when it is asked for in between; the graph stays well formed."""
    made = model(TEXT, meta=listing("names", "x:0"))
    before, snapshot, naive = made.to_meta_graph_def(), made.snapshot(), Naive(made)
    graph = made.graph
    twins = Twins(naive, graph)
    for step in steps:
        twins.apply(*step)
        found = {node.name: list(map(plain, node.inputs)) for node in graph}
        assert found == {name: list(map(plain, texts)) for name, texts in naive.inputs.items()}
        assert [finding for finding in verify(made) if finding.severity == "error"] == []
        if asks:
            index = Index(graph)
            for name in naive.inputs:
                assert [node.name for node in graph.consumers(name)] == list(
                    dict.fromkeys(reader.name for reader, _ in index.consumers(name))
                )
    made.restore(snapshot)
    assert made.to_meta_graph_def() == before
