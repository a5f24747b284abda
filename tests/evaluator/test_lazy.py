"""Computed tensors: in blocks, when read, and within memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from graphsurgeon.evaluator.distributions import Distribution
from graphsurgeon.evaluator.lazy import (
    BLOCK_SIZE,
    MAX_HELD_NBYTES,
    Computation,
    ComputedTensor,
    MappedTensor,
    RandomTensor,
)
from graphsurgeon.evaluator.philox import Philox
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import FillTensor, as_tensor
from proto_utils.errors import LimitError


def normals(shape: tuple[int, ...]) -> RandomTensor:
    return RandomTensor(Distribution("truncated_normal", dtypes.FLOAT), shape, Philox.of_seeds(1, 2))


@pytest.mark.parametrize("size", [0, 1, 3, 4, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 5])
def test_random_numbers_of_any_count(size: int):
    values = normals((size,)).numpy()
    assert values.shape == (size,)
    assert np.array_equal(values, normals((2 * BLOCK_SIZE,)).numpy()[:size])


def test_a_function_of_elements_streams():
    shape = (3, BLOCK_SIZE)
    halves = FillTensor(dtypes.FLOAT, shape, np.float32(0.5).tobytes())
    doubled = MappedTensor(
        lambda a, b, c: a * b + c, [normals(shape), as_tensor(np.float32(2)), halves], dtypes.FLOAT, shape
    )
    assert len(list(doubled.chunks())) == 3
    assert np.array_equal(doubled.numpy(), normals(shape).numpy() * np.float32(2) + np.float32(0.5))


def test_memory_is_that_of_a_block():
    large = MappedTensor(
        np.add, [normals((40 * BLOCK_SIZE,)), as_tensor(np.float32(1))], dtypes.FLOAT, (40 * BLOCK_SIZE,)
    )
    tracemalloc.start()
    try:
        assert sum(map(len, large.chunks())) == 40 * BLOCK_SIZE * 4
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < large.nbytes


def test_all_operands_may_be_scalars():
    one = MappedTensor(np.add, [as_tensor(1.0), as_tensor(2.0)], dtypes.DOUBLE, (1, 1))
    assert one.numpy().tolist() == [[3.0]]


def test_a_small_computation_is_done_once_and_only_when_read():
    runs = []

    def split(a: np.ndarray) -> tuple[np.ndarray, ...]:
        runs.append(1)
        return a[:1], a[1:]

    computation = Computation(split, [as_tensor(np.arange(3))])
    first, rest = (ComputedTensor(dtypes.INT64, (n,), computation, i) for i, n in enumerate((1, 2)))
    assert runs == []
    assert (first.numpy().tolist(), rest.numpy().tolist()) == ([0], [1, 2])
    assert runs == [1]


def test_what_is_too_large_to_be_held_is_refused():
    vast = FillTensor(dtypes.FLOAT, (MAX_HELD_NBYTES,))
    with pytest.raises(LimitError, match="held at once"):
        Computation(lambda a: (a,), [vast]).results()
