"""Any sequence of edits does what it does to names and edges as plain sets, leaves a sound graph, and is undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.checks import check
from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of_input
from tests import notation

GRAPH = """
    x = Placeholder {dtype: f32}
    i = Const {i32 []}
    s = Split(i, x) {num_split: 2}
    a = Add(s, s:1) {_class: loc:@s}
    b = Neg(s:1, ^a)
    c = Mul(a, b)
    n = NoOp(^a, ^x)
"""
BODY = """
    i = Const {i32 []}
    s = Split(i:output:0, x) {num_split: 2, T: f32}
    a = Add(s:output:0, s:output:1) {T: f32, _class: loc:@s}
    b = Neg(s:output:1, ^a) {T: f32}
    c = Mul(a:z:0, b:y:0) {T: f32}
    n = NoOp(^a, ^i)
"""
CALL = "v = Placeholder {dtype: f32}; call = PartitionedCall(v) {f: fn:f, Tin: [f32], Tout: [f32, f32]}"

Tensor = tuple[str, int]


class Naive:
    """A graph as sets: (reader, position, maker, output) for tensors, (waiting, waited for), results of a function."""

    def __init__(self, graph: Graph) -> None:
        self.reads, self.waits, self.results = seen(graph)
        self.names = {node.name for node in graph}

    def has_cycle(self) -> bool:
        """Whether any node needs itself."""
        needs = {name: {m for r, _, m, _ in self.reads if r == name} | {w for r, w in self.waits if r == name}
                 for name in self.names}  # fmt: skip
        left = set(needs)
        while free := {name for name in left if not needs[name] & left}:
            left -= free
        return bool(left)

    def copy(self) -> Naive:
        """Return another one like this."""
        made = Naive.__new__(Naive)
        made.reads, made.waits, made.results, made.names = {*self.reads}, {*self.waits}, {**self.results}, {*self.names}
        return made

    def read_by(self, tensor: Tensor) -> set[tuple[str, int]]:
        """Return who reads a tensor, and at which position."""
        return {(reader, position) for reader, position, *made in self.reads if tuple(made) == tensor}

    def set_read(self, reader: str, position: int, tensor: Tensor) -> None:
        """Let one input be a tensor."""
        self.reads = {each for each in self.reads if each[:2] != (reader, position)} | {(reader, position, *tensor)}

    def replace(self, old: Tensor, new: Tensor, only: set[str] | None, except_: set[str]) -> None:
        """Let readers read another tensor."""
        for reader, position in self.read_by(old):
            if (only is None or reader in only) and reader not in except_:
                self.set_read(reader, position, new)
        if only is None:
            self.results = {key: new if tensor == old else tensor for key, tensor in self.results.items()}

    def replace_waits(self, old: str, new: str) -> None:
        """Let those who wait for a node wait for another."""
        self.waits = {(r, new if w == old and r != new else w) for r, w in self.waits}

    def rename(self, old: str, new: str) -> None:
        """Give a node another name."""

        def name(each: str) -> str:
            return new if each == old else each

        self.names = {*map(name, self.names)}
        self.reads = {(name(r), position, name(m), output) for r, position, m, output in self.reads}
        self.waits = {(name(r), name(w)) for r, w in self.waits}
        self.results = {key: (name(m), output) for key, (m, output) in self.results.items()}

    def remove(self, gone: set[str]) -> bool:
        """Take nodes out; return whether that may be."""
        needed = {m for r, _, m, _ in self.reads if r not in gone} | {w for r, w in self.waits if r not in gone}
        if gone & (needed | {m for m, _ in self.results.values()}):
            return False
        self.names -= gone
        self.reads = {each for each in self.reads if each[0] not in gone}
        self.waits = {each for each in self.waits if each[0] not in gone}
        return True


def seen(graph: Graph) -> tuple[set[Any], set[Any], dict[str, Tensor]]:
    """Return the sets that a graph is; arguments of a function are made by themselves."""

    def tensor(text: str) -> Tensor:
        found = graph.output_of(text)
        return (found.node.name if found.node is not None else node_of_input(text), found.index)

    reads = {(n.name, at, *tensor(text)) for n in graph for at, text in enumerate(n.data_inputs)}
    waits = {(n.name, text[1:]) for n in graph for text in n.control_inputs}
    held = {} if graph.function_def is None else dict(graph.function_def.ret)
    return reads, waits, {key: tensor(text) for key, text in held.items()}


def require_same(graph: Graph, naive: Naive) -> None:
    """Require that a graph and its index are what the sets say."""
    assert (*seen(graph), {node.name for node in graph}) == (naive.reads, naive.waits, naive.results, naive.names)
    for node in graph:
        assert graph[node.name] is node
        assert list(node.proto.input) == list(node.inputs)
        for output in node.outputs:
            uses = [(reader.name, position) for reader, position in output.uses()]
            assert set(uses) == naive.read_by((node.name, output.index))
            assert len(uses) == len(set(uses))
        assert {each.name for each in graph.consumers(f"^{node.name}")} == {r for r, w in naive.waits if w == node.name}
    order = {node.name: number for number, node in enumerate(graph)}
    fresh = Index(graph)
    for name in order:
        assert list(graph.index.edges(name)) == list(fresh.edges(name))


def float_tensors(graph: Graph) -> list[str]:
    """Return the names of the tensors that anything but Split may read."""
    made = [output.name for node in graph for output in node.outputs if node.op != "Const"]
    return [*made, *(["x"] if graph.is_body else [])]


def step(  # noqa: C901 -- one branch for each edit
    draw: Callable[..., Any], graph: Graph, naive: Naive
) -> tuple[Callable[[], object], Naive, bool] | None:
    """Choose an edit: what makes it, what the sets are then, whether it may be made; None where that makes a cycle."""
    tensors, nodes = float_tensors(graph), [node.name for node in graph]
    after = naive.copy()

    def some(of: list[str], least: int = 1) -> Any:
        return draw(st.lists(st.sampled_from(of), min_size=least, max_size=3, unique=True))

    def key(name: str) -> Tensor:
        found = graph.tensor(name)
        return (found.node.name if found.node is not None else name, found.index)

    tensor, other, node = (draw(st.sampled_from(each)) for each in (tensors, tensors, nodes))
    readers = [each.name for each in graph if each.data_inputs and each.op != "Split"]
    chosen = draw(st.sampled_from(["add", "after", "before", "uses", "waits", "input", "controls", "rename", "remove"]))
    new = f"new_{draw(st.integers(0, 9))}"
    is_free = new not in naive.names
    edit: Callable[[], object]
    may = True
    if chosen == "add":
        waits = some(nodes, 0)
        edit, may = (lambda: graph.add("Add", [tensor, graph.tensor(other)], name=new, control_inputs=waits)), is_free
        after.names.add(new)
        after.reads |= {(new, 0, *key(tensor)), (new, 1, *key(other))}
        after.waits |= {(new, each) for each in waits}
    elif chosen == "after":
        only = draw(st.none() | st.just(some(nodes)))
        except_ = some(nodes, 0)
        edit, may = (lambda: graph.insert_after(tensor, "Neg", name=new, only=only, except_=except_)), is_free
        after.replace(key(tensor), (new, 0), None if only is None else set(only), set(except_))
        after.names.add(new)
        after.reads.add((new, 0, *key(tensor)))
    elif chosen == "uses":
        edit = lambda: graph.replace_uses(tensor, graph.tensor(other))  # noqa: E731 -- as the others
        after.replace(key(tensor), key(other), None, set())
    elif chosen == "waits":
        second = draw(st.sampled_from(nodes))
        edit = lambda: graph.replace_uses(f"^{node}", f"^{second}")  # noqa: E731 -- as the others
        after.replace_waits(node, second)
    elif chosen == "controls":
        waits = [each for each in some(nodes, 0) if each != node]
        edit = lambda: graph.set_control_inputs(node, waits)  # noqa: E731 -- as the others
        after.waits = {each for each in after.waits if each[0] != node} | {(node, each) for each in waits}
    elif chosen == "rename":
        edit, may = (lambda: graph.rename(node, new)), is_free or new == node
        after.rename(node, new)
    elif chosen == "remove":
        gone = some(nodes)
        edit, may = (lambda: graph.remove(*gone)), after.remove(set(gone))
    else:
        reader = draw(st.sampled_from(readers))
        position = draw(st.integers(0, len(graph[reader].data_inputs) - 1))
        if chosen == "input":
            edit = lambda: graph.set_input(reader, position, tensor)  # noqa: E731 -- as the others
            after.set_read(reader, position, key(tensor))
        else:
            edit, may = (lambda: graph.insert_before(reader, position, "Abs", name=new)), is_free
            (before,) = [each[2:] for each in naive.reads if each[:2] == (reader, position)]
            after.names.add(new)
            after.reads.add((new, 0, *before))
            after.set_read(reader, position, (new, 0))
    return None if may and after.has_cycle() else (edit, after if may else naive, may)


@pytest.mark.parametrize("in_body", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_sequence_of_edits(in_body: bool, data: Any):
    function = notation.function("f", "x", "c:z:0 s:output:1", BODY)
    model = Model.from_graph_def(notation.model(CALL if in_body else GRAPH, function).to_graph_def())
    graph = model.library.functions["f"].body if in_body else model.graph
    written = model.to_graph_def().SerializeToString(deterministic=True)
    snapshot, naive = model.snapshot(), Naive(graph)
    for _ in range(data.draw(st.integers(1, 8))):
        found = step(data.draw, graph, naive)
        if found is None:
            continue
        edit, naive, may = found
        if may:
            edit()
        else:
            with pytest.raises(GraphError):
                edit()
        require_same(graph, naive)
        check(model)
    model.restore(snapshot)
    assert model.to_graph_def().SerializeToString(deterministic=True) == written
    require_same(graph, Naive(graph))
