"""What is going to be read is told, to who wants to know."""

from __future__ import annotations

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.tensors.values import FillTensor, StringTensor
from proto_utils import meter
from tests.metering import Counted
from tests.models import floats


def test_the_bytes_of_numbers_are_announced(monkeypatch):
    counted = Counted()
    monkeypatch.setattr(meter, "observer", counted)
    expect_reading([floats(1, 2), StringTensor((1,), [b"a string"]), FillTensor(dtypes.FLOAT, (9,))], iter([floats(3)]))
    assert counted.expected == [(12, False)]


def test_without_an_observer_nothing_is_summed():
    expect_reading(1 // 0 for _ in [dtypes.FLOAT])  # type: ignore[misc]
