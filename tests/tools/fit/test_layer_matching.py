"""Weights of layers that have numbers for names, as import has them of Keras's files."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.tools.fit import fit
from graphsurgeon.tools.fit.layer_matching import matches_of_layers
from graphsurgeon.tools.fit.matching import Weights
from tests.tools.fit.targets import Shapes, arrays, target, wanted

NORM = {"bn/beta": (4,), "bn/gamma": (4,), "bn/moving_mean": (4,), "bn/moving_variance": (4,)}


def matched(graph: Shapes, checkpoint: Shapes) -> dict[str, str]:
    """What variables of such shapes take of tensors of such shapes."""
    found = matches_of_layers([wanted(key, shape) for key, shape in graph.items()], Weights(arrays(checkpoint)), {})
    return {key: match.key for key, match in found.items()}


def test_numbers_are_the_order_in_which_keras_makes_them():
    of = target({**NORM, "conv/bias": (4,), "conv/kernel": (3, 3, 1, 4)})
    weights = arrays({**{f"bn/{n}": (4,) for n in range(4)}, "conv/0": (3, 3, 1, 4), "conv/1": (4,)})
    report = fit(of, weights)
    assert {row.name: row.source for row in report.rows} == {
        "bn/beta": "bn/1", "bn/gamma": "bn/0", "bn/moving_mean": "bn/2", "bn/moving_variance": "bn/3",
        "conv/bias": "conv/1", "conv/kernel": "conv/0",
    }  # fmt: skip
    assert report.rows[0].why == "the order of the weights of layer bn"


def test_a_batch_norm_without_scale_has_one_less():
    graph = {name: shape for name, shape in NORM.items() if name != "bn/gamma"}
    found = matched(graph, {f"bn/{n}": (4,) for n in range(3)})
    assert found == {"bn/beta": "bn/0", "bn/moving_mean": "bn/1", "bn/moving_variance": "bn/2"}


@pytest.mark.parametrize(
    ("layer", "scope"), [("inner/fc", "fc"), ("fc", "net/fc"), ("net/fc", "other/fc"), ("time", "time/dense")]
)
def test_layers_may_have_another_scope(layer, scope):
    graph = {f"{layer}/kernel": (2, 3), f"{layer}/bias": (3,)}
    found = matched(graph, {f"{scope}/0": (2, 3), f"{scope}/1": (3,)})
    expected = {} if scope == "other/fc" else {f"{layer}/kernel": f"{scope}/0", f"{layer}/bias": f"{scope}/1"}
    assert found == expected


def test_a_layer_of_which_there_are_two_is_none():
    assert matched({"fc/kernel": (2, 3)}, {"a/fc/0": (2, 3), "b/fc/0": (2, 3)}) == {}
    assert matched({"a/fc/kernel": (2, 3), "b/fc/kernel": (2, 3)}, {"fc/0": (2, 3)}) == {}
    found = matched({"a/fc/kernel": (2, 3), "fc/kernel": (2, 3)}, {"fc/0": (2, 3), "a/fc/0": (2, 3)})
    assert found == {"a/fc/kernel": "a/fc/0", "fc/kernel": "fc/0"}


@pytest.mark.parametrize(
    "checkpoint",
    [
        {"fc/0": (2, 3)},
        {"fc/0": (2, 3), "fc/1": (3,), "fc/2": (3,)},
        {"fc/0": (2, 3), "fc/1": (4,)},
        {"fc/0": (2, 3), "fc/2": (3,)},
        {"fc/0": (2, 3), "fc/01": (3,)},
    ],
)
def test_all_of_a_layer_or_nothing(checkpoint):
    assert matched({"fc/kernel": (2, 3), "fc/bias": (3,)}, checkpoint) == {}


def test_names_whose_order_is_not_known_are_not_guessed():
    assert (
        matched({"fc/kernel": (3,), "fc/kernel_1": (3,), "fc/other": (3,)}, {f"fc/{n}": (3,) for n in range(3)}) == {}
    )
    with pytest.raises(PassError, match="fc/first"):
        fit(target({"fc/first": (3,), "fc/second": (3,)}), arrays({"fc/0": (3,), "fc/1": (3,)}))
    assert matched({"fc/first": (3,)}, {"fc/0": (3,)}) == {"fc/first": "fc/0"}


def test_the_scope_of_the_whole_model_does_not_count():
    graph = {"net/fc/kernel": (2, 3), "net/inner/fc/kernel": (2, 3)}
    found = matched(graph, {"fc/0": (2, 3), "inner/fc/0": (2, 3)})
    assert found == {"net/fc/kernel": "fc/0", "net/inner/fc/kernel": "inner/fc/0"}


def test_a_scope_between_may_be_missing():
    graph = {"time/p/kernel": (2, 3), "time/q/kernel": (2, 3)}
    found = matched(graph, {"time/both/p/0": (2, 3), "time/both/q/0": (2, 3)})
    assert found == {"time/p/kernel": "time/both/p/0", "time/q/kernel": "time/both/q/0"}
    assert matched({"time/p/kernel": (2, 3)}, {"time/a/p/0": (2, 3), "time/b/p/0": (2, 3)}) == {}


@pytest.mark.parametrize(
    ("checkpoint", "is_found"),
    [
        ({"dense/kernel": (2, 3), "dense/bias": (3,)}, True),
        ({"dense/kernel": (2, 3), "dense/bias": (4,)}, False),
        ({"dense/kernel": (2, 3)}, False),
        ({"dense/kernel": (2, 3), "dense/bias": (3,), "dense/scale": (3,)}, False),
        ({"dense/kernel": (2, 3), "dense/bias": (3,), "other/scale": (3,)}, False),
    ],
)
def test_a_time_distributed_has_the_weights_of_the_only_layer_in_it(checkpoint, is_found):
    for layer in ("time_distributed_1", "net/time_distributed"):
        graph = {f"{layer}/kernel": (2, 3), f"{layer}/bias": (3,)}
        expected = {f"{layer}/{leaf}": f"{layer}/dense/{leaf}" for leaf in ("kernel", "bias")}
        found = matched(graph, {f"{layer}/{name}": shape for name, shape in checkpoint.items()})
        assert found == (expected if is_found else {})
    assert matched({"other/kernel": (2, 3)}, {"other/dense/kernel": (2, 3)}) == {}
