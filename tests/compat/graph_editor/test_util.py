"""Lists of ops and tensors, placeholders, scopes, trees."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from tests import notation


@pytest.fixture
def sum_() -> Graph:
    return notation.graph("a = Const {f32 []}; b = Const {f32 []}; x = NoOp; c = Add(a, b, ^x)")


def test_views_of_lists_are_for_reading():
    view: Any = ge.util.ListView([0, 1, 2])
    assert ([*view], len(view), view[1], view + (3,)) == ([0, 1, 2], 3, 1, [0, 1, 2, 3])
    with pytest.raises(TypeError):
        view[0] = 0
    with pytest.raises(TypeError, match="a list is wanted, not a tuple"):
        ge.util.ListView((1,))  # type: ignore[arg-type]


def test_what_has_elements(sum_: Graph):
    assert ge.util.is_iterable([0, 1])
    assert not any(map(ge.util.is_iterable, (3, sum_["a"], sum_["a:0"])))


def test_one_graph(sum_: Graph):
    other = notation.graph("a = Const {f32 []}")
    assert ge.util.check_graphs(sum_["a"], sum_["b:0"]) is None  # type: ignore[func-returns-value]
    assert ge.util.get_unique_graph([sum_["a"], sum_["b:0"]]) is sum_
    assert ge.util.get_unique_graph(sum_) is sum_
    assert ge.util.get_unique_graph([], none_if_empty=True) is None
    for call in (lambda: ge.util.check_graphs(sum_["a"], other["a"]), lambda: ge.util.get_unique_graph([]),
                 lambda: ge.util.get_unique_graph([sum_["a"], other["a"]])):  # fmt: skip
        with pytest.raises(ValueError, match="graph"):
            call()
    with pytest.raises(TypeError, match="Node is wanted, not Output"):
        ge.make_list_of_op([sum_["a:0"]])


def test_lists(sum_: Graph):
    a, b = sum_["a"], sum_["b"]
    assert (len(ge.make_list_of_op(sum_)), ge.make_list_of_op((a, b)), ge.make_list_of_op(a)) == (4, [a, b], [a])
    ts = [a.outputs[0], b.outputs[0]]
    assert (len(ge.make_list_of_t(sum_)), ge.make_list_of_t(tuple(ts)), ge.make_list_of_t([])) == (3, ts, [])
    assert ge.make_list_of_t((ts[0], a, ts[1]), ignore_ops=True) == ts
    assert ge.make_list_of_op((ts[0], a), ignore_ts=True) == [a]
    with pytest.raises(TypeError, match="a graph is not allowed here"):
        ge.make_list_of_t(sum_, allow_graph=False)
    assert ge.get_generating_ops(ts) == [a, b]
    assert ge.get_consuming_ops(ts) == [sum_["c"]]
    assert ge.get_consuming_ops(sum_["c:0"]) == []
    with pytest.raises(TypeError, match="a Graph is wanted"):
        ge.get_tensors([a])  # type: ignore[arg-type]


def test_control_outputs(sum_: Graph):
    outputs = ge.ControlOutputs(sum_)
    assert outputs.get_all() == {sum_["x"]: [sum_["c"]]}
    assert (outputs.get(sum_["a"]), outputs.graph) == ([], sum_)
    sum_.set_control_inputs("c", ["a"])
    assert outputs.update().get_all() == {sum_["a"]: [sum_["c"]]}
    with pytest.raises(TypeError, match="a Graph is wanted"):
        ge.ControlOutputs([])  # type: ignore[arg-type]


def test_scopes():
    assert [ge.util.scope_finalize(each) for each in ("foo/bar", "foo/", "")] == ["foo/bar/", "foo/", ""]
    assert [ge.util.scope_dirname(each) for each in ("foo/bar/op", "op")] == ["foo/bar/", ""]
    assert [ge.util.scope_basename(each) for each in ("foo/bar/op", "op")] == ["op", "op"]


def test_names_of_placeholders(sum_: Graph):
    sum_.rename("a", "foo/a")
    t = sum_["foo/a:0"]
    assert ge.placeholder_name(t) == "foo/geph__a_0"
    assert [ge.placeholder_name(t, scope=each) for each in ("", "x", "x/")] == [
        "geph__a_0",
        "x/geph__a_0",
        "x/geph__a_0",
    ]
    assert [ge.placeholder_name(None, scope=each) for each in (None, "x", "x/")] == ["geph", "x/geph", "x/geph"]
    with pytest.raises(TypeError, match="an Output is wanted"):
        ge.placeholder_name("a")  # type: ignore[arg-type]


def test_placeholders(sum_: Graph):
    made = [ge.make_placeholder_from_tensor(sum_["a:0"]), ge.ph("float32", [2, None], graph=sum_),
            ge.make_placeholder_from_tensor(ge.make_placeholder_from_tensor(sum_["a:0"]))]  # fmt: skip
    assert [t.name for t in made] == ["geph__a_0:0", "geph:0", "geph__a_0_1_1:0"]
    assert [t.shape.dims for t in made if t.shape is not None] == [(), (2, None), ()]
    with pytest.raises(TypeError, match="graph= is wanted"):
        ge.make_placeholder_from_dtype_and_shape("float32")


def test_the_same_elsewhere(sum_: Graph):
    other = Graph()
    ge.copy(sum_, other, "k")
    found = ge.util.find_corresponding({"x": [sum_["a"], sum_["c:0"]]}, other, dst_scope="k")
    assert found == {"x": [other["k/a"], other["k/c:0"]]}
    assert ge.util.find_corresponding_elem(other["k/a"], sum_, src_scope="k") is sum_["a"]
    with pytest.raises(ValueError, match="a is not in the scope k/"):
        ge.util.find_corresponding_elem(sum_["a"], other, src_scope="k")
    with pytest.raises(KeyError):
        ge.util.find_corresponding_elem(sum_["a"], other)
    with pytest.raises(TypeError, match="a Node or an Output is wanted"):
        ge.util.find_corresponding_elem("a", other)  # type: ignore[arg-type]


def test_trees():
    tree = {"a": [1, (2, 3)], "b": {4}}
    assert ge.util.flatten_tree(tree) == [1, 2, 3, 4]
    assert ge.util.transform_tree(tree, str) == {"a": ["1", ("2", "3")], "b": ("4",)}
    assert ge.util.transform_tree("abc", str.upper) == "ABC"
    assert "losses" in ge.util.get_predefined_collection_names()
