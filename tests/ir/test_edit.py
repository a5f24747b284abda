"""Edits of a graph, gathered before they are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of_input, spellings
from proto_utils.errors import NotFoundError
from tests.counting import num_calls
from tests.notation import graph, node, show

SMALL = "a = Split(c, x); b = Neg(a:1); d = Add(a:1, a, ^b); e = NoOp(^d, ^b)"


def inputs_of(edit: GraphEdit, name: str) -> tuple[str, ...]:
    found = edit.get(name)
    assert found is not None
    return found.inputs


def test_nothing_is_done_before_apply():
    made = graph(SMALL)
    edit = GraphEdit(made)
    edit.edit(made["b"]).op = "Abs"
    edit.set_input(made["d"], 1, "b")
    edit.remove("e")
    edit.add(node("f = NoOp"))
    assert show(made) == show(graph(SMALL))
    edit.apply()
    assert show(made) == show(graph("a = Split(c, x); b = Abs(a:1); d = Add(a:1, b, ^b); f = NoOp"))


def test_a_graph_without_edits_is_left_alone():
    made = graph(SMALL)
    nodes = list(made)
    edit = GraphEdit(made)
    assert edit.index.producers["a"] is nodes[0]
    edit.apply()
    assert all(a is b for a, b in zip(made, nodes, strict=True))


def test_a_node_is_copied_once():
    made = graph(SMALL)
    edit = GraphEdit(made)
    copy = edit.edit(made["b"])
    assert copy is not made["b"]
    assert [edit.edit(made["b"]), edit.edit(copy), edit.current(made["b"]), edit.get("b")] == [copy] * 4
    assert edit.current(made["a"]) is made["a"]


def test_a_new_node_is_its_own_copy():
    edit = GraphEdit(Graph())
    new = node("n = NoOp")
    edit.add(new)
    assert edit.edit(new) is new


def test_redirect_a_tensor():
    edit = GraphEdit(graph(SMALL))
    edit.redirect("a:1", "n")
    assert show(edit.nodes()) == show(graph("a = Split(c, x); b = Neg(n); d = Add(n, a, ^b); e = NoOp(^d, ^b)"))


def test_redirect_the_first_output_however_it_is_written():
    edit = GraphEdit(graph("a = X; b = Add(a, a:0, a:1, ^a)"))
    edit.redirect("a:0", "n:2")
    assert show(edit.nodes()) == "a = X\nb = Add(n:2, n:2, a:1, ^a)"


def test_redirect_what_waits():
    edit = GraphEdit(graph("a = X; b = Add(a, a, ^a, ^c); c = X"))
    edit.redirect("^a", "^d")
    assert inputs_of(edit, "b") == ("a", "a", "^d", "^c")
    edit.redirect("^c", "^d")  # nobody waits for a node twice
    assert inputs_of(edit, "b") == ("a", "a", "^d")


def test_redirect_in_a_function_body():
    edit = GraphEdit(graph("n = Split(i, x); m = Add(n:output:1, x:0, ^n); o = Add(n:output:0, x)"))
    edit.redirect("n:output:1", "x")
    edit.redirect("x", "o:z:0")
    assert inputs_of(edit, "m") == ("o:z:0", "o:z:0", "^n")
    assert inputs_of(edit, "o") == ("n:output:0", "o:z:0")


def test_put_a_node_between():
    made = graph("a = X; b = Neg(a); c = Abs(a:0, ^a)")
    edit = GraphEdit(made)
    edit.redirect("a", "s")
    edit.add(node("s = StopGradient(a)"), behind="a")
    edit.apply()
    assert show(made) == "a = X\ns = StopGradient(a)\nb = Neg(s)\nc = Abs(s, ^a)"


def test_replace_a_node_by_several():
    made = graph("a = X; v = Const {f32 [2]}; b = Neg(v)")
    edit = GraphEdit(made)
    edit.replace("v", [node("v = VariableV2"), node("v/read = Identity(v)")])
    edit.add(node("v/more = NoOp"), behind="v")
    edit.set_input(made["b"], 0, "v/read")
    edit.replace("v/read", [node("v/other = Identity(v)")])
    edit.redirect("v/read", "v/other")
    assert show(edit.nodes()) == "a = X\nv = VariableV2\nv/other = Identity(v)\nv/more = NoOp\nb = Neg(v/other)"


def test_a_name_that_comes_again_is_where_it_is_put():
    edit = GraphEdit(graph("a = X; b = X; c = X"))
    edit.remove("a")
    assert edit.is_removed("a")
    assert not edit.is_removed("b")
    edit.add(node("a = Y"))
    assert show(edit.nodes()) == "b = X\nc = X\na = Y"
    assert not edit.is_removed("a")
    edit.remove("a")
    edit.add(node("a = Z"), behind="b")
    assert show(edit.nodes()) == "b = X\na = Z\nc = X"


def test_no_node_is_lost_behind_one_that_is_behind_it():
    edit = GraphEdit(graph("a = X; b = X"))
    edit.add(node("c = X"), behind="a")
    edit.remove("a")
    edit.add(node("a = Y"), behind="c")
    assert show(edit.nodes()) == "b = X\na = Y\nc = X"


def test_edits_go_on_after_apply():
    made = graph("a = X; b = Neg(a)")
    edit = GraphEdit(made)
    edit.set_input(made["b"], 0, "c")
    edit.apply()
    applied = made["b"]
    edit.set_input(applied, 0, "d")
    assert (applied.inputs, inputs_of(edit, "b")) == (("c",), ("d",))
    assert [edge[0].inputs for edge in edit.index.edges("d")] == [("d",)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda edit: edit.remove("zz"),
        lambda edit: edit.replace("zz", []),
        lambda edit: edit.add(node("n = X"), behind="zz"),
        lambda edit: [edit.remove("b"), edit.edit(edit.graph["b"])],
    ],
)
def test_a_node_that_is_not_there(wrong: Callable[[GraphEdit], object]):
    with pytest.raises(NotFoundError):
        wrong(GraphEdit(graph(SMALL)))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda edit: edit.add(node("a = X")),
        lambda edit: edit.replace("a", [node("b = X")]),
        lambda edit: [edit.add(node("n = X")), edit.add(node("n = X"))],
    ],
)
def test_a_name_that_is_taken(wrong: Callable[[GraphEdit], object]):
    with pytest.raises(GraphError):
        wrong(GraphEdit(graph(SMALL)))


NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.one_of(NAMES, st.sampled_from(["a:0", "a:1", "b:0", "b:2", "c:out:0", "c:out:1", "^a", "^b", "^c", "x"]))
INPUTS = st.lists(TEXTS, max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), NAMES),
        st.tuples(st.just("edit"), NAMES),
        st.tuples(st.just("set_input"), NAMES, st.integers(0, 3), TEXTS),
        st.tuples(st.just("set_inputs"), NAMES, INPUTS),
        st.tuples(st.just("redirect"), TEXTS, TEXTS),
        st.tuples(st.just("add"), NAMES, INPUTS, st.none() | NAMES),
        st.tuples(st.just("replace"), NAMES, st.dictionaries(NAMES, INPUTS, max_size=3)),
        st.tuples(st.just("remove"), NAMES),
        st.tuples(st.just("keep"), st.sets(NAMES)),
        st.tuples(st.just("apply")),
    ),
    max_size=12,
)


class Naive:
    """The same edits of names and inputs alone; each answers whether it makes sense here."""

    def __init__(self, nodes: dict[str, list[str]]):
        self.nodes = {name: list(inputs) for name, inputs in nodes.items()}

    def ask(self, name: str) -> bool:
        return True

    def apply(self) -> bool:
        return True

    def edit(self, name: str) -> bool:
        return name in self.nodes

    def set_input(self, name: str, position: int, text: str) -> bool:
        if name not in self.nodes or position >= len(self.nodes[name]):
            return False
        self.nodes[name][position] = text
        return True

    def set_inputs(self, name: str, inputs: list[str]) -> bool:
        if name not in self.nodes:
            return False
        self.nodes[name] = list(inputs)
        return True

    def redirect(self, old: str, new: str) -> bool:
        if is_control(old) != is_control(new):
            return False
        for name, inputs in self.nodes.items():
            found = [new if text in spellings(old) else text for text in inputs]
            if is_control(old) and old in inputs:
                data = [text for text in found if not is_control(text)]
                found = data + list(dict.fromkeys(text for text in found if is_control(text)))
            self.nodes[name] = found
        return True

    def add(self, name: str, inputs: list[str], behind: str | None) -> bool:
        if name in self.nodes or (behind is not None and behind not in self.nodes):
            return False
        self.nodes[name] = list(inputs)
        return True

    def replace(self, name: str, new: dict[str, list[str]]) -> bool:
        if name not in self.nodes or any(each in self.nodes for each in new if each != name):
            return False
        del self.nodes[name]
        self.nodes |= {each: list(inputs) for each, inputs in new.items()}
        return True

    def keep(self, names: set[str]) -> bool:
        self.nodes = {name: inputs for name, inputs in self.nodes.items() if name in names}
        return True

    def remove(self, name: str) -> bool:
        return self.nodes.pop(name, None) is not None


def do(edit: GraphEdit, kind: str, *given: Any) -> None:
    if kind == "ask":
        edit.index.edges(*given)
    elif kind == "add":
        name, inputs, behind = given
        edit.add(Node.new(name, "X", inputs), behind=behind)
    elif kind == "replace":
        edit.replace(given[0], [Node.new(name, "Y", inputs) for name, inputs in given[1].items()])
    elif kind in ("edit", "set_input", "set_inputs"):
        getattr(edit, kind)(edit.get(given[0]), *given[1:])
    else:
        getattr(edit, kind)(*given)


def answers(index: Index) -> list[object]:
    """All that an index can tell, but for the order."""
    texts = {text for found in index.producers.values() for text in found.inputs}
    texts |= {"a", "a:0", "a:1", "^a", "x", "nobody"}
    names = {node_of_input(text) for text in texts} | index.producers.keys()

    def edges(ask: Callable[[str], Iterable[tuple[Node, int]]], of: set[str]) -> dict[str, list[tuple[int, int]]]:
        return {each: sorted((id(node), position) for node, position in ask(each)) for each in of}

    return [
        {name: id(found) for name, found in index.producers.items()},
        edges(index.edges, names),
        edges(index.consumers, names),
        edges(index.tensor_consumers, texts),
        {name: sorted(map(id, index.control_consumers(name))) for name in names},
    ]


@settings(max_examples=300, deadline=None)
@given(nodes=st.dictionaries(NAMES, INPUTS), steps=STEPS, asks_early=st.booleans(), asks_always=st.booleans())
def test_any_sequence_of_edits(
    nodes: dict[str, list[str]], steps: list[tuple[Any, ...]], asks_early: bool, asks_always: bool
):
    """Also when the index is first asked for in the middle, and when much is edited before it is asked again."""
    made = Graph([Node.new(name, "X", inputs) for name, inputs in nodes.items()])
    edit, naive = GraphEdit(made), Naive(nodes)
    if asks_early:
        assert answers(edit.index) == answers(Index(made))
    for step in steps:
        before = [(each, each.inputs) for each in made]
        if not getattr(naive, step[0])(*step[1:]):
            continue
        do(edit, *step)
        now = list(edit.nodes())
        assert {each.name: list(each.inputs) for each in now} == naive.nodes
        assert len(now) == len(naive.nodes)
        assert all(each.inputs == inputs and list(each.proto.input) == list(inputs) for each, inputs in before)
        assert all(list(each.proto.input) == list(each.inputs) for each in now)
        if step[0] != "apply":
            assert [each for each, _ in before] == list(made)
        assert all(edit.get(each.name) is each for each in now)
        if asks_always:
            assert answers(edit.index) == answers(Index(now))
    assert answers(edit.index) == answers(Index(edit.nodes()))


def star(num_consumers: int, num_outputs: int, num_others: int) -> Graph:
    """One node with many outputs and consumers, among others that have nothing to do with it."""
    hub = Node.new("hub", "Split")
    consumers = [Node.new(f"c{i}", "Neg", [f"hub:{i % num_outputs}"]) for i in range(num_consumers)]
    sink = Node.new("sink", "AddN", [f"c{i}" for i in range(num_consumers)])
    others = [Node.new(f"n{i}", "Neg", [f"n{i - 1}"] if i else []) for i in range(num_others)]
    return Graph([hub, *consumers, sink, *others])


@pytest.mark.parametrize("num_outputs", [1, 100])
def test_an_edit_costs_what_it_touches(num_outputs: int):
    """Neither the size of the graph nor how many else read the same node is in it."""

    def cost(num_consumers: int, num_others: int) -> int:
        made = star(num_consumers, num_outputs, num_others)
        edit = GraphEdit(made, Index(made))

        def reroute() -> None:
            for i in range(50):
                edit.set_input(made[f"c{i}"], 0, f"n{i}")
                edit.redirect(f"c{i}", f"n{i}")
                edit.add(Node.new(f"new{i}", "Neg", ["hub"]))
                edit.remove(f"new{i}")

        made.get("hub")
        return num_calls(reroute)

    assert cost(2000, 2000) < 1.1 * cost(100, 100)


def test_many_redirects_of_one_hub_cost_as_much_as_it_has_consumers():
    made = star(1000, 1000, 0)
    edit = GraphEdit(made, Index(made))

    def reroute() -> None:
        for i in range(1000):
            edit.redirect(f"hub:{i}", "other")

    assert num_calls(reroute) < 1000 * 60
    assert edit.index.consumers("hub") == []
    assert len(edit.index.consumers("other")) == 1000
