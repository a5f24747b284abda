"""Nodes by names and patterns, in the graph and in function bodies."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.rewrites.editing.chosen_nodes import ModelEdit, all_nodes, choose_nodes, named_in_error
from tests import notation


def of():
    return notation.model(
        "x = Placeholder {dtype: f32}; fx = Relu(x); y = f(fx)",
        notation.function("f", "x", "r:activations:0", "r = Relu(x)"),
    )


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("x:0",), ["x"]),
        (("y,x",), ["x", "y"]),
        ((".*x",), ["x", "fx"]),
        (("f/r",), ["f/r"]),
        ((".*",), ["x", "fx", "y", "f/r"]),
    ],
)
def test_choices(patterns, names):
    assert [each.name for each in choose_nodes(of(), patterns)] == names


def test_all_of_them():
    assert [each.name for each in all_nodes(of())] == ["x", "fx", "y", "f/r"]


def test_near_names_are_told():
    with pytest.raises(NotFoundError) as caught:
        choose_nodes(of(), ("f/x",))
    assert caught.value.near


def test_edits_are_of_copies():
    model = of()
    edit = ModelEdit(model)
    (chosen,) = choose_nodes(model, ("f/r",))
    edit.edit(chosen).device = "/device:CPU:0"
    assert model.library.functions["f"].body["r"].device == ""
    edit.apply()
    assert model.library.functions["f"].body["r"].device == "/device:CPU:0"


def test_errors_name_the_node_as_people_do():
    def fail(_):
        raise GraphError("so", hint="do")

    with pytest.raises(PassError, match="p: node 'f/r': so"):
        named_in_error("p", choose_nodes(of(), ("f/r",)), fail)
