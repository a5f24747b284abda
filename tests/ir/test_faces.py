"""What Python and notebooks ask of nodes, graphs and models."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.node import Node
from tests import notation
from tests.models import frozen

TEXT = """
x = Placeholder {dtype: f32}
w = Const {dtype: f32, value: 1.0}
y = Add(x, w) {T: f32}
"""
EVIL = "<b>&'\x1b[1m"
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy()": lambda each: each.copy(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda each: pickle.loads(pickle.dumps(each)),
}
every_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


@pytest.fixture
def model() -> gs.Model:
    return notation.model(TEXT)


@every_copy
def test_a_copied_model_is_independent(model: gs.Model, copied: Callable[[Any], Any]):
    model.variables["v"] = np.arange(3.0)
    other = copied(model)
    assert (other.graph.model, model.graph.model) == (other, model)
    assert not gs.diff(model, other)
    other.graph["w"].op = "Other"
    other.graph.rename("y", "z")
    other.variables["v"] = 1.0
    assert [(node.name, node.op) for node in model.graph] == [("x", "Placeholder"), ("w", "Const"), ("y", "Add")]
    assert model.graph["w"].graph is model.graph
    assert model.variables["v"].shape == (3,)
    assert other.variables["v"].shape == ()
    assert gs.diff(model, other)


@every_copy
def test_a_copied_graph_is_independent(model: gs.Model, copied: Callable[[Any], Any]):
    graph = model.graph
    other = copied(graph)
    assert graph["w"].graph is graph
    assert other["w"].graph is other
    other.rename("w", "v")
    other.add("Relu", "y")
    assert [node.name for node in graph] == ["x", "w", "y"]
    assert graph["y"].inputs == ("x", "w")
    assert other["y"].inputs == ("x", "v")


@every_copy
def test_a_copied_node_is_in_no_graph(model: gs.Model, copied: Callable[[Any], Any]):
    node = model.graph["y"]
    other = copied(node)
    assert other.graph is None
    assert node.graph is model.graph
    other.name, other.inputs = "z", ["w", "x"]
    assert (node.name, node.inputs) == ("y", ("x", "w"))
    model.graph.append(other)
    assert model.graph["z"] is other


@every_copy
def test_a_copied_body_is_one(copied: Callable[[Any], Any]):
    whole = notation.model(TEXT, notation.function("f", "a", "b:output:0", "b = Identity(a) {T: f32}"))
    body = whole.library.functions["f"].body
    other = copied(body)
    assert other.is_body
    assert other.function_def is not body.function_def
    assert "a" in other


def test_nodes_stay_together_with_their_graph(model: gs.Model):
    graph, node = pickle.loads(pickle.dumps((model.graph, model.graph["y"])))
    assert graph["y"] is node
    assert node.graph is graph


def test_a_pickle_finds_files_by_path_and_holds_the_rest(tmp_path: Path):
    (tmp_path / "m.pb").write_bytes(frozen().SerializeToString())
    loaded = gs.load(tmp_path / "m.pb")
    pickled = pickle.dumps(loaded)
    assert [*pickle.loads(pickled).graph["w"].tensor.tolist()] == [1, 2, 3]
    held = pickle.dumps(gs.Model.from_graph_def(frozen()))
    (tmp_path / "m.pb").unlink()
    with pytest.raises(gs.NotFoundError, match=r"m\.pb"):
        pickle.loads(pickled)
    assert pickle.loads(held).graph["w"].tensor.tolist() == [1, 2, 3]


def test_save_and_load_are_methods_too(model: gs.Model, tmp_path: Path):
    assert model.save(tmp_path / "m.pb") == [str(tmp_path / "m.pb")]
    with gs.Model.load(tmp_path / "m.pb") as loaded:
        assert not gs.diff(model, loaded)
    with pytest.raises(gs.OutputExistsError):
        loaded.save(tmp_path / "m.pb")


def test_what_is_in_a_graph(model: gs.Model):
    graph, other = model.graph, model.graph.copy()
    for each in ("x", "x:0", graph["x"], graph["x:0"], graph["y"].outputs[0]):
        assert each in graph
    for each in ("z", "x:1", "^x", "", other["x"], other["x:0"], 1, None):
        assert each not in graph


def test_keys_are_completed(model: gs.Model):
    assert model.graph._ipython_key_completions_() == ["x", "w", "y"]
    assert model.graph["w"].attrs._ipython_key_completions_() == ["dtype", "value"]


def test_repr(model: gs.Model):
    assert repr(model) == "Model(3 nodes, 0 functions, 0 variables)"
    assert repr(model.graph) == "Graph(3 nodes)"
    assert [*map(repr, model.graph)] == ["Node('x', Placeholder)", "Node('w', Const)", "Node('y', Add, ['x', 'w'])"]
    assert repr(Node.new("n", "AddN", list("abcdef"))) == "Node('n', AddN, ['a', 'b', 'c', 'd', ...])"
    assert repr(model.graph["w"].attrs) == "Attrs(dtype, value)"


def test_repr_names_the_file(tmp_path: Path, model: gs.Model):
    model.save(tmp_path / "m.pb")
    assert repr(gs.load(tmp_path / "m.pb")) == f"Model(3 nodes, 0 functions, 0 variables, {str(tmp_path / 'm.pb')!r})"


def test_html_takes_names_for_text():
    graph = Graph([Node.new(f"{EVIL}{number}", EVIL, [EVIL], attrs={EVIL: EVIL}, device=EVIL) for number in range(30)])
    model = gs.Model(graph)
    model.variables[EVIL] = np.zeros(3)
    for each in (model, graph, next(iter(graph))):
        html = each._repr_html_()
        assert "&lt;b&gt;&amp;" in html
        assert "<b>" not in html
        assert "\x1b" not in html
    assert "... 10 more" in graph._repr_html_()
    assert "float64" in model._repr_html_()


def test_html_of_a_node_with_a_damaged_constant():
    html = Node.new("n", "Const", attrs={"value": np.zeros(2)})
    html.editable_proto().attr["value"].tensor.dtype = 99
    assert "99" in html._repr_html_()
