"""Which nodes make up a layer."""

from __future__ import annotations

import pytest

import graphsurgeon as gs
from graphsurgeon.tools.summary.layers import LayerTree, _layer_of
from tests import notation


@pytest.mark.parametrize(
    ("variable", "path", "wanted"),
    [
        ("vgg_16/conv1/weights", "vgg_16/conv1/Conv2D", "vgg_16/conv1"),
        ("MobilenetV1/Conv2d_0/weights", "MobilenetV1/MobilenetV1/Conv2d_0/Conv2D", "MobilenetV1/MobilenetV1/Conv2d_0"),
        ("bn/gamma", "model/bn/batchnorm/mul", "model/bn"),
        ("bn/gamma", "model/bn_1/batchnorm/mul", "model/bn_1"),
        ("unknown_17", "model/head/Tensordot/MatMul", "model/head"),
        ("W", "MatMul", "MatMul"),
        ("Logits/weights", "MatMul", "Logits"),
        ("W", "batchnorm_1/mul", "batchnorm_1"),
        ("emb/w/part_0", "emb/lookup/Gather", "emb"),
        ("conv/w/part_0", "net/conv/Conv2D", "net/conv"),
        ("rnn/lstm_cell/kernel", "rnn/while/rnn/lstm_cell/MatMul", "rnn/while/rnn/lstm_cell"),
        ("a/b/c/w", "x/Conv2D", "x"),
    ],
)
def test_layer_of_a_parameter(variable: str, path: str, wanted: str):
    assert _layer_of(variable, path) == wanted


def layers(text: str) -> list[tuple[int, str, str | None, int | None, int | None]]:
    rows = gs.summary(notation.model(text)).layers
    return [(row.depth, row.name, row.op, row.parameters, row.shared) for row in rows]


W = "w = Const {f32 [3,3]}; w/read = Identity(w) {_class: loc:@w}; "
X = "x = Placeholder {dtype: f32, shape: shape[?,3]}; "


def test_parameters_count_once():
    text = X + W.replace("w", "a/w") + "a/MatMul = MatMul(x, a/w/read); b/MatMul = MatMul(a/MatMul, a/w/read)"
    assert layers(text) == [(0, "a", "MatMul", 9, 0), (0, "b", "MatMul", 0, 9)]


def test_what_is_in_a_layer_and_what_is_one_by_itself():
    text = (
        X
        + W.replace("w", "net/a/w")
        + """
        net/a/MatMul = MatMul(x, net/a/w/read); net/a/act/Relu = Relu(net/a/MatMul)
        net/pool/Abs = Abs(net/a/act/Relu); net/pool/Neg = Neg(net/pool/Abs)
        net/shape = Shape(net/pool/Neg); net/copy = Identity(net/pool/Neg); net/Tanh = Tanh(net/copy)
        y = Reshape(net/Tanh, net/shape)
    """
    )
    assert layers(text) == [
        (0, "net", None, None, None),
        (1, "net/a", "MatMul", 9, 0),
        (1, "net/pool", "Neg", 0, 0),
        (1, "net/Tanh", "Tanh", 0, 0),
        (0, "y", "Reshape", 0, 0),
    ]


def test_a_scope_with_parameters_and_layers_in_it():
    text = (
        X
        + W.replace("w", "a/w")
        + W.replace("w", "a/bn/w")
        + """
        a/MatMul = MatMul(x, a/w/read); a/bn/MatMul = MatMul(a/MatMul, a/bn/w/read); a/Relu = Relu(a/bn/MatMul)
    """
    )
    assert layers(text) == [(0, "a", "MatMul", 9, 0), (1, "a/bn", "MatMul", 9, 0)]


def test_what_is_made_of_parameters_does_not_say_where_a_layer_stands():
    text = (
        W.replace("w", "late/w")
        + "late/Abs = Abs(late/w/read); "
        + X
        + W.replace("w", "first/w")
        + """
        first/MatMul = MatMul(x, first/w/read); late/MatMul = MatMul(first/MatMul, late/Abs)"""
    )
    assert [row[1] for row in layers(text)] == ["first", "late"]


def test_scopes_with_one_part_are_joined():
    tree = LayerTree()
    tree.layer("a/b/c")
    tree.layer("a/b/d/e")
    (part,) = tree.compact().parts
    assert (part.path, [each.path for each in part.parts]) == ("a/b", ["a/b/c", "a/b/d/e"])


def test_names_of_very_many_scopes():
    """Each scope of a name may be a row, so that names like this one would take much room."""
    scope = "/".join(["s"] * 30_000)
    weight = f"{scope}/w = Const {{f32 [3,3]}}; r = Identity({scope}/w) {{_class: loc:@{scope}/w}}"
    rows = layers(f"{X}{weight}; {scope}/m = MatMul(x, r)")
    assert len(rows) < 100
    assert sum(row[3] or 0 for row in rows) == 9
