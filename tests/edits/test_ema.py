"""Averages in the place of values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.edits.ema import ema
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from proto_utils import schema
from tests.edits.values import lists, singles, tensors, told
from tests.object_graphs import message
from tests.object_layers import key

EMA = "__ExponentialMovingAverage"


@pytest.fixture
def given():
    return tensors(
        w=singles(1),
        **{f"w{EMA}": singles(2), f"w{EMA}__Adam": singles(0)},
        w__Adam=singles(9),
        b=singles(3),
        **{f"only{EMA}": singles(4)},
        step=5,
        beta1_power=np.float32(0.9),
    )


def test_averages_take_the_names(given):
    average = given["w/ExponentialMovingAverage"]
    del given["w/ExponentialMovingAverage/Adam"]
    report = ema(given)
    assert lists(given) == {"w": [2], "w/Adam": [9], "b": [3], "step": 5, "beta1_power": np.float32(0.9), "only": [4]}
    assert given["w"] is average
    assert told(report) == {"b": "has no average"}
    assert report.notes == ["2 of 3 floating-point variables have the value of their average"]
    assert ("w", "renamed", "w/ExponentialMovingAverage") in [(row.name, row.action, row.was) for row in report.changes]


def test_what_is_excluded_keeps_its_value(given):
    report = ema(given, exclude=("w",))
    assert given["w"].numpy() == 1
    assert "w/ExponentialMovingAverage" not in given
    assert told(report)["w"] == "not selected"
    with pytest.raises(NotFoundError):
        ema(tensors(**{"w/ExponentialMovingAverage": singles(1)}), select=("v",))


def test_another_suffix():
    given = tensors(w=singles(1), w__avg=singles(2))
    ema(given, suffix="avg")
    assert lists(given) == {"w": [2]}


def test_what_is_refused():
    with pytest.raises(PassError, match="there are no averages: no name ends in '/ExponentialMovingAverage'"):
        ema(tensors(w=1))
    with pytest.raises(PassError, match=r"w is float32 \[1\], its average float32 \[2\]"):
        ema(tensors(w=singles(1), **{f"w{EMA}": singles(1, 2)}))


def test_two_variables_of_one_average(monkeypatch):
    """What no optimizer makes, but a damaged object graph can say."""
    monkeypatch.setattr("graphsurgeon.edits.ema.read_object_graph", lambda _: object())
    monkeypatch.setattr("graphsurgeon.edits.ema._of_objects", lambda *_: {"a": "mean", "b": "mean"})
    given = tensors(a=singles(1), b=singles(2), mean=singles(3))
    ema(given)
    assert lists(given) == {"a": [3], "b": [3]}


def with_slots(name: str, *, is_listed: bool) -> dict[str, Tensor]:
    """A variable, its momentum and another slot, as Keras 2 has them: of its own, or in a list by full names alone."""
    own = [key("w"), key("opt/m" if is_listed else "w/m"), key("opt/0" if is_listed else "w/average")]
    names = ("w", "SGD/m/w", f"SGD/{name}/w") if is_listed else ("w", "SGD/w/m", f"SGD/w/{name}")
    numbers = [("iter", 5), ("learning_rate", 6), ("decay", 7)]
    optimizer: dict[str, Any] = {"children": [*numbers, *((str(n), n) for n in (3, 4) if is_listed)]}
    optimizer["slots"] = [] if is_listed else [(1, "m", 3), (1, name, 4)]
    variables = [{"attributes": [pair]} for pair in zip(names, own, strict=True)]
    made = message({"children": [("w", 1), ("opt", 2)]}, variables[0], optimizer, *variables[1:], {}, {}, {})
    graph = StringTensor((), [schema.serialize(made)])
    return {own[0]: as_tensor(singles(1)), own[1]: as_tensor(singles(2)), own[2]: as_tensor(singles(3))} | {
        OBJECT_GRAPH_KEY: graph
    }


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize(("name", "options"), [("average", {}), ("ema", {}), ("mine", {"suffix": "mine"})])
def test_averages_that_are_slots(name, options, is_listed):
    given = with_slots(name, is_listed=is_listed)
    momentum = [each for each in given if each.startswith(("opt/m", "w/m"))]
    ema(given, **options)
    assert given[key("w")].numpy().tolist() == [3]
    assert given.keys() == {key("w"), *momentum, OBJECT_GRAPH_KEY}
    objects = read_object_graph(given)
    assert objects is not None
    # Each key is that of one object: TensorFlow restores no second one.
    assert [each.key for number in range(len(objects)) for each in objects.saved_by(number)] == list(objects.attributes)


def test_a_slot_of_another_name():
    with pytest.raises(PassError, match="no slot, no end '/ExponentialMovingAverage'"):
        ema(with_slots("mine", is_listed=False))
