"""What the weights of one layer are called."""

from __future__ import annotations

import pytest

from graphsurgeon.weights.reader_names import Unnamed
from graphsurgeon.weights.reader_parts import parts_of
from graphsurgeon.weights.reader_scopes import Reading


def parts(*weights: str, layer: str = "layer", is_keras_3: bool = False, shape: tuple[int, ...] = ()) -> list[str]:
    """The names of weights that are given as ``role`` or ``role op``."""
    given = []
    for position, text in enumerate(weights):
        role, _, op = text.partition(" ")
        given.append((Unnamed(f"unknown_{position}", role, shape, [], []), Reading("r", (layer,), op)))
    return list(parts_of(given, is_keras_3=is_keras_3).values())


@pytest.mark.parametrize(
    ("weights", "names"),
    [
        (("conv_filter", "bias"), "kernel bias"),
        (("bn_scale", "bn_offset", "bn_mean", "bn_variance"), "gamma beta moving_mean moving_variance"),
        (("norm_scale", "norm_offset"), "gamma beta"),
        (("norm_scale", "bias"), "gamma beta"),
        (("depthwise_filter", "conv_filter", "bias"), "depthwise_kernel pointwise_kernel bias"),
        (("recurrent_kernel", "recurrent_kernel", "recurrent_bias"), "kernel recurrent_kernel bias"),
        (("conv_filter", "conv_filter", "recurrent_bias"), "kernel recurrent_kernel bias"),
        (("matmul_kernel", "matmul_kernel"), "kernel kernel"),
        (("embedding",), "embeddings"),
        (("prelu_alpha",), "alpha"),
        (("variable Mul",), "scale"),
        (("variable",), "variable"),
        (("normalizer Sub", "normalizer Sqrt"), "mean variance"),
    ],
)
def test_roles_in_a_layer(weights, names):
    assert parts(*weights) == names.split()


def test_depthwise_filters_have_other_names_in_keras_3():
    assert parts("depthwise_filter") == ["depthwise_kernel"]
    assert parts("depthwise_filter", is_keras_3=True) == ["kernel"]
    assert parts("depthwise_filter", "conv_filter", is_keras_3=True) == ["depthwise_kernel", "pointwise_kernel"]


def test_a_cell_without_bias_is_told_by_its_name():
    assert parts("conv_filter", "conv_filter", layer="conv_lstm_cell") == ["kernel", "recurrent_kernel"]


@pytest.mark.parametrize(("columns", "cell"), [(12, "lstm_cell"), (9, "gru_cell")])
def test_a_cell_that_keras_2_calls_as_one_function(columns, cell):
    read = ("recurrent_kernel Read", "recurrent_kernel Read_1")
    assert parts(*read, shape=(3, columns)) == [f"{cell}/kernel", f"{cell}/recurrent_kernel"]
    assert parts(*read, shape=(3, 3)) == parts(*read, shape=(0, 9)) == ["kernel", "recurrent_kernel"]
