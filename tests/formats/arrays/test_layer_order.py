"""Layers in the order of Keras, by the scopes of their calls."""

from __future__ import annotations

from graphsurgeon.formats.arrays.layer_order import LayerOrder
from tests.notation import model

BRANCHES = """
x = Placeholder {dtype: f32}
net_1/a_1/Relu = Relu(x)
net_1/b_1/Relu = Relu(net_1/a_1/Relu)
net_1/c_1/Exp = Exp(net_1/a_1/Relu)
net_1/c_1/Relu = Relu(net_1/c_1/Exp)
net_1/d_1/Relu = Relu(net_1/c_1/Relu)
net_1/add = AddV2(net_1/d_1/Relu, net_1/b_1/Relu)
net_1/a_3/Relu = Relu(net_1/add)
y = Identity(net_1/a_3/Relu)
"""


def order(*names: str, text: str = BRANCHES) -> list[str]:
    calls = {name: [f"{name}_1"] for name in names}
    return LayerOrder(model(text).graph, ("net_1",)).of(calls)


def test_the_deepest_first_then_as_a_search_from_the_outputs_meets_them():
    assert order("a", "b", "c", "d") == ["a", "c", "d", "b"]


def test_a_shared_layer_is_where_its_deepest_call_is():
    found = LayerOrder(model(BRANCHES).graph, ("net_1",)).of({"b": ["b_1"], "a": ["a_3", "a_1"]})
    assert found == ["a", "b"]


def test_layers_that_do_not_need_each_other_have_no_sure_order():
    of = LayerOrder(model(BRANCHES).graph, ("net_1",))
    assert of.unordered([("a", ["a_1"]), ("c", ["c_1"]), ("d", ["d_1"])]) is None
    assert of.unordered([("a", ["a_1"]), ("d", ["d_1"]), ("b", ["b_1"])]) == ("d", "b")
    assert of.unordered([("c", ["c_1"])]) is None


def test_calls_in_a_circle_end():
    text = """
        x = Placeholder {dtype: f32}
        net_1/a_1/Relu = Relu(x)
        net_1/b_1/Relu = Relu(net_1/a_1/Relu)
        net_1/a_1/Exp = Exp(net_1/b_1/Relu)
    """
    assert sorted(order("a", "b", text=text)) == ["a", "b"]
    assert LayerOrder(model(text).graph, ("net_1",)).unordered([("a", ["a_1"]), ("b", ["b_1"])]) is None


def test_a_long_chain():
    lines = ["x = Placeholder {dtype: f32}", "net_1/l0_1/Relu = Relu(x)"]
    lines += [f"net_1/l{n}_1/Relu = Relu(net_1/l{n - 1}_1/Relu)" for n in range(1, 3000)]
    names = [f"l{n}" for n in range(3000)]
    assert order(*reversed(names), text="\n".join(lines)) == names
