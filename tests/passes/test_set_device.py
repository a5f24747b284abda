"""set_device: nodes ask for a device as TensorFlow writes it; what is colocated goes along."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.set_device import PlacedRow, set_device
from tests import notation
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2,2]} on /device:CPU:0
    w/read = Identity(w) {_class: loc:@w}
    y = MatMul(x, w/read) on /device:CPU:0
"""


def test_nodes_and_what_is_colocated_with_them():
    of = model(TEXT)
    report = set_device(of, nodes=("w/read",), device="/gpu:1")
    assert [node.device for node in of.graph] == ["", "/device:GPU:1", "/device:GPU:1", "/device:CPU:0"]
    assert report.placed == [PlacedRow("w/read", "/device:GPU:1", "")]
    assert report.colocated == [PlacedRow("w", "/device:GPU:1", "/device:CPU:0")]


def test_clearing_is_for_the_chosen_alone():
    of = model(TEXT)
    assert [row.node for row in set_device(of, nodes=("w",), device="").placed] == ["w"]
    assert [node.device for node in of.graph] == ["", "", "", "/device:CPU:0"]


def test_all_nodes_and_those_of_bodies():
    body = notation.function("f", "x", "r:activations:0", "r = Relu(x) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert [row.node for row in set_device(of, device="cpu:0").placed] == ["x", "y", "f/r"]
    report = set_device(of, nodes=("f/.*",), device="")
    assert report.to_json() == {
        "placed": [{"node": "f/r", "device": "", "was": "/device:CPU:0"}], "colocated": [],
    }  # fmt: skip


def test_nothing_changes_where_it_is_so_already():
    of = model(TEXT)
    check_pass(set_device, of, "\n".join(notation.show(of.graph).splitlines()), nodes=("y",), device="/cpu:0")


def test_refusals():
    check_refusal(set_device, model(TEXT), PassError, "^set_device: '/gqu:0' is no name of a device; ", device="/gqu:0")
    check_refusal(set_device, model(TEXT), NotFoundError, "no node 'z'", nodes=("z",), device="/gpu:0")
