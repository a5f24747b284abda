"""Averages in the place of values."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.ema import ema
from graphsurgeon.errors import NotFoundError, PassError
from tests.edits.values import lists, singles, tensors, told

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
    monkeypatch.setattr("graphsurgeon.edits.ema.averages_of_objects", lambda _: {"a": "mean", "b": "mean"})
    given = tensors(a=singles(1), b=singles(2), mean=singles(3))
    ema(given)
    assert lists(given) == {"a": [3], "b": [3]}
