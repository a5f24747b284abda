"""Which generator a random op has: by its seeds, else by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.evaluator.random_ops import RANDOM_OPS, random_outputs
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor


def made(op: str, *operands: Any, name: str = "n", seed: int = 0, **attrs: Any) -> Any:
    node = Node.new(name, op, attrs=attrs)
    assert op in RANDOM_OPS
    return random_outputs(node, [as_tensor(operand) for operand in operands], seed)[0]


def uniform(**options: Any) -> list[float]:
    values: list[float] = made("RandomUniform", [4], dtype=dtypes.FLOAT, **options).numpy().tolist()
    return values


def test_an_op_without_seeds_goes_by_its_name_and_the_seed():
    assert uniform() == uniform()
    assert uniform() != uniform(name="m")
    assert uniform() != uniform(seed=1)


def test_seeds_of_the_op_say_all():
    assert uniform(seed2=5) == uniform(seed2=5, name="m") != uniform()


def test_stateless_ops_go_by_the_seeds_they_are_given():
    first = made("StatelessRandomUniform", [3], [1, 2], dtype=dtypes.FLOAT).numpy()
    key, counter, algorithm = random_outputs(
        Node.new("k", "StatelessRandomGetKeyCounter"), [as_tensor(np.array([1, 2]))], 0
    )
    again = made("StatelessRandomUniformV2", [3], key, counter, algorithm, dtype=dtypes.FLOAT, name="other").numpy()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, made("StatelessRandomUniform", [3], [2, 1], dtype=dtypes.FLOAT).numpy())


def test_integers_lie_within_their_bounds():
    values = made("RandomUniformInt", [1000], np.int64(-2), np.int64(3), Tout=dtypes.INT64).numpy()
    assert set(values.tolist()) == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "why"),
    [
        ("RandomUniformInt", ([3], 5, 5), {"Tout": dtypes.INT32}, "of which there are none"),
        ("RandomUniform", ([3],), {"dtype": dtypes.FLOAT8_E5M2}, "float8_e5m2"),
        ("RandomUniform", ([2**20, 2**20],), {"dtype": dtypes.FLOAT}, "random numbers, of shape"),
        ("RandomUniform", ([-1],), {"dtype": dtypes.FLOAT}, "random numbers, of shape"),
        ("StatelessRandomUniformV2", ([3], [1], [1, 2], 2), {"dtype": dtypes.FLOAT}, "algorithm 2"),
    ],
)
def test_what_only_tensorflow_can_make(op: str, operands: tuple[Any, ...], attrs: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        made(op, *operands, **attrs)
