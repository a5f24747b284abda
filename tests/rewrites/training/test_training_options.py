"""What people ask for, and what is refused of it."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.training.training_options import TrainingOptions


def parse(momentum: Any = (), dropout: Any = (), seed: int | None = None) -> TrainingOptions:
    return TrainingOptions.parse(momentum, dropout, seed, (), (), operation="train_mode")


def test_what_is_asked_for():
    found = parse(("0.9", "a/.*=0.5"), ("x=0.5",), 3)
    assert (found.momentum.default, found.momentum.patterns, found.rates, found.seed) == (
        0.9,
        {"a/.*": 0.5},
        {"x": 0.5},
        3,
    )


@pytest.mark.parametrize("momentum", ["1", "-0.1", "x", ("0.9", "0.8"), {"a": 2}, 1.0, float("nan")])
def test_what_is_no_momentum(momentum: Any):
    with pytest.raises(PassError, match="moment"):
        parse(momentum)


def test_what_is_no_seed():
    with pytest.raises(PassError, match="-1 is not a seed"):
        parse(seed=-1)
